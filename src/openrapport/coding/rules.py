"""A coder of written rules: cues that a reader can see, points that a reader can add up.

Each code has a scorecard: points for cues of wording, form and what was said before. Their sum gives
a probability, and above the code's threshold the code is given. No rule looks ahead: the codes of
a session's first half are the codes of that half alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.coding.cues import CUES, marked_words, phrase_cues
from openrapport.session import Role, Session
from openrapport.words import is_backchannel_wording

__all__ = [
    "BEHAVIOURS",
    "LEARNED",
    "STRATEGIES",
    "WITHDRAWAL",
    "WRITTEN",
    "RuleCoder",
    "as_columns",
    "behaviour_probabilities",
    "cues_of",
    "invitations",
    "minimal_responses",
    "strategy_probabilities",
]

BEHAVIOURS: tuple[str, ...] = ("reflection", "question", "therapist_input", "other")
"""What a therapist's utterance mainly does: exactly one of these."""

STRATEGIES: tuple[str, ...] = (
    "simple_reflection",
    "complex_reflection",
    "summary",
    "open_question",
    "closed_question",
    "affirmation",
    "validation",
    "information",
    "advice",
    "collaboration",
    "feedback_seeking",
    "genuineness",
    "confrontation",
)
"""What else it does, any number at once.

``insight`` and ``advice_with_leave`` are missing: on the measured data no rule found them.
"""

WITHDRAWAL: tuple[str, ...] = ("minimal_response",)

WRITTEN: Mapping[str, tuple[str, ...]] = {
    "feedback_seeking": ("asks_if_right",),
    "genuineness": ("apologises", "speaks_of_itself_here"),
}
"""Strategies too rare to learn points for: one of these cues is enough."""

LEARNED: tuple[str, ...] = tuple(code for code in STRATEGIES if code not in WRITTEN)
"""Strategies with a scorecard."""

Cards = Mapping[str, Mapping[str, Any]]

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
_ADVICE = frozenset({"advises", "directs"})

_EARLIER_TURNS = 6  # how far back a summary is looked for, in the client's utterances
_MINIMAL_WORDS = 3  # longer answers say something
_MINIMAL_WORDINGS = frozenset(
    """fine good nothing no nope nah yeah yes yep whatever maybe okay ok sure dunno hmm hm mm-hm mm-hmm
    mhm mm mm-mm uh um not really i guess so don't know i'm all right alright guess suppose
    it's""".split()
)


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
            _hear(past, words, marked_words(spoken.text[i]))
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
    if text.rstrip().endswith(("-", "\u2013", "\u2014", "...", "\u2026")):
        cues.add("unfinished")
    return cues


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


def _hear(past: _Past, words: tuple[str, ...], marked: tuple[str, ...]) -> None:
    """Remember a client's utterance."""
    if not is_backchannel_wording(words):
        past.topic = (*past.topic[-_EARLIER_TURNS + 1 :], _topic(words))
        past.client_words = len(words)
    past.client_asked = "?" in marked
    if past.client_asked and "asks_advice" in phrase_cues(marked):
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


def minimal_responses(session: Session, invited: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find the client's minimal responses that close an invitation down.

    Parameters
    ----------
    session : Session
        What was said; English.
    invited : ndarray of bool, shape (n_utterances,)
        True where the therapist asked an open question or reflected.

    Returns
    -------
    utterance : ndarray of int64, shape (n,)
        The client's utterances of at most three words that say next to nothing, directly after an
        invitation. A short answer to a closed question is none.
    """
    spoken = session.utterances
    by_client = session.spoken_by(Role.CLIENT)
    found = [
        i
        for i, words in enumerate(spoken.words)
        if i
        and by_client[i]
        and invited[i - 1]
        and 1 <= len(words) <= _MINIMAL_WORDS
        and all(word in _MINIMAL_WORDINGS for word in words)
    ]
    return np.array(found, dtype=np.int64)


def behaviour_probabilities(present: NDArray[np.bool_], cards: Cards) -> NDArray[np.float64]:
    """Weigh what utterances mainly do.

    Parameters
    ----------
    present : ndarray of bool, shape (n, n_cues)
        Which cues are there (see :func:`as_columns`).
    cards : mapping
        A scorecard for each behaviour: ``{"base": points, "points": {cue: points}}``.

    Returns
    -------
    probability : ndarray of float64, shape (n, n_behaviours)
        Rows sum to 1.
    """
    weighed = _weigh(present, [cards[code] for code in BEHAVIOURS])
    return weighed / weighed.sum(axis=1, keepdims=True)


def strategy_probabilities(present: NDArray[np.bool_], cards: Cards) -> NDArray[np.float64]:
    """Weigh what utterances do besides.

    Parameters
    ----------
    present : ndarray of bool, shape (n, n_cues)
        Which cues are there (see :func:`as_columns`).
    cards : mapping
        A scorecard with a ``threshold`` for each learned strategy, a ``probability`` for each of
        ``WRITTEN``.

    Returns
    -------
    probability : ndarray of float64, shape (n, n_strategies)
        0 where the code is not given.
    """
    weighed = _weigh(present, [cards[code] for code in LEARNED])
    weighed[weighed < np.array([cards[code]["threshold"] for code in LEARNED])] = 0.0
    given = dict(zip(LEARNED, weighed.T, strict=True))
    for code, cues in WRITTEN.items():
        has_one = present[:, [CUES.index(cue) for cue in cues]].any(axis=1)
        given[code] = np.where(has_one, cards[code]["probability"], 0.0)
    # A reflection is simple or complex: the more probable one.
    simple, complex_ = given["simple_reflection"], given["complex_reflection"]
    given["simple_reflection"] = np.where(simple > complex_, simple, 0.0)
    given["complex_reflection"] = np.where(simple > complex_, 0.0, complex_)
    return np.stack([given[code] for code in STRATEGIES], axis=1)


def as_columns(cues: list[frozenset[str]]) -> NDArray[np.bool_]:
    """Lay cues out as a table.

    Parameters
    ----------
    cues : list of frozenset of str, length n
        As from :func:`cues_of`.

    Returns
    -------
    present : ndarray of bool, shape (n, n_cues)
        A column for each of :data:`openrapport.coding.cues.CUES`.
    """
    table = [[cue in seen for cue in CUES] for seen in cues]
    return np.array(table, dtype=bool).reshape(len(cues), len(CUES))


def _weigh(present: NDArray[np.bool_], cards: list[Mapping[str, Any]]) -> NDArray[np.float64]:
    base = np.array([card["base"] for card in cards])
    points = np.array([[card["points"].get(cue, 0.0) for card in cards] for cue in CUES])
    weighed: NDArray[np.float64] = 1 / (1 + np.exp(-(base + present @ points)))
    return weighed


@dataclass(frozen=True, slots=True)
class RuleCoder:
    """Code a session by written rules (English).

    It gives three schemes: ``behaviour`` and ``strategy`` of the therapist, and of ``withdrawal``
    the client's minimal responses only. What its codes are worth was measured on AnnoMI and stands
    in each set of codes; several codes are wrong more often than right, and say so.

    Parameters
    ----------
    name : str
        Name and version.

    References
    ----------
    WuEtAl2022, WuEtAl2023
    """

    name: str = "rules.v1"

    def code(self, session: Session) -> tuple[Codes, ...]:
        """Code the utterances of a session.

        Parameters
        ----------
        session : Session
            What was said; English.

        Returns
        -------
        codes : tuple of Codes
            Schemes ``behaviour``, ``strategy`` and ``withdrawal``.
        """
        utterance, cues = cues_of(session)
        present, cards = as_columns(cues), _table()
        does = behaviour_probabilities(present, cards["behaviour"])
        uses = strategy_probabilities(present, cards["strategy"])
        minimal = minimal_responses(session, invitations(session, utterance, does, uses))
        row, label = np.nonzero(uses)
        main = does.argmax(axis=1)
        sure = np.full(len(minimal), cards["withdrawal"]["minimal_response"]["probability"])
        return (
            self._codes("behaviour", BEHAVIOURS, utterance, main, does[np.arange(len(main)), main]),
            self._codes("strategy", STRATEGIES, utterance[row], label, uses[row, label]),
            self._codes("withdrawal", WITHDRAWAL, minimal, np.zeros_like(minimal), sure),
        )

    def _codes(
        self,
        scheme: str,
        labels: tuple[str, ...],
        utterance: NDArray[np.int64],
        label: NDArray[np.int64],
        probability: NDArray[np.float64],
    ) -> Codes:
        return Codes(scheme, self.name, labels, utterance, label, probability, _measured(scheme))


def invitations(
    session: Session,
    utterance: NDArray[np.int64],
    behaviour: NDArray[np.float64],
    strategy: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which utterances invite the client to say more.

    Parameters
    ----------
    session : Session
        What was said.
    utterance : ndarray of int64, shape (n,)
        The therapist's utterances.
    behaviour, strategy : ndarray of float64, shape (n, n_codes)
        Their probabilities.

    Returns
    -------
    invited : ndarray of bool, shape (n_utterances,)
        True for an open question and for a reflection.
    """
    invited = np.zeros(len(session.utterances), dtype=bool)
    opens = strategy[:, STRATEGIES.index("open_question")] > 0
    reflects = behaviour.argmax(axis=1) == BEHAVIOURS.index("reflection")
    invited[utterance] = opens | reflects
    return invited


@cache
def _table() -> dict[str, Any]:
    text = files("openrapport.coding").joinpath("measured_rules.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


@cache
def _measured(scheme: str) -> tuple[MeasuredError, ...]:
    rows = _table()["measured"][scheme]
    return tuple(MeasuredError(**{**row, "interval": tuple(row["interval"])}) for row in rows)
