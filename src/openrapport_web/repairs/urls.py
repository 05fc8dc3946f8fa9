"""The addresses of alerts, private words and repairs."""

from __future__ import annotations

from django.urls import path

from openrapport_web.repairs.views import alerts, repairing

urlpatterns = [
    path("alerts/<uuid:key>", alerts.alert_page, name="alert_page"),
    path("alerts/<uuid:key>/seen", alerts.alert_seen, name="alert_seen"),
    path("alerts/<uuid:key>/aside", alerts.alert_aside, name="alert_aside"),
    path("alerts/<uuid:key>/act", repairing.alert_act, name="alert_act"),
    path("episodes/<uuid:key>/repair", repairing.repair_new, name="repair_new"),
    path("marks/<uuid:key>/repair", repairing.mark_repair, name="mark_repair"),
    path("words/<uuid:key>/repair", repairing.word_repair, name="word_repair"),
    path("repairs/<uuid:key>", repairing.repair_page, name="repair_page"),
    path("repairs/<uuid:key>/write", repairing.repair_edit, name="repair_edit"),
    path("repairs/<uuid:key>/close", repairing.repair_close, name="repair_close"),
    path("repairs/<uuid:key>/reopen", repairing.repair_reopen, name="repair_reopen"),
]
