"""The addresses of forms and answers."""

from __future__ import annotations

from django.urls import include, path

from openrapport_web.feedback.views import answering, paper, tablet

urlpatterns = [
    path("my/questions", answering.my_questions, name="my_questions"),
    path("my/questions/<uuid:key>", answering.my_question, name="my_question"),
    path("my/answers/<uuid:key>", answering.my_answer, name="my_answer"),
    path("meetings/<uuid:key>/pulse", answering.pulse_own, name="pulse_own"),
    path("meetings/<uuid:key>/pulse/skip", answering.pulse_skip, name="pulse_skip"),
    path("questions/link", answering.link_open, name="link_open"),
    path("questions/form", answering.link_form, name="link_form"),
    path("questions/answer", answering.answer_send, name="answer_send"),
    path("kiosk/", tablet.kiosk_page, name="kiosk"),
    path("kiosk/leave", tablet.kiosk_leave, name="kiosk_leave"),
    path("kiosk/start", tablet.kiosk_start, name="kiosk_start"),
    path("kiosk/codes", tablet.kiosk_codes, name="kiosk_codes"),
    path("kiosk/begin", tablet.kiosk_begin, name="kiosk_begin"),
    path("paper/", paper.paper_find, name="paper_find"),
    path("paper/<uuid:key>", paper.paper_sheet, name="paper_sheet"),
    path("paper/<uuid:key>/enter", paper.paper_enter, name="paper_enter"),
    path("", include("openrapport_web.feedback.watching_urls")),
]
