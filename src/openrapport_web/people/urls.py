"""Addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from openrapport_web.people import views, welcome

urlpatterns: list[URLPattern | URLResolver] = [
    path("first-visit", welcome.first_visit, name="first_visit"),
    path("welcome", welcome.welcome, name="welcome"),
    path("safely", welcome.safely, name="people_safely"),
    path("me", views.me, name="people_me"),
    path("", views.people_list, name="people_list"),
    path("invite", views.staff_invite, name="staff_invite"),
    path("invite/client/<uuid:key>", views.client_invite, name="client_invite"),
    path("invitations/<uuid:key>/again", views.invitation_again, name="invitation_again"),
    path("invitations/<uuid:key>/withdraw", views.invitation_withdraw, name="invitation_withdraw"),
    path("supervision", views.supervision, name="supervision"),
    path("supervision/<uuid:key>/end", views.supervision_end, name="supervision_end"),
    path("practice", views.practice_settings, name="practice_settings"),
    path("<uuid:key>", views.person_page, name="person_page"),
    path("<uuid:key>/leave", views.person_leave, name="person_leave"),
    path("<uuid:key>/return", views.person_return, name="person_return"),
    path("<uuid:key>/second-factor/reset", views.person_factor_reset, name="person_factor_reset"),
]
