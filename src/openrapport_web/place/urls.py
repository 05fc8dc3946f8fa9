"""Addresses of the client's own place."""

from __future__ import annotations

from django.urls import path

from openrapport_web.place import views

urlpatterns = [
    path("me/", views.my_place, name="my_place"),
    path("me/log", views.my_log, name="my_log"),
    path("me/data", views.my_data, name="my_data"),
    path("me/deletion", views.my_deletion, name="my_deletion"),
    path("deletions/", views.deletion_list, name="deletion_list"),
    path("deletions/<uuid:key>", views.deletion_do, name="deletion_do"),
]
