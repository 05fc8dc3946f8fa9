"""The addresses of alerts, private words and repairs."""

from __future__ import annotations

from django.urls import path

from openrapport_web.repairs.views import alerts, bringing, gap, practice, repairing, together, words

urlpatterns = [
    path("alerts/<uuid:key>", alerts.alert_page, name="alert_page"),
    path("alerts/<uuid:key>/numbers", alerts.alert_numbers, name="alert_numbers"),
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
    path("clients/<uuid:key>/repairs", together.client_repairs, name="client_repairs"),
    path("episodes/<uuid:key>/gap", gap.gap_page, name="gap_page"),
    path("practice/alerts", practice.alert_figures, name="alert_figures"),
    path("my/words", words.my_words, name="my_words"),
    path("my/words/new", words.word_new, name="word_new"),
    path("my/words/<uuid:key>/back", words.word_back, name="word_back"),
    path("words/<uuid:key>", words.word_page, name="word_page"),
    path("words/<uuid:key>/open", words.word_open, name="word_open"),
    path("words/<uuid:key>/answer", words.word_answer, name="word_answer"),
    path("my/bringing-up", bringing.bringing_list, name="bringing_list"),
    path("my/bringing-up/new", bringing.bringing_new, name="bringing_new"),
    path("my/bringing-up/<uuid:key>", bringing.bringing_own, name="bringing_own"),
    path("my/bringing-up/<uuid:key>/write", bringing.bringing_edit, name="bringing_edit"),
    path("my/bringing-up/<uuid:key>/show", bringing.bringing_show, name="bringing_show"),
    path("my/bringing-up/<uuid:key>/send", bringing.bringing_send, name="bringing_send"),
    path("my/bringing-up/<uuid:key>/drop", bringing.bringing_drop, name="bringing_drop"),
    path("brought-up/<uuid:key>", bringing.brought_page, name="brought_page"),
    path("brought-up/<uuid:key>/open", bringing.brought_open, name="brought_open"),
    path("brought-up/<uuid:key>/talked", bringing.brought_talked, name="brought_talked"),
]
