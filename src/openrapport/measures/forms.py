"""What an instrument consists of: items, options, scales, texts, and where each number comes from.

These are values without rules: they are made by
:func:`openrapport.measures.definition.read_instrument`, which refuses what does not fit together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from openrapport.errors import BadInput

__all__ = [
    "Band",
    "ChangeConstants",
    "Coding",
    "Cut",
    "Direction",
    "Instrument",
    "Item",
    "ItemText",
    "Kind",
    "Licence",
    "Norm",
    "Number",
    "Option",
    "PublishedChange",
    "Rule",
    "Scale",
    "Texts",
]

Number = int | float


class Coding(NamedTuple):
    """What something is called in a code system, such as ``("http://loinc.org", "44249-1")``."""

    system: str
    code: str


class Kind(StrEnum):
    """How an item is answered."""

    CHOICE = "choice"  # one of a few options, each with its own words
    RATING = "rating"  # a whole number between two ends, of which at least the ends have words
    TEXT = "text"  # in own words; never scored


class Rule(StrEnum):
    """How the answers of a scale become one number, before it is multiplied."""

    SUM = "sum"
    MEAN = "mean"


class Direction(StrEnum):
    """What a higher score means."""

    BETTER = "better"
    WORSE = "worse"
    MORE = "more"  # neither good nor bad: a trait


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers that can be chosen.

    Parameters
    ----------
    value : int or float
        What is stored and scored.
    codes : tuple of Coding
        What the answer is called in code systems.
    """

    value: Number
    codes: tuple[Coding, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Parameters
    ----------
    key : str
        Its name in answers, such as ``"bond"`` or ``"q9"``.
    kind : Kind
        How it is answered.
    options : tuple of Option
        In the order in which they are shown; empty for text.
    scored : bool
        Whether it belongs to a scale.
    self_harm_from : int or float, optional
        An answer of this value or more is about harming oneself or ending one's life; None for
        items that do not ask about it.
    only : str, optional
        ``"video"`` for a question that makes sense only after a meeting by video.
    codes : tuple of Coding
        What it is called in code systems.
    """

    key: str
    kind: Kind
    options: tuple[Option, ...]
    scored: bool
    self_harm_from: Number | None = None
    only: str | None = None
    codes: tuple[Coding, ...] = ()

    @property
    def values(self) -> tuple[Number, ...]:
        """The answers that are possible, in the order in which they are shown."""
        return tuple(option.value for option in self.options)


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a scale to which its owner gives a name. For professionals, not for clients.

    Parameters
    ----------
    low, high : float
        The first and last score in it. A prorated score between two bands counts to the lower.
    name : str
        The owner's word, in English.
    """

    low: float
    high: float
    name: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A score from which a source says that something is likely. For professionals, not for clients.

    Parameters
    ----------
    at_least : float
        The first score on the far side.
    name : str
        What for.
    source : str
        Who says so.
    """

    at_least: float
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Norm:
    """How a group of people scored.

    Parameters
    ----------
    group : str
        Who: ``"clinical"`` and ``"general"`` are what a cut-off between the two is computed from.
    n : int
        How many people.
    mean, sd : float
        In points of the scale; ``sd`` > 0.
    source : str
        Where it is published.
    """

    group: str
    n: int
    mean: float
    sd: float
    source: str


@dataclass(frozen=True, slots=True)
class ChangeConstants:
    """What a smallest reliable change is computed from. It is a property of a sample, not of a form.

    Parameters
    ----------
    sd : float
        Standard deviation of the sample's first scores, in points, > 0.
    reliability : float
        In [0, 1).
    z : float
        1.96 for 95 %, 1.645 for 90 %.
    source : str
        Where ``sd`` and ``reliability`` come from.
    """

    sd: float
    reliability: float
    z: float
    source: str


@dataclass(frozen=True, slots=True)
class PublishedChange:
    """A smallest reliable change that somebody published as a number. Beside ours, never instead.

    Parameters
    ----------
    points : float
        In points of the scale, > 0.
    source : str
        Who uses it.
    """

    points: float
    source: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Which items become one number, and how.

    Parameters
    ----------
    key : str
        Its name in scores.
    items : tuple of str
        Keys of its items.
    reverse : tuple of str
        Those of them that count the other way round.
    rule : Rule
        Sum or mean.
    multiply : float
        What the sum or mean is multiplied by, > 0.
    most_missing : int
        How many items may be left out. The score then rests on the mean of the others.
    higher : Direction
        What a higher score means.
    overlaps : tuple of str
        Other scales that share items with it, on purpose.
    low, high : float
        Ends of what is possible.
    bands, cuts, norms, constants, published : tuple
        What is known about its scores, each with its source.
    angle_deg : float, optional
        Where it lies on a circumplex.
    codes : tuple of Coding
        What it is called in code systems.
    """

    key: str
    items: tuple[str, ...]
    reverse: tuple[str, ...]
    rule: Rule
    multiply: float
    most_missing: int
    higher: Direction
    overlaps: tuple[str, ...]
    low: float
    high: float
    bands: tuple[Band, ...] = ()
    cuts: tuple[Cut, ...] = ()
    norms: tuple[Norm, ...] = ()
    constants: tuple[ChangeConstants, ...] = ()
    published: tuple[PublishedChange, ...] = ()
    angle_deg: float | None = None
    codes: tuple[Coding, ...] = ()

    def band_of(self, score: float) -> Band | None:
        """Find the band of a score.

        Parameters
        ----------
        score : float
            In points.

        Returns
        -------
        band : Band or None
            None where the scale has no bands.
        """
        return next((band for band in reversed(self.bands) if score >= band.low), None)


@dataclass(frozen=True, slots=True)
class ItemText:
    """An item's words in one language.

    Parameters
    ----------
    text : str
        The question or statement.
    labels : mapping of number to str
        Words of options by value: all of a choice, at least both ends of a rating, none of a text.
    """

    text: str
    labels: Mapping[Number, str]


@dataclass(frozen=True, slots=True)
class Texts:
    """All words of an instrument in one language.

    Parameters
    ----------
    language : str
        Such as ``"en"`` or ``"es"``: put it on the page's element, because it need not be the
        page's language.
    title : str
        What the form is called.
    instructions : str
        What stands above the form; empty where nothing does.
    stem : str
        The beginning that all items share; empty where there is none.
    items : mapping of str to ItemText
        By item key, in the instrument's order.
    scales : mapping of str to str
        Names of scales by key.
    """

    language: str
    title: str
    instructions: str
    stem: str
    items: Mapping[str, ItemText]
    scales: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms the words may be used.

    Parameters
    ----------
    name : str
        Such as ``"CC BY-ND 4.0"``.
    attribution : str
        What has to stand where the form is shown; empty where nothing has to.
    note : str
        Who says so, and what to mind.
    """

    name: str
    attribution: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One questionnaire.

    Parameters
    ----------
    key : str
        Its name, such as ``"phq-9"``.
    version : str
        Of our file: answers are kept with it.
    rater : str
        Who answers: ``"client"`` or ``"therapist"``.
    validated : bool
        False where no study says what its scores are worth.
    recall_days : int, optional
        How far back it asks; None where it asks about the meeting or about always. Asking more
        often than this asks about the same days twice.
    licence : Licence
        Terms of its words.
    items : tuple of Item
        In the order in which they are asked.
    scales : tuple of Scale
        In the order in which they are reported.
    languages : tuple of str
        In which languages its words are here, the original first. Empty for a scoring key whose
        words a practice brings itself (:func:`openrapport.measures.definition.with_texts`).
    cautions : tuple of str
        What to mind, in English, for professionals.
    sources : tuple of str
        Where words, key and numbers come from.
    codes : tuple of Coding
        What the form is called in code systems.
    """

    key: str
    version: str
    rater: str
    validated: bool
    recall_days: int | None
    licence: Licence
    items: tuple[Item, ...]
    scales: tuple[Scale, ...]
    languages: tuple[str, ...]
    cautions: tuple[str, ...]
    sources: tuple[str, ...]
    codes: tuple[Coding, ...] = ()
    _texts: Mapping[str, Texts] = field(default_factory=dict, repr=False)

    def item(self, key: str) -> Item:
        """Look an item up.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        item : Item
            The item.

        Raises
        ------
        BadInput
            If there is none of that name.
        """
        for item in self.items:
            if item.key == key:
                return item
        raise BadInput(f"{self.key} has no such item; it has {', '.join(i.key for i in self.items)}")

    def scale(self, key: str) -> Scale:
        """Look a scale up.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        scale : Scale
            The scale.

        Raises
        ------
        BadInput
            If there is none of that name.
        """
        for scale in self.scales:
            if scale.key == key:
                return scale
        raise BadInput(f"{self.key} has no such scale; it has {', '.join(s.key for s in self.scales)}")

    def texts(self, language: str) -> Texts:
        """Give the words in a language, or in the nearest that is there.

        Parameters
        ----------
        language : str
            Such as ``"es"`` or ``"es-mx"``.

        Returns
        -------
        texts : Texts
            In that language; in its main language where the region has no words of its own;
            otherwise in the original. ``texts.language`` says which it is.

        Raises
        ------
        BadInput
            If the instrument is a scoring key without words.
        """
        if not self.languages:
            raise BadInput(
                f"{self.key} is a scoring key without words; bring the words that you are licensed for"
            )
        wanted = language.lower().replace("_", "-")
        for name in (wanted, wanted.partition("-")[0]):
            if name in self._texts:
                return self._texts[name]
        return self._texts[self.languages[0]]
