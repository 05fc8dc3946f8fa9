"""What lets a page send its one answer, later and from another network too.

A ticket stands in the page, not in its address, and is good for one form. So an answer that a
telephone kept while it had no connection still arrives after the sign-in is over, and no site that
makes a browser send something here can know one.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing

from openrapport_web.feedback.models import Way

__all__ = ["Ticket"]

_SALT = "openrapport.feedback.ticket"
_MAX_AGE_S = 45 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to answer one form.

    Parameters
    ----------
    asking : UUID
        The form.
    way : Way
        How its answer comes in.
    person : UUID, optional
        Who is signed in: who answers, or who enters what stands on paper.
    """

    asking: UUID
    way: Way
    person: UUID | None = None

    def __str__(self) -> str:
        said = [self.asking.hex, str(self.way), self.person.hex if self.person else ""]
        return signing.dumps(said, salt=_SALT)

    @classmethod
    def read(cls, text: str) -> Ticket | None:
        """Read a ticket; None where it is not one of ours, or too old."""
        try:
            asking, way, person = signing.loads(text, salt=_SALT, max_age=_MAX_AGE_S)
        except signing.BadSignature:
            return None
        return cls(UUID(asking), Way(way), UUID(person) if person else None)
