"""Addresses of the caseload."""

from __future__ import annotations

from django.urls import path

from openrapport_web.caseload.views import calendar, clients, consents, meetings

urlpatterns = [
    path("clients/", clients.client_list, name="client_list"),
    path("clients/new", clients.client_new, name="client_new"),
    path("clients/<uuid:key>/", clients.client_page, name="client_page"),
    path("clients/<uuid:key>/edit", clients.client_edit, name="client_edit"),
    path("clients/<uuid:key>/episode", clients.episode_new, name="episode_new"),
    path("episodes/<uuid:key>/edit", clients.episode_edit, name="episode_edit"),
    path("episodes/<uuid:key>/end", clients.episode_end, name="episode_end"),
    path("episodes/<uuid:key>/meeting", meetings.meeting_new, name="meeting_new"),
    path("episodes/<uuid:key>/note", meetings.note_new, name="note_new"),
    path("meetings/<uuid:key>/", meetings.meeting_page, name="meeting_page"),
    path("meetings/<uuid:key>/edit", meetings.meeting_edit, name="meeting_edit"),
    path("meetings/<uuid:key>/state", meetings.meeting_state, name="meeting_state"),
    path("notes/<uuid:key>/", meetings.note_page, name="note_page"),
    path("notes/<uuid:key>/edit", meetings.note_edit, name="note_edit"),
    path("consents/", consents.consent_page, name="consent_page"),
    path("consents/<slug:purpose>/give", consents.consent_give, name="consent_give"),
    path("consents/<slug:purpose>/withdraw", consents.consent_withdraw, name="consent_withdraw"),
    path("calendar/", calendar.calendar_page, name="calendar_page"),
    path("calendar/<str:token>.ics", calendar.calendar_feed, name="calendar_feed"),
]
