"""Reading answers: opened for those who may see them, in few questions to the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from openrapport.measures.instrument import Instrument, Kind
from openrapport_web.crypto import open_texts
from openrapport_web.feedback.instruments import PULSE, PULSE_THERAPIST, NoSuchInstrument, instrument
from openrapport_web.feedback.models import Answer, Rater

__all__ = [
    "AT_LEAST",
    "ITEMS",
    "PulseCourse",
    "answers_of",
    "pulse_course",
    "said_in_words",
    "to_take_along",
    "values_of",
]

ITEMS = ("bond", "goal", "task", "voice")
AT_LEAST = 3
"""How many of the four items have an answer where their mean is given."""

_CODES = {"client": 0, "therapist": 1, "prediction": 2}
_PREDICTED = "predicted_"


@dataclass(frozen=True, slots=True, eq=False)
class PulseCourse:
    """What both people said after the meetings of one episode, in the order of the meetings.

    Parameters
    ----------
    answers, meetings : tuple of UUID, length n
        Keys. A therapist's answer has two rows: their own view, and their guess of the client's.
    met_at, given_at : tuple of datetime, length n
        When the meeting began, and when the form was filled in.
    rater : ndarray of int, shape (n,)
        0 client, 1 therapist, 2 the therapist's prediction, as in ``openrapport.simulation``.
    values : ndarray of float, shape (n, 4)
        Bond, goal, task, voice from 0 to 10; NaN where left out or not asked.
    strain : ndarray of float, shape (n,)
        0 no, 1 a little, 2 clearly that something felt off; NaN where left out or not asked.
    """

    answers: tuple[UUID, ...]
    meetings: tuple[UUID, ...]
    met_at: tuple[Any, ...]
    given_at: tuple[Any, ...]
    rater: NDArray[np.int8]
    values: NDArray[np.float64]
    strain: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of the items; of the client's four NaN where fewer than three were answered.

        The therapist is asked three, all of which are then needed.
        """
        given = ~np.isnan(self.values)
        n = given.sum(axis=1)
        total = np.where(given, self.values, 0.0).sum(axis=1)
        return np.where(n >= AT_LEAST, total / np.maximum(n, 1), np.nan)

    def of(self, rater: str) -> PulseCourse:
        """Give one view alone: ``"client"``, ``"therapist"`` or ``"prediction"``."""
        rows = np.flatnonzero(self.rater == _CODES[rater])
        pick = rows.tolist()
        return PulseCourse(
            tuple(self.answers[i] for i in pick),
            tuple(self.meetings[i] for i in pick),
            tuple(self.met_at[i] for i in pick),
            tuple(self.given_at[i] for i in pick),
            self.rater[rows],
            self.values[rows],
            self.strain[rows],
        )

    def __len__(self) -> int:
        return len(self.answers)


def pulse_course(episode: Any, *, answers: Any = None) -> PulseCourse:
    """Read the pulses of one episode, with one question to the database.

    Parameters
    ----------
    episode : Episode
        Whose.
    answers : QuerySet of Answer, optional
        Those that the reader may see (:func:`openrapport_web.access.answers`). Without it all are
        read: for what the system looks at by itself.

    Returns
    -------
    course : PulseCourse
        In the order of the meetings.
    """
    seen = Answer.objects.all() if answers is None else answers
    held = list(
        seen.filter(
            asking__episode=episode,
            asking__instrument__in=(PULSE, PULSE_THERAPIST),
            asking__meeting__isnull=False,
        )
        .select_related("asking__meeting")
        .order_by("asking__meeting__starts_at", "asking__rater")
    )
    rows = [
        row
        for answer, values in zip(held, values_of(held), strict=True)
        for row in _rows(answer, values)
    ]
    return PulseCourse(
        tuple(answer.key for answer, *_ in rows),
        tuple(_meeting(answer).key for answer, *_ in rows),
        tuple(_meeting(answer).starts_at for answer, *_ in rows),
        tuple(answer.given_at for answer, *_ in rows),
        np.array([code for _, code, *_ in rows], np.int8),
        np.array([items for _, _, items, _ in rows], np.float64).reshape(-1, len(ITEMS)),
        np.array([strain for *_, strain in rows], np.float64),
    )


def _meeting(answer: Answer) -> Any:
    return answer.asking.meeting


def _rows(answer: Answer, values: dict[str, Any]) -> list[tuple[Answer, int, list[float], float]]:
    def items(prefix: str) -> list[float]:
        return [float(values.get(prefix + item, np.nan)) for item in ITEMS]

    strain = float(values.get("strain", np.nan))
    if answer.asking.rater == Rater.CLIENT:
        return [(answer, _CODES["client"], items(""), strain)]
    own = (answer, _CODES["therapist"], items(""), strain)
    guess = (answer, _CODES["prediction"], items(_PREDICTED), np.nan)
    return [own] + ([guess] if any(key.startswith(_PREDICTED) for key in values) else [])


def values_of(answers: Any) -> list[dict[str, Any]]:
    """Open many answers of one client with one look at their key, in the order given."""
    held = list(answers)
    texts = (
        open_texts(
            held[0].client_id, [(a.sealed_values, f"answer.sealed_values:{a.key}") for a in held]
        )
        if held
        else []
    )
    return [json.loads(text) if text else {} for text in texts]


def answers_of(client: Any, key: str, *, answers: Any = None) -> list[tuple[Answer, dict[str, Any]]]:
    """Read what one client answered to one questionnaire, the earliest first.

    Parameters
    ----------
    client : Client
        Whose.
    key : str
        The questionnaire's.
    answers : QuerySet of Answer, optional
        Those that the reader may see; without it all.

    Returns
    -------
    answers : list of (Answer, dict)
        Each with its items and values. What was left out is not there.
    """
    seen = Answer.objects.all() if answers is None else answers
    held = list(
        seen.filter(client=client, asking__instrument=key)
        .select_related("asking__meeting")
        .order_by("given_at")
    )
    return list(zip(held, values_of(held), strict=True))


def said_in_words(answer: Answer, language: str) -> list[tuple[str, str]]:
    """Say one answer in words: each question, and what was answered to it."""
    asking = answer.asking
    try:
        form = instrument(asking.instrument, asking.instrument_version)
    except NoSuchInstrument:
        form = None
    return _in_words(form, json.loads(answer.values or "{}"), language)


def _in_words(
    form: Instrument | None, values: Mapping[str, Any], language: str
) -> list[tuple[str, str]]:
    if form is None:  # the practice took its words away; the values stay
        return [(key, str(value)) for key, value in values.items()]
    texts = form.texts(language)
    said = []
    for item in form.items:
        if item.key not in values:
            continue
        value, words = values[item.key], texts.items[item.key]
        if item.kind is Kind.TEXT:
            answered = str(value)
        elif item.kind is Kind.RATING:
            answered = f"{value:g} / {max(item.values):g}"
        else:
            answered = words.labels.get(value, f"{value:g}")
        said.append((" ".join((texts.stem, words.text)).strip(), answered))
    return said


def to_take_along(client: Any, language: str) -> list[dict[str, str]]:
    """Everything that a client answered, a row for each question, the earliest first.

    Parameters
    ----------
    client : Client
        Whose.
    language : str
        Of the words.

    Returns
    -------
    rows : list of dict
        When, after which meeting, which form, what was asked and answered, and how it came in.
    """
    held = list(
        Answer.objects.filter(client=client, asking__rater=Rater.CLIENT)
        .select_related("asking__meeting")
        .order_by("given_at")
    )
    forms: dict[tuple[str, str], Instrument | None] = {}
    rows = []
    for answer, values in zip(held, values_of(held), strict=True):
        asking = answer.asking
        which = (asking.instrument, asking.instrument_version)
        if which not in forms:
            try:
                forms[which] = instrument(*which)
            except NoSuchInstrument:
                forms[which] = None
        form = forms[which]
        about = {
            "given at": answer.given_at.isoformat(),
            "meeting": asking.meeting.starts_at.isoformat() if asking.meeting else "",
            "form": form.texts(language).title if form else asking.instrument,
            "version": asking.instrument_version,
            "how": str(answer.get_way_display()),
        }
        rows += [
            {**about, "question": question, "answer": said}
            for question, said in _in_words(form, values, language)
        ]
    return rows
