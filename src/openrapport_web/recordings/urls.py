"""Addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from openrapport_web.recordings import tus
from openrapport_web.recordings.views import agreeing, changes, playing, reports, sessions

urlpatterns: list[URLPattern | URLResolver] = [
    path("uploads/", tus.upload_create, name="upload_create"),
    path("uploads/<uuid:key>", tus.upload_one, name="upload_one"),
    path("uploads/<uuid:key>/forget", changes.upload_forget, name="upload_forget"),
    path("meetings/<uuid:key>/session", sessions.session_open, name="session_open"),
    path("meetings/<uuid:key>/session/progress", sessions.session_progress, name="session_progress"),
    path("meetings/<uuid:key>/session/transcript", changes.transcript_add, name="transcript_add"),
    path("analyses/<uuid:key>/cancel", changes.analysis_cancel, name="analysis_cancel"),
    path("analyses/<uuid:key>/retry", changes.analysis_retry, name="analysis_retry"),
    path("analyses/<uuid:key>/answer", changes.analysis_answer, name="analysis_answer"),
    path("recordings/<uuid:key>/play", playing.recording_play, name="recording_play"),
    path("files/<uuid:key>/delete", changes.file_delete, name="file_delete"),
    path("sessions/", sessions.session_list, name="session_list"),
    path("sessions/agreement", agreeing.hand_agreement, name="hand_agreement"),
    path("research/codes", agreeing.research_codes, name="research_codes"),
    path("sessions/<uuid:key>", reports.session_page, name="session_page"),
    path("sessions/<uuid:key>/analyse", changes.analysis_ask, name="analysis_ask"),
    path("sessions/<uuid:key>/share", changes.session_share, name="session_share"),
    path("sessions/<uuid:key>/unshare", changes.session_unshare, name="session_unshare"),
    path("sessions/<uuid:key>/beside/<uuid:other>", reports.session_compare, name="session_compare"),
    path("sessions/<uuid:key>/<int:number>", reports.report_version, name="report_version"),
    path("sessions/<uuid:key>/<int:number>/json", reports.report_json, name="report_json"),
    path("sessions/<uuid:key>/<int:number>/mark", reports.mark_set, name="mark_set"),
    path("sessions/<uuid:key>/<int:number>/swap", reports.speakers_swap, name="speakers_swap"),
    path("sessions/<uuid:key>/<int:number>/delete", changes.version_delete, name="version_delete"),
    path(
        "sessions/<uuid:key>/<int:version>/<int:number>", reports.utterance_edit, name="utterance_edit"
    ),
]
