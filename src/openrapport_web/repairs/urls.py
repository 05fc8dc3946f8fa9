"""The addresses of alerts, private words and repairs."""

from __future__ import annotations

from django.urls import path

from openrapport_web.repairs.views import alerts

urlpatterns = [
    path("alerts/<uuid:key>", alerts.alert_page, name="alert_page"),
    path("alerts/<uuid:key>/seen", alerts.alert_seen, name="alert_seen"),
    path("alerts/<uuid:key>/aside", alerts.alert_aside, name="alert_aside"),
]
