"""Addresses of the audit log."""

from __future__ import annotations

from django.urls import path

from openrapport_web.audit import views

urlpatterns = [
    path("", views.audit_page, name="audit_page"),
    path("check", views.audit_check, name="audit_check"),
]
