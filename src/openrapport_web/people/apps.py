"""Connects what libraries tell about signing in with our record of it."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["PeopleConfig"]


class PeopleConfig(AppConfig):
    """People, and how they sign in."""

    name = "openrapport_web.people"

    def ready(self) -> None:
        from openrapport_web.people import signing_in

        signing_in.connect()
