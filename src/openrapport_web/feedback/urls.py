"""The addresses of forms and answers."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
