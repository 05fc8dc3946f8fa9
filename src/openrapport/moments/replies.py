"""Moments seen in how one person answers the other.

They rest on codes and, where feeling is concerned, on sentiment from a word list. Where the coder
cannot give the codes that a kind needs, that kind is not looked for. How long an answer is counts
only against what this client usually says at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openrapport.finding import NotMeasured
from openrapport.moments.scene import Candidate, Scene, measured_for, not_looked_for, plain_number

__all__ = ["ASKS", "asked", "feedback_answered", "openings", "unmet_feelings"]

ASKS = ("feedback_seeking", "genuineness")
"""Codes with which a therapist opens a talk about the two of them."""

_REFLECTS = ("simple_reflection", "complex_reflection", "reflection")
_MET = ("reflection", "simple_reflection", "complex_reflection", "validation", "affirmation", "summary")
_OPENS = ("reflection", "complex_reflection", "simple_reflection", "validation")

_STRONG = 0.5
_STRONG_WORDS = 8
_STRONG_SHARE = 0.15

_NEEDS_BOTH = "that needs codes of reflections and a rating of the words, and one of them is missing."

_LONGER = 2.0
_WARMER = 0.15


def asked(label: str) -> str:
    """Say what the therapist did, in the words of a reason.

    Parameters
    ----------
    label : str
        One of ``ASKS``.

    Returns
    -------
    words : str
        What follows after "the therapist".
    """
    if label == "genuineness":
        return "spoke of their own part"
    return "asked how it is for the client"


def feedback_answered(scene: Scene) -> Iterator[Candidate | NotMeasured]:
    """Find where the therapist asks for feedback, or owns a part, and the client answers at length.

    Parameters
    ----------
    scene : Scene
        With strategy codes.

    Yields
    ------
    candidate : Candidate
        Of the kind ``feedback_asked``.
    """
    codes = scene.codes("strategy", ASKS)
    if codes is None:
        why = "no coder looked for them here."
        yield not_looked_for("feedback_asked", "Talks about the two of them", why)
        return
    surely = scene.turns_with(codes, ASKS) * scene.of_therapist
    for turn in np.flatnonzero(surely[:-1]).tolist():
        words = int(scene.words[turn + 1])
        if not scene.of_client[turn + 1] or words < max(scene.usual_words, _STRONG_WORDS):
            continue
        label = scene.surest(codes, turn, ASKS)
        yield Candidate(
            kind="feedback_asked",
            favourable=True,
            title=(
                "The therapist spoke of their own part"
                if label == "genuineness"
                else "The therapist asked for feedback"
            ),
            reason=(
                f"The therapist {asked(label)}, and the client answered with {words} words, in a "
                f"session where {plain_number(scene.usual_words)} are usual."
            ),
            first=int(scene.turns.first[turn]),
            last=int(scene.turns.last[turn + 1]),
            evidence=scene.ids((turn, turn + 1)),
            strength=surely[turn] * min(1.0, words / (4 * max(scene.usual_words, 1.0))),
            measured=measured_for(codes, [label], "precision"),
        )


def unmet_feelings(scene: Scene) -> Iterator[Candidate | NotMeasured]:
    """Find strongly worded client turns whose next therapist turn has no reflection or validation.

    Parameters
    ----------
    scene : Scene
        With sentiment and strategy codes.

    Yields
    ------
    candidate : Candidate
        Of the kind ``strong_affect_unmet``.
    """
    codes = scene.first_codes(("strategy", _REFLECTS), ("behaviour", _REFLECTS))
    size = np.where(scene.of_client, np.abs(np.nan_to_num(scene.sentiment)), 0.0)
    rated = size[size > 0]
    if codes is None or scene.session.rated("sentiment") is None:
        yield not_looked_for("strong_affect_unmet", "Strong words without a reflection", _NEEDS_BOTH)
        return
    if not len(rated):
        return
    # Strong for this client: among the strongest share of their own rated turns.
    limit = max(_STRONG, float(np.quantile(rated, 1 - _STRONG_SHARE)))
    met = scene.turns_with(codes, _MET) > 0
    strong = (size >= limit) & (scene.words >= _STRONG_WORDS)
    for turn in np.flatnonzero(strong[:-1]).tolist():
        answer = turn + 1
        if not scene.of_therapist[answer] or met[answer]:
            continue
        value = float(scene.sentiment[turn])
        yield Candidate(
            kind="strong_affect_unmet",
            favourable=False,
            title=f"Strong {'painful' if value < 0 else 'warm'} words, answered without reflection",
            reason=(
                f"The client's words were strongly {'negative' if value < 0 else 'positive'} "
                f"({value:+.2f} on a scale from -1 to 1, by a word list), and no reflection or "
                "validation was recognised in the therapist's next turn. Was there more to say?"
            ),
            first=int(scene.turns.first[turn]),
            last=int(scene.turns.last[answer]),
            evidence=scene.ids((turn, answer)),
            # Pain that is passed over is more worth talking about than joy that is.
            strength=size[turn] * (1.0 if value < 0 else 0.5),
            measured=measured_for(codes, _REFLECTS, "recall"),
        )


def openings(scene: Scene) -> Iterator[Candidate | NotMeasured]:
    """Find where a reflection or validation is followed by a longer and warmer client turn.

    Parameters
    ----------
    scene : Scene
        With sentiment and strategy codes.

    Yields
    ------
    candidate : Candidate
        Of the kind ``opened_up``.
    """
    codes = scene.first_codes(("strategy", _OPENS), ("behaviour", _OPENS))
    if codes is None or scene.session.rated("sentiment") is None:
        yield not_looked_for("opened_up", "Warmer turns after a reflection", _NEEDS_BOTH)
        return
    surely = scene.turns_with(codes, _OPENS) * scene.of_therapist
    for turn in (1 + np.flatnonzero(surely[1:-1])).tolist():
        before, after = turn - 1, turn + 1
        if not (scene.of_client[before] and scene.of_client[after]):
            continue
        words = int(scene.words[after])
        warmer = float(scene.sentiment[after] - scene.sentiment[before])
        longer = words >= max(_LONGER * scene.usual_words, scene.words[before] + 1)
        if not (longer and warmer >= _WARMER):  # a missing sentiment is never warmer
            continue
        label = scene.surest(codes, turn, _OPENS)
        what = "validation" if label == "validation" else "reflection"
        yield Candidate(
            kind="opened_up",
            favourable=True,
            title=f"More, and warmer, after a {what}",
            reason=(
                f"After the therapist's {label.replace('_', ' ')} the client spoke {words} words, in a "
                f"session where {plain_number(scene.usual_words)} are usual, and in warmer words than "
                f"before ({scene.sentiment[before]:+.2f} to {scene.sentiment[after]:+.2f} on a scale "
                "from -1 to 1, by a word list)."
            ),
            first=int(scene.turns.first[before]),
            last=int(scene.turns.last[after]),
            evidence=scene.ids((before, turn, after)),
            strength=surely[turn] ** 0.5 * min(1.0, warmer + words / (8 * max(scene.usual_words, 1.0))),
            measured=measured_for(codes, [label], "precision"),
        )
