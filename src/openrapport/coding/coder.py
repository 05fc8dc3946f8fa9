"""What every coder is: a person's hand-made table, a set of rules, a trained model."""

from __future__ import annotations

from typing import Protocol

from openrapport.codes import Codes
from openrapport.session import Session

__all__ = ["Coder"]


class Coder(Protocol):
    """Anything that reads a session and says what its utterances do.

    A coder never changes a session. It gives codes with a probability, and each set of codes
    carries the coder's measured error on named data (empty where nobody measured).
    """

    @property
    def name(self) -> str:
        """Name and version, ``"rules.v1"``: it stands beside every code."""
        ...

    def code(self, session: Session) -> tuple[Codes, ...]:
        """Code the utterances of a session.

        Parameters
        ----------
        session : Session
            What was said; English.

        Returns
        -------
        codes : tuple of Codes
            One for each scheme that the coder knows.
        """
        ...
