"""Tokens end when their person leaves, or when how they sign in had to be made safe again."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["ApiConfig"]


class ApiConfig(AppConfig):
    """Access for programs."""

    name = "openrapport_web.api"

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset
        from allauth.mfa.models import Authenticator
        from django.db.models.signals import post_delete, post_save

        from openrapport_web.api import actions
        from openrapport_web.people.models import User

        post_save.connect(actions.end_tokens_of_who_left, sender=User)
        post_delete.connect(actions.end_tokens_with_a_factor, sender=Authenticator)
        for changed in (password_changed, password_reset):
            changed.connect(actions.end_tokens_with_a_password)
