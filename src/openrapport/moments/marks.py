"""Moments of strain that were marked by turn: where the client moved away or against, and came back.

These rest on codes of withdrawal and confrontation. Where a coder looked for single kinds only, they
are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openrapport.coding import ruptures
from openrapport.coding.ruptures import Strain
from openrapport.finding import NotMeasured
from openrapport.moments.scene import Candidate, Scene, not_looked_for
from openrapport.session import Role

__all__ = ["strains"]

_MOVED = {
    "withdrawal": ("The client seems to move away", "reads like a move away"),
    "confrontation": ("The client seems to object", "reads like a move against"),
    "both": ("The client seems to object and to move away", "reads like a move away or against"),
}
_DID = {
    "received": "reflected, summarised or acknowledged it",
    "asked": "asked, or shared the decision",
    "pressed": "explained, advised or argued",
}
_FULL_RUN = 4


def strains(scene: Scene) -> Iterator[Candidate | NotMeasured]:
    """Find runs of marked strain, and those after which the client came back.

    Parameters
    ----------
    scene : Scene
        With codes of withdrawal or confrontation.

    Yields
    ------
    candidate : Candidate
        Of the kinds ``strain_marked`` and ``strain_eased``.
    """
    if not ruptures.marks(scene.session):
        why = "no coder here marks moves away and against well enough to show them."
        yield not_looked_for("strain_marked", "Marks of strain and what eased them", why)
        return
    for run in ruptures.runs(scene.session):
        answer = _answer(scene, run)
        # One mark may be one error; it is shown where what followed speaks too.
        if run.came_back and answer in ("received", "asked"):
            yield _eased(scene, run, answer)
        elif len(run.marked) > 1 or answer == "pressed":
            yield _marked(scene, run, answer)


def _answer(scene: Scene, run: Strain) -> str | None:
    """What the therapist's next utterance did; receiving comes first, because it opens the rest."""
    for answer in ("received", "asked", "pressed"):
        did = ruptures.answers(scene.session, answer)
        if did is not None and run.answer in did:
            return answer
    return None


def _marked(scene: Scene, run: Strain, answer: str | None) -> Candidate:
    title, reads = _MOVED[run.kind]
    n = len(run.marked)
    next_ = f" The therapist's next words {_DID[answer]}." if answer else ""
    return Candidate(
        kind="strain_marked",
        favourable=False,
        title=title,
        reason=(
            f"{'One' if n == 1 else n} of the client's utterances here {reads}, from the therapist "
            f"or the work.{next_} Was something between the two worth a word?"
        ),
        first=_before(scene, run.marked[0]),
        last=max(run.marked[-1], run.answer),
        evidence=_ids(scene, run, with_after=False),
        strength=min(1.0, 0.4 + n / (2 * _FULL_RUN)),
        measured=ruptures.worth(scene.session, *_schemes(run)),
    )


def _eased(scene: Scene, run: Strain, answer: str) -> Candidate:
    _, reads = _MOVED[run.kind]
    words = scene.session.utterances.n_words[list(run.after)]
    return Candidate(
        kind="strain_eased",
        favourable=True,
        title="A strain, and a way back",
        reason=(
            f"What the client said {reads}. The therapist's next words {_DID[answer]}, and the client's "
            f"next {len(run.after)} utterances held {int(words.sum())} words and no such mark. What helped?"
        ),
        first=run.marked[0],
        last=run.after[-1],
        evidence=_ids(scene, run, with_after=True),
        strength=min(1.0, 0.5 + len(run.marked) / (2 * _FULL_RUN)),
        measured=ruptures.worth(scene.session, *_schemes(run)),
    )


def _schemes(run: Strain) -> tuple[str, ...]:
    return ruptures.KINDS if run.kind == "both" else (run.kind,)


def _before(scene: Scene, utterance: int) -> int:
    """The therapist's utterance before it, where there is one."""
    earlier = np.flatnonzero(scene.session.spoken_by(Role.THERAPIST)[:utterance])
    return int(earlier[-1]) if len(earlier) else utterance


def _ids(scene: Scene, run: Strain, *, with_after: bool) -> tuple[str, ...]:
    rows = {*run.marked, *([run.answer] if run.answer >= 0 else []), *(run.after if with_after else ())}
    return tuple(scene.session.utterances.ids[i] for i in sorted(rows))
