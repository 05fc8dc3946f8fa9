"""Words of an utterance: what every step that counts words counts.

A word is a run of letters and digits, with inner apostrophes and hyphens kept, in lower case and
composed form (NFC): ``"I didn't - mm-hm!"`` has ``i, didn't, mm-hm``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["BACKCHANNELS", "english_share", "is_backchannel_wording", "tokens"]

_WORD = re.compile(r"\w+(?:['-]\w+)*")
_NOT_A_WORD = re.compile(r"\[[^\]]*\]")
_APOSTROPHES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"}
)

BACKCHANNELS: frozenset[str] = frozenset(
    """ah aha alright good great hm hmm hmmm mhm mhmm mm mmhm mm-hm mm-hmm mm-mm mmm oh ok okay right
    sure uh-huh uhhuh uh-hum um-hm um-hmm wow yeah yep yes yup""".split()
)
"""Words with which a listener says "I follow" (English)."""

_LISTENING_PHRASES = frozenset({("i", "see"), ("oh", "i", "see"), ("got", "it"), ("of", "course")})

_FREQUENT_ENGLISH = frozenset(
    """a about and are as at be been but can do don't for from get have how i i'm if in is it it's just
    know like mean me mm-hm my not of oh okay on or so that that's the them there they this to uh um was
    we well what when with would yeah you you're your""".split()
)


def tokens(text: str) -> tuple[str, ...]:
    """Split an utterance into its words.

    Parameters
    ----------
    text : str
        What was said. Transcriber's remarks in square brackets (``[laughs]``) are no words.

    Returns
    -------
    words : tuple of str
        Lower case, in order, straight apostrophes.
    """
    plain = unicodedata.normalize("NFC", text).translate(_APOSTROPHES).lower()
    if "[" in plain:
        plain = _NOT_A_WORD.sub(" ", plain)
    return tuple(_WORD.findall(plain))


def is_backchannel_wording(words: tuple[str, ...]) -> bool:
    """Tell whether these words could be a listener's "I follow".

    Whether they are one also depends on what came before and after:
    see :attr:`openrapport.utterances.Utterances.is_backchannel`.

    Parameters
    ----------
    words : tuple of str
        As from :func:`tokens`.

    Returns
    -------
    could_be : bool
        True for one to three words that are all listening words.
    """
    if not 1 <= len(words) <= 3:
        return False
    return words in _LISTENING_PHRASES or all(word in BACKCHANNELS for word in words)


def english_share(words: Iterable[tuple[str, ...]]) -> float:
    """Share of words that are among the most frequent of spoken English.

    Parameters
    ----------
    words : iterable of tuple of str
        Words of many utterances, as from :func:`tokens`.

    Returns
    -------
    share : float
        In [0, 1]. English talk has about half; other languages written in Latin letters stay
        below a fifth. 0 where there are no words.
    """
    n = frequent = 0
    for utterance in words:
        n += len(utterance)
        frequent += sum(word in _FREQUENT_ENGLISH for word in utterance)
    return frequent / n if n else 0.0
