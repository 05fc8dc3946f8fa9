"""A measure sampled at a steady rate, with what was not observed kept apart."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput

__all__ = ["Signal", "frozen_column", "made_again"]


def frozen_column(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
    """Copy values into a read-only column of one dtype.

    Parameters
    ----------
    values : array_like, shape (n,)
        What the column shall hold.
    dtype : type
        The numpy dtype of the column.

    Returns
    -------
    column : ndarray, shape (n,)
        Read-only: a value that many share cannot be changed by one of them.

    Raises
    ------
    BadInput
        If the values are not one-dimensional or do not fit the dtype.
    """
    try:
        column = np.array(values, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"a column of {dtype.__name__} was expected: {type(error).__name__}") from None
    if column.ndim != 1:
        raise BadInput(f"a column has {column.ndim} dimensions; expected 1")
    column.flags.writeable = False
    return column


def made_again(value: Any) -> tuple[type, tuple[Any, ...]]:
    """Say how a value is pickled: as what its class was called with.

    Pickled field by field, its columns could be written to in the other process, and nothing would
    check them there.

    Parameters
    ----------
    value : dataclass instance
        With fields that are the arguments of its class.

    Returns
    -------
    reduced : (type, tuple)
        What ``__reduce__`` returns.
    """
    return type(value), tuple(getattr(value, field.name) for field in fields(value))


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A measure sampled at a steady rate (movement, pitch, loudness).

    Parameters
    ----------
    values : array_like, shape (n,)
        The samples, float64. What stands where ``valid`` is False means nothing.
    valid : array_like, shape (n,)
        True where something was observed. Nothing is ever filled in.
    rate_hz : float
        Samples in a second, > 0.
    unit : str
        Unit of the values, for instance ``"px/frame"``.
    start_ms : int
        When the first sample was taken, from the session's start.

    Raises
    ------
    BadInput
        If lengths differ, the rate is not positive, or a valid sample is not finite.
    """

    values: NDArray[np.float64]
    valid: NDArray[np.bool_]
    rate_hz: float
    unit: str
    start_ms: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen_column(self.values, np.float64))
        object.__setattr__(self, "valid", frozen_column(self.valid, np.bool_))
        if len(self.values) != len(self.valid):
            raise BadInput(
                f"a signal has {len(self.values)} values and {len(self.valid)} valid flags; "
                "expected as many of each"
            )
        if not self.rate_hz > 0 or not np.isfinite(self.rate_hz):
            raise BadInput(f"a signal has a rate of {self.rate_hz} Hz; expected a number above 0")
        if not np.isfinite(self.values[self.valid]).all():
            raise BadInput("a signal holds NaN or infinity where it says valid; mark it invalid")

    __reduce__ = made_again

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Signal):
            return NotImplemented
        return (
            (self.rate_hz, self.unit, self.start_ms) == (other.rate_hz, other.unit, other.start_ms)
            and np.array_equal(self.valid, other.valid)
            and np.array_equal(self.values[self.valid], other.values[other.valid])
        )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def duration_ms(self) -> int:
        """Length in whole milliseconds."""
        return round(1000 * len(self.values) / self.rate_hz)
