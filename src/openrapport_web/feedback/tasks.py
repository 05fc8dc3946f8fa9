"""What workers do for answers: look once more at one where looking failed."""

from __future__ import annotations

import logging

from django.db import transaction
from django_tasks import task

from openrapport_web.feedback.models import Answer
from openrapport_web.repairs import noticing

__all__ = ["look_again"]

_log = logging.getLogger(__name__)


class Fault(Exception):
    """Looking failed again; the log says where."""


@task()
def look_again(key: str) -> None:
    """Look at an answer that was kept while what looks at it was out of order."""
    answer = Answer.objects.select_related("asking").filter(pk=key).first()
    if answer is None:
        return
    try:
        with transaction.atomic():
            noticing.after_answer(answer)
    except Exception:
        # The queue stores what an exception says, open; the log has its place alone.
        _log.exception("answer %s could not be looked at", key)
        raise Fault from None
