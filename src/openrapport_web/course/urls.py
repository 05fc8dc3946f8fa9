"""The addresses of charts, the therapist's day and the review page."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
