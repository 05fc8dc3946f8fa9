"""What a client takes along of private words, of what they prepared, and of alerts and repairs.

Their own words are theirs, with what was answered. Of alerts they get when one was raised, by which
rule, and what became of it; of repairs, when one began and ended. What a therapist wrote on either is
like a note: encrypted, read by the therapist alone, and to be asked about.
"""

from __future__ import annotations

from typing import Any

from openrapport.measures.alerts import Rule
from openrapport_web.caseload.models import Client
from openrapport_web.repairs.models import Alert, BringingUp, PrivateWord, Repair, To
from openrapport_web.repairs.wordings import RULES

__all__ = ["tables_of"]

Rows = list[dict[str, Any]]


def tables_of(client: Client) -> dict[str, Rows]:
    """Put together tables for the client's own copy.

    Parameters
    ----------
    client : Client
        Who takes it along.

    Returns
    -------
    tables : dict of str to list of dict
        By the name of the file.
    """
    return {
        "private-words": _words(client),
        "brought-up": _brought(client),
        "noticed": _alerts(client),
        "repairs": _repairs(client),
    }


def _at(moment: Any) -> str:
    return moment.isoformat() if moment else ""


def _words(client: Client) -> Rows:
    held = PrivateWord.objects.filter(client=client).select_related("contact", "episode__therapist")
    return [
        {
            "sent at": _at(word.made_at),
            "to": (
                word.contact if word.to == To.CONTACT and word.contact else word.episode.therapist
            ).name,
            "alone": word.to == To.CONTACT,
            "text": word.text,
            "read at": _at(word.read_at),
            "answered at": _at(word.closed_at),
            "answer": word.done,
        }
        for word in held.order_by("made_at")
    ]


def _brought(client: Client) -> Rows:
    return [
        {
            "written at": _at(one.made_at),
            "text": one.text,
            "how": one.get_how_display(),
            "sent at": _at(one.sent_at),
            "read at": _at(one.read_at),
            "talked about at": _at(one.talked_at),
        }
        for one in BringingUp.objects.filter(client=client).order_by("made_at")
    ]


def _alerts(client: Client) -> Rows:
    return [
        {
            "at": _at(alert.made_at),
            "what": str(RULES[Rule(alert.rule)].name),
            "what became of it": alert.get_state_display(),
        }
        for alert in Alert.objects.filter(client=client).order_by("made_at")
    ]


def _repairs(client: Client) -> Rows:
    return [
        {"began at": _at(repair.made_at), "ended at": _at(repair.closed_at)}
        for repair in Repair.objects.filter(client=client).order_by("made_at")
    ]
