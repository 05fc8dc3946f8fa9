"""The addresses of what is watched: safety, plans, letters, and the practice's questionnaires."""

from __future__ import annotations

from django.urls import path

from openrapport_web.feedback.views import library, measures, plans, safety

urlpatterns = [
    path("help-now", safety.help_page, name="help_page"),
    path("open", safety.concern_list, name="concern_list"),
    path("open/<uuid:key>", safety.concern_page, name="concern_page"),
    path("practice/help", safety.help_lines, name="help_lines"),
    path("practice/help/<uuid:key>", safety.help_line, name="help_line"),
    path("practice/help/<uuid:key>/move", safety.help_line_move, name="help_line_move"),
    path("practice/help/<uuid:key>/remove", safety.help_line_remove, name="help_line_remove"),
    path("practice/plan", plans.plan_page, name="plan_page"),
    path("practice/plan/<slug:name>", plans.plan_edit, name="plan_edit"),
    path("episodes/<uuid:key>/plan", plans.episode_plan, name="episode_plan"),
    path("episodes/<uuid:key>/plan/<slug:name>", plans.episode_plan_edit, name="episode_plan_edit"),
    path(
        "episodes/<uuid:key>/plan/<slug:name>/follow",
        plans.episode_plan_follow,
        name="episode_plan_follow",
    ),
    path("letters/stop", plans.letters_stop, name="letters_stop"),
    path("my/letters", plans.my_letters, name="my_letters"),
    path("practice/questionnaires/", library.library_page, name="library_page"),
    path("practice/questionnaires/bring", library.library_bring, name="library_bring"),
    path("practice/questionnaires/take", library.library_take, name="library_take"),
    path(
        "practice/questionnaires/<uuid:key>/withdraw", library.library_withdraw, name="library_withdraw"
    ),
    path("practice/questionnaires/of/<slug:name>", library.library_form, name="library_form"),
    path("practice/questionnaires/of/<slug:name>/fhir", library.library_fhir, name="library_fhir"),
    path(
        "practice/questionnaires/of/<slug:name>/translate",
        library.library_translate,
        name="library_translate",
    ),
    path("clients/<uuid:key>/measures", measures.measure_list, name="measure_list"),
    path("clients/<uuid:key>/measures/<slug:name>", measures.measure_page, name="measure_page"),
    path("clients/<uuid:key>/answers/fhir", measures.client_answers_fhir, name="client_answers_fhir"),
    path("my/answers/fhir", measures.my_answers_fhir, name="my_answers_fhir"),
]
