"""Function words of English by class, written from grammar.

A function word says how something is said rather than what about. The classes are closed, so that
they can be listed: articles, pronouns, prepositions, auxiliary verbs, conjunctions, negations,
quantifiers, and the commonest adverbs. A word stands in every class that it can serve
(``that`` points and joins), because words are counted without parsing them.

Contractions are one word here, as in :mod:`openrapport.words`, and count for every class that they
hold: ``don't`` is an auxiliary and a negation, ``we're`` a personal pronoun and an auxiliary,
``what's`` an impersonal pronoun and an auxiliary, ``let's`` a personal pronoun. After a noun ``'s``
may own something or be a verb; only ``there's``, ``here's``, ``how's``, ``where's``, ``when's``,
``why's`` and pronouns are clear enough to count. Spellings without the apostrophe (``dont``) count
too, unless they are another word (``well``, ``were``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = ["FUNCTION_WORDS", "WE_WORDS", "class_counts", "is_function_word"]

_PERSONAL = """i me my mine myself we us our ours ourselves you your yours yourself yourselves he him
    his himself she her hers herself they them their theirs themself themselves one's oneself"""
_IMPERSONAL = """it its itself this that these those who whom whose which what whoever whomever
    whichever whatever somebody someone something anybody anyone anything everybody everyone everything
    nobody nothing none one ones other others another such"""
_PREPOSITIONS = """about above across after against along alongside amid among amongst around as at
    before behind below beneath beside besides between beyond by concerning despite down during except
    for from in inside into like near of off on onto opposite out outside over past per regarding round
    since than through throughout till to toward towards under underneath unlike until up upon versus
    via with within without"""
_FINITE = """am is are was were have has had do does did can could shall should will would may might
    must ought"""
_AUXILIARIES = f"{_FINITE} be been being having doing cannot gonna gotta need dare"
_CONJUNCTIONS = """and but or nor so yet for because cause cuz although though while whereas whilst if
    unless whether that than as since until till when whenever where wherever before after once lest
    provided plus either neither both"""
_NEGATIONS = "no not never none nobody nothing nowhere neither nor nope nah cannot without hardly"
_QUANTIFIERS = """all any some each every both either neither none no few fewer fewest little less
    least many more most much several enough plenty lot lots half bit couple bunch whole various
    numerous tons loads entire"""
_ADVERBS = """again ago almost already also always anyway away back barely basically completely
    constantly else especially even eventually ever exactly far finally generally hardly here how
    however immediately indeed instead just kinda lately later maybe mostly nearly never nonetheless now
    nowadays often only otherwise perhaps pretty probably quite rarely rather really recently seldom
    simply so somehow sometimes somewhat somewhere soon sorta still then there therefore together too
    totally truly usually very well when where why yet"""

_UNMARKED_PRONOUNS = """im ive youre youve youll youd hes shes theyre theyve theyll theyd weve itll
    thats whats whos thatll itd"""
_UNMARKED_NEGATIONS = """dont doesnt didnt isnt arent wasnt werent havent hasnt hadnt wouldnt couldnt
    shouldnt cant wont aint mustnt neednt"""


def _negated() -> set[str]:
    irregular = {"can't", "won't", "shan't", "ain't", "needn't", "daren't"}
    return irregular | {f"{verb}n't" for verb in _FINITE.split() if verb not in {"am", "can", "will"}}


def _with_clitics(pronouns: set[str], clitics: Sequence[str]) -> set[str]:
    return {f"{pronoun}'{clitic}" for pronoun in pronouns for clitic in clitics}


def _classes() -> dict[str, frozenset[str]]:
    personal = {*"i we you he she they".split(), "y'all"}
    impersonal = set(
        """it this that these those who what which somebody someone something anybody anyone anything
        everybody everyone everything nobody nothing""".split()
    )
    places = set("there here how where when why".split())
    clitics = ("m", "re", "ve", "ll", "d", "s", "d've", "ll've")
    of_personal = _with_clitics(personal, clitics)
    of_impersonal = _with_clitics(impersonal, clitics[1:])
    of_places = _with_clitics(places, ("s", "re", "ll", "d"))
    of_verbs = {f"{verb}'ve" for verb in "could should would might must may".split()}
    unmarked = set(_UNMARKED_PRONOUNS.split())
    unmarked_impersonal = {"itll", "thats", "whats", "whos", "thatll", "itd"}
    negated, unmarked_negated = _negated(), set(_UNMARKED_NEGATIONS.split())
    both_verbs = of_personal | of_impersonal | of_places | of_verbs | unmarked | negated
    return {
        "personal_pronouns": frozenset(
            {*_PERSONAL.split(), "y'all", "let's", "lets"}
            | of_personal
            | unmarked - unmarked_impersonal
        ),
        "impersonal_pronouns": frozenset({*_IMPERSONAL.split()} | of_impersonal | unmarked_impersonal),
        "articles": frozenset({"a", "an", "the"}),
        "prepositions": frozenset(_PREPOSITIONS.split()),
        "auxiliary_verbs": frozenset({*_AUXILIARIES.split()} | both_verbs | unmarked_negated),
        "conjunctions": frozenset(_CONJUNCTIONS.split()),
        "negations": frozenset({*_NEGATIONS.split()} | negated | unmarked_negated),
        "quantifiers": frozenset(_QUANTIFIERS.split()),
        "adverbs": frozenset({*_ADVERBS.split()} | of_places),
    }


FUNCTION_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(_classes())
"""Words of each class, in the order in which classes are reported."""

WE_WORDS: frozenset[str] = frozenset(
    "we us our ours ourselves we're we've we'll we'd we'd've weve let's lets".split()
)
"""Words with which somebody speaks of "us". Whether the two are meant, or a family, they do not say."""

_ALL = frozenset(chain.from_iterable(FUNCTION_WORDS.values()))


def is_function_word(word: str) -> bool:
    """Tell whether a word stands in any class.

    Parameters
    ----------
    word : str
        Lower case, as from :func:`openrapport.words.tokens`.

    Returns
    -------
    is_one : bool
        False for words that carry content.
    """
    return word in _ALL


def class_counts(
    words: Sequence[Sequence[str]], classes: Mapping[str, frozenset[str]] = FUNCTION_WORDS
) -> NDArray[np.int64]:
    """Count the words of each class in each utterance.

    Parameters
    ----------
    words : sequence of sequence of str, length n
        Words of each utterance, as from :func:`openrapport.words.tokens`.
    classes : mapping of str to frozenset of str
        Words of each class; at most 62 classes.

    Returns
    -------
    counts : ndarray of int64, shape (n, n_classes)
        A word counts once in every class that it stands in.
    """
    bit_of = {name: 1 << place for place, name in enumerate(classes)}
    bits: dict[str, int] = {}
    for name, members in classes.items():
        for word in members:
            bits[word] = bits.get(word, 0) | bit_of[name]
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    found = (bits.get(word, 0) for word in chain.from_iterable(words))
    flat = np.fromiter(found, dtype=np.int64, count=int(lengths.sum()))
    ends = np.cumsum(lengths)
    counts = np.empty((len(words), len(classes)), dtype=np.int64)
    for place in range(len(classes)):
        # Running totals rather than sums by utterance: an empty utterance then gives 0 by itself.
        totals = np.concatenate([[0], np.cumsum(flat >> place & 1)])
        counts[:, place] = totals[ends] - totals[ends - lengths]
    return counts
