"""Why something was not done, in words that its reader may see."""

from __future__ import annotations

import errno

from django.db.utils import OperationalError

__all__ = ["Refused", "disk_is_full"]


class Refused(Exception):
    """Something was not done, for a reason that lies with what was asked.

    Parameters
    ----------
    words : str
        What is the matter and what to do; never content.
    status : int
        How a program is told (an HTTP status).
    """

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.words, self.status = words, status


def disk_is_full(error: BaseException) -> bool:
    """Tell whether an error means that there is no room left, for a file or for the database."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, OperationalError) and "full" in str(error)
