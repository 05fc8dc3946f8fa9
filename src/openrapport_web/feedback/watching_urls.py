"""The addresses of what is watched: safety, plans, letters, and the practice's questionnaires."""

from __future__ import annotations

from django.urls import path

from openrapport_web.feedback.views import safety

urlpatterns = [
    path("help-now", safety.help_page, name="help_page"),
    path("open", safety.concern_list, name="concern_list"),
    path("open/<uuid:key>", safety.concern_page, name="concern_page"),
    path("practice/help", safety.help_lines, name="help_lines"),
    path("practice/help/<uuid:key>", safety.help_line, name="help_line"),
    path("practice/help/<uuid:key>/move", safety.help_line_move, name="help_line_move"),
    path("practice/help/<uuid:key>/remove", safety.help_line_remove, name="help_line_remove"),
]
