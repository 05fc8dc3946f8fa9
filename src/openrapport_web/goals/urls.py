"""The addresses of goals, agenda, tasks and decisions."""

from __future__ import annotations

from django.urls import path

from openrapport_web.goals.views import agenda, goals

urlpatterns = [
    path("my/goals", goals.my_goals, name="my_goals"),
    path("my/agenda", agenda.my_agenda, name="my_agenda"),
    path("clients/<uuid:key>/goals", goals.client_goals, name="client_goals"),
    path("clients/<uuid:key>/agenda", agenda.client_agenda, name="client_agenda"),
    path("episodes/<uuid:key>/goals/new", goals.goal_new, name="goal_new"),
    path("episodes/<uuid:key>/goals/rate", goals.goals_rate, name="goals_rate"),
    path("goals/<uuid:key>/edit", goals.goal_edit, name="goal_edit"),
    path("goals/<uuid:key>/agree", goals.goal_agree, name="goal_agree"),
    path("goals/<uuid:key>/state", goals.goal_state, name="goal_state"),
    path("goals/<uuid:key>/move", goals.goal_move, name="goal_move"),
    path("episodes/<uuid:key>/agenda/new", agenda.point_new, name="point_new"),
    path("agenda/<uuid:key>/edit", agenda.point_edit, name="point_edit"),
    path("agenda/<uuid:key>/state", agenda.point_state, name="point_state"),
    path("episodes/<uuid:key>/tasks/new", agenda.task_new, name="task_new"),
    path("tasks/<uuid:key>/edit", agenda.task_edit, name="task_edit"),
    path("tasks/<uuid:key>/state", agenda.task_state, name="task_state"),
    path("episodes/<uuid:key>/decisions/new", agenda.decision_new, name="decision_new"),
    path("decisions/<uuid:key>/agree", agenda.decision_agree, name="decision_agree"),
    path("decisions/<uuid:key>/take-back", agenda.decision_take_back, name="decision_take_back"),
]
