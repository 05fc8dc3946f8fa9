"""Cues of form and of what was said before: what an utterance's own words do not show.

Everything here looks back, nothing looks ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.coding.cues import marked_words, phrase_cues
from openrapport.session import Role, Session
from openrapport.words import is_backchannel_wording

__all__ = ["cues_of"]

# Words that carry no topic: repeating them repeats nothing.
_FUNCTION_WORDS = frozenset(
    """a about all am an and any are as at be because been but by can did do does don't for from get go
    got had has have he her him his how i i'd i'll i'm i've if in is it it's its just know like me mean
    mm-hm mm-hmm my no not of oh okay on or our out really right she so some that that's the their them
    then there they things think this to too uh um up us was we well were what when which who will with
    would yeah yes you you'd you're you've your""".split()
)
_MINE_TO_YOURS = {"my": "your", "myself": "yourself", "mine": "yours"}
_YOU = frozenset("you you're you've you'd you'll your yours yourself".split())
_I = frozenset("i i'm i've i'd i'll my me mine myself we we're we've our".split())
_SOUNDS = frozenset("says_sounds_like says_you_said".split())
_YOU_STATEMENT = frozenset("starts_with_you so_you names_your_feeling names_your_wish".split())
_ASKS_OF_THIS_TALK = frozenset({"asks_how_it_is", "speaks_of_this_talk"})
_ADVICE = frozenset({"advises", "directs"})

_EARLIER_TURNS = 6  # how far back a summary is looked for, in the client's utterances


@dataclass(slots=True)
class _Past:
    """What had been said before the utterance at hand."""

    topic: tuple[frozenset[str], ...] = ()  # content words of the client's last utterances
    client_words: int = 0
    client_asked: bool = False
    leave: int = 0  # for how many more of the therapist's utterances leave counts as asked or given
    spoken: int = 0


def cues_of(session: Session) -> tuple[NDArray[np.int64], list[frozenset[str]]]:
    """See which cues each of the therapist's utterances has.

    Parameters
    ----------
    session : Session
        What was said; English.

    Returns
    -------
    utterance : ndarray of int64, shape (n,)
        The therapist's utterances.
    cues : list of frozenset of str, length n
        Names out of :data:`openrapport.coding.cues.CUES`.
    """
    spoken = session.utterances
    by_therapist, by_client = session.spoken_by(Role.THERAPIST), session.spoken_by(Role.CLIENT)
    past = _Past()
    seen: list[frozenset[str]] = []
    for i, words in enumerate(spoken.words):
        if by_therapist[i]:
            marked = marked_words(spoken.text[i])
            cues = phrase_cues(marked)
            cues |= _form(spoken.text[i], words, marked) | _echo(words, past)
            seen.append(frozenset(cues | _leave(cues, past)))
        elif by_client[i]:
            _hear(past, words, spoken.text[i])
    return np.flatnonzero(by_therapist), seen


def _form(text: str, words: tuple[str, ...], marked: tuple[str, ...]) -> set[str]:
    """Cues that lie in the utterance's own form."""
    n = len(words)
    cues = {_length_cue(n)}
    if "?" in marked:
        cues.add("ends_in_a_question" if marked[-1] == "?" else "holds_a_question")
    else:
        cues.add("no_question")
    if n == 0 or is_backchannel_wording(words):
        cues.add("listening_words_only")
    you, i = sum(word in _YOU for word in words), sum(word in _I for word in words)
    if not you:
        cues.add("never_says_you")
    if 12 * you >= n > 0:
        cues.add("says_you_often")
    if 12 * i >= n > 0:
        cues.add("says_i_often")
    if any(_ASKS_OF_THIS_TALK <= phrase_cues(sentence) for sentence in _questions(marked)):
        cues.add("asks_of_this_talk")
    if text.rstrip().endswith(("-", "\u2013", "\u2014", "...", "\u2026")):
        cues.add("unfinished")
    return cues


def _questions(marked: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Sentences that end in a question mark, with the mark where they begin."""
    start = 0
    for i, word in enumerate(marked):
        if word == "<":
            start = i
        elif word == "?":
            yield marked[start : i + 1]


def _length_cue(n: int) -> str:
    for most, cue in ((3, "of_3_words_or_fewer"), (9, "of_4_to_9_words"), (24, "of_10_to_24_words")):
        if n <= most:
            return cue
    return "of_25_to_59_words" if n < 60 else "of_60_words_or_more"


def _echo(words: tuple[str, ...], past: _Past) -> set[str]:
    """Cues that lie in what the client said before."""
    topic = _topic(words)
    cues = set()
    if topic and past.topic:
        share = len(topic & past.topic[-1]) / len(topic)
        if share >= 0.4:
            cues.add("repeats_much")
        elif share > 0.1:
            cues.add("repeats_some")
        if sum(not topic.isdisjoint(earlier) for earlier in past.topic[:-1]) >= 3:
            cues.add("repeats_earlier")
    if past.spoken == 0:
        cues.add("opens_the_session")
    elif past.client_words <= 3:
        cues.add("after_few_words")
    elif past.client_words >= 25:
        cues.add("after_many_words")
    if past.client_asked:
        cues.add("after_a_question")
    return cues


def _leave(cues: set[str], past: _Past) -> set[str]:
    """Cues that lie in several others together, and in leave asked before."""
    more = set()
    if past.leave:
        more.add("after_leave")
    if cues & _ADVICE:
        has_leave = past.leave or "asks_leave" in cues
        more.add("advises_after_leave" if has_leave else "advises_without_leave")
    if "no_question" in cues and cues & _YOU_STATEMENT:
        more.add("statement_to_you")
    if "no_question" in cues and cues & _SOUNDS:
        more.add("sounds_like_statement")
    past.leave = 2 if "asks_leave" in cues else max(0, past.leave - 1)
    past.spoken += 1
    return more


def _hear(past: _Past, words: tuple[str, ...], text: str) -> None:
    """Remember a client's utterance."""
    if not is_backchannel_wording(words):
        past.topic = (*past.topic[-_EARLIER_TURNS + 1 :], _topic(words))
        past.client_words = len(words)
    past.client_asked = "?" in text
    if past.client_asked and "asks_advice" in phrase_cues(marked_words(text)):
        past.leave = 2


def _topic(words: tuple[str, ...]) -> frozenset[str]:
    """Content words, seen from the other's side and without their endings."""
    return frozenset(
        _stem(_MINE_TO_YOURS.get(word, word)) for word in words if word not in _FUNCTION_WORDS
    )


def _stem(word: str) -> str:
    for ending in ("'s", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
