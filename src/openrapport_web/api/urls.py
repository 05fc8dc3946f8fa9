"""Addresses for tokens and for programs."""

from __future__ import annotations

from django.urls import path

from openrapport_web.api import views
from openrapport_web.api.v1 import api

urlpatterns = [
    path("tokens/", views.token_list, name="token_list"),
    path("tokens/new", views.token_new, name="token_new"),
    path("tokens/<uuid:key>/end", views.token_revoke, name="token_revoke"),
    path("tokens/reference", views.api_reference, name="api_reference"),
    path("api/v1/", api.urls),
]
