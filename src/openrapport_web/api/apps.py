"""Tokens end when their person leaves."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["ApiConfig"]


class ApiConfig(AppConfig):
    """Access for programs."""

    name = "openrapport_web.api"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from openrapport_web.api.actions import end_tokens_of_who_left
        from openrapport_web.people.models import User

        post_save.connect(end_tokens_of_who_left, sender=User)
