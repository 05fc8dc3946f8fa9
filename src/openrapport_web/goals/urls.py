"""The addresses of goals, agenda, tasks and decisions."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
