"""Codes that somebody or something gave to utterances, and what such codes are worth.

Codes stand beside the utterances, never inside, so that several coders and schemes coexist.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.signal import frozen_column, made_again

__all__ = ["Codes", "MeasuredError", "Ratings"]


@dataclass(frozen=True, slots=True)
class MeasuredError:
    """How often a coder is right, counted on named data.

    Parameters
    ----------
    code : str
        The code it speaks of, or ``"macro"`` for the mean over a scheme's codes.
    metric : str
        ``"precision"``, ``"recall"`` or ``"f1"``.
    value : float
        In [0, 1].
    interval : tuple of float
        95 % interval, resampled over transcripts.
    n : int
        How many coded utterances it rests on.
    on : str
        The data, in words.
    """

    code: str
    metric: str
    value: float
    interval: tuple[float, float]
    n: int
    on: str


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """One coder's codes of one scheme: a row for every code that is on.

    Parameters
    ----------
    scheme : str
        For instance ``"strategy"`` (see ``design`` of the command line: schemes and codes).
    coder : str
        Who or what coded, with its version: ``"rules.v1"``.
    labels : tuple of str
        Every code of the scheme that this coder can give.
    utterance : array_like of int, shape (n_rows,)
        Index of the coded utterance, never decreasing.
    label : array_like of int, shape (n_rows,)
        Index into ``labels``.
    probability : array_like of float, shape (n_rows,)
        In [0, 1]: how sure the coder is; 1 for a person's own code.
    measured : tuple of MeasuredError
        What codes of this coder are worth; empty where nobody measured.

    Raises
    ------
    BadInput
        If lengths differ, an index is out of range, or a probability is not in [0, 1].
    """

    scheme: str
    coder: str
    labels: tuple[str, ...]
    utterance: NDArray[np.int64]
    label: NDArray[np.int64]
    probability: NDArray[np.float64]
    measured: tuple[MeasuredError, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "measured", tuple(self.measured))
        object.__setattr__(self, "utterance", frozen_column(self.utterance, np.int64))
        object.__setattr__(self, "label", frozen_column(self.label, np.int64))
        object.__setattr__(self, "probability", frozen_column(self.probability, np.float64))
        if not len(self.utterance) == len(self.label) == len(self.probability):
            raise BadInput(f"columns of {self.scheme} codes differ in length; expected one length")
        if len(self.label) and not (0 <= self.label.min() and self.label.max() < len(self.labels)):
            raise BadInput(f"a code of {self.scheme} is outside its {len(self.labels)} labels")
        if len(self.utterance) and (self.utterance[0] < 0 or (np.diff(self.utterance) < 0).any()):
            raise BadInput(f"rows of {self.scheme} codes are not in the order of their utterances")
        # A NaN fails this comparison too, as it should.
        if not ((self.probability >= 0) & (self.probability <= 1)).all():
            raise BadInput(f"a probability of {self.scheme} codes is not between 0 and 1")

    __reduce__ = made_again

    def __len__(self) -> int:
        return len(self.utterance)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Codes):
            return NotImplemented
        return (self.scheme, self.coder, self.labels, self.measured) == (
            other.scheme,
            other.coder,
            other.labels,
            other.measured,
        ) and all(
            np.array_equal(getattr(self, c), getattr(other, c))
            for c in ("utterance", "label", "probability")
        )

    def with_label(self, label: str) -> NDArray[np.int64]:
        """Utterances that have a code.

        Parameters
        ----------
        label : str
            One of ``labels``.

        Returns
        -------
        utterance : ndarray of int64, shape (n,)
            Their indices, in order.

        Raises
        ------
        BadInput
            If the scheme has no such code.
        """
        if label not in self.labels:
            raise BadInput(f"code {label!r}; expected one of {', '.join(self.labels)}")
        coded: NDArray[np.int64] = self.utterance[self.label == self.labels.index(label)]
        return coded


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """One number for each utterance from one source, such as its sentiment.

    Parameters
    ----------
    scheme : str
        What is rated: ``"sentiment"``.
    rater : str
        Who or what rated, with its version.
    values : array_like of float, shape (n_utterances,)
        NaN where nothing could be rated.
    unit : str
        Unit and range, in words.
    """

    scheme: str
    rater: str
    values: NDArray[np.float64]
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen_column(self.values, np.float64))

    __reduce__ = made_again

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ratings):
            return NotImplemented
        return (self.scheme, self.rater, self.unit) == (other.scheme, other.rater, other.unit) and (
            np.array_equal(self.values, other.values, equal_nan=True)
        )
