"""Numbers as a person reads them: the same words on the page, in the PDF and in the terminal."""

from __future__ import annotations

from openrapport.codes import MeasuredError
from openrapport.finding import Finding
from openrapport.session import Role

__all__ = [
    "amount",
    "bare",
    "chance",
    "clock",
    "how_sure",
    "interval",
    "plain_name",
    "rests_on",
    "right_of_ten",
    "who",
]

_PRECISE_BELOW = 10
_MINUTE_MS = 60_000


def clock(ms: int) -> str:
    """Write a place in the session as a clock would.

    Parameters
    ----------
    ms : int
        From the session's start.

    Returns
    -------
    time : str
        ``"7:05"``, or ``"1:07:05"`` from an hour on.
    """
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def amount(value: float, unit: str) -> str:
    """Write a number with its unit, no more precisely than it is worth.

    Parameters
    ----------
    value : float
        In ``unit``.
    unit : str
        As in a :class:`~openrapport.finding.Finding`.

    Returns
    -------
    text : str
        ``"62%"``, ``"1.4 s"``, ``"3.2 per 100 words"``.
    """
    if unit == "share":
        return f"{100 * value:.0f}%"
    if unit == "ms":
        if abs(value) >= 2 * _MINUTE_MS:
            return f"{value / _MINUTE_MS:.1f} min"
        return f"{value / 1000:.1f} s"
    number = (
        f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
    )
    if unit in ("ratio", "difference in probability", "similarity", "compound"):
        return f"{value:.2f}"
    return f"{number} {unit}"


def bare(value: float, unit: str) -> str:
    """Write a number whose unit stands beside it already.

    Parameters
    ----------
    value : float
        In ``unit``.
    unit : str
        As in a :class:`~openrapport.finding.Finding`.

    Returns
    -------
    text : str
        As :func:`amount`, without the words of the unit.
    """
    text = amount(value, unit)
    return text[: -len(unit) - 1] if text.endswith(f" {unit}") else text


def interval(finding: Finding) -> str:
    """Write a finding's interval.

    Parameters
    ----------
    finding : Finding
        With or without an interval.

    Returns
    -------
    text : str
        ``"58% to 66%"``; empty where there is none.
    """
    if finding.interval is None:
        return ""
    low, high = finding.interval
    return f"{bare(low, finding.unit)} to {bare(high, finding.unit)}"


def chance(finding: Finding) -> str:
    """Say what chance alone gives, and where the value lies.

    Parameters
    ----------
    finding : Finding
        With or without a null.

    Returns
    -------
    text : str
        A sentence; empty where there is no null.
    """
    null = finding.null
    if null is None:
        return ""
    low, high = bare(null.low, finding.unit), bare(null.high, finding.unit)
    if finding.value > null.high:
        where = "This value lies above that."
    elif finding.value < null.low:
        where = "This value lies below that."
    else:
        where = "This value lies inside that: no different from chance."
    return f"Chance alone gives {low} to {high} ({null.draws} shuffles). {where}"


def right_of_ten(error: MeasuredError) -> str:
    """Say how often such a mark was right, in whole tenths.

    Parameters
    ----------
    error : MeasuredError
        A precision in [0, 1].

    Returns
    -------
    text : str
        "Of ten such marks, about seven were right (64% to 75%, n = 301, on ...)".
    """
    words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    low, high = error.interval
    verb = "was" if round(10 * error.value) == 1 else "were"
    return (
        f"Of ten such marks, about {words[round(10 * error.value)]} {verb} right "
        f"({100 * low:.0f}% to {100 * high:.0f}%, n = {error.n}, on {error.on})."
    )


def how_sure(finding: Finding) -> str:
    """Say how sure a finding is: its interval, its chance band, its coder's measured error.

    Parameters
    ----------
    finding : Finding
        Any.

    Returns
    -------
    text : str
        One to three sentences.
    """
    sentences = []
    if finding.interval is not None:
        sentences.append(f"95% interval {interval(finding)}.")
    if finding.null is not None:
        sentences.append(chance(finding))
    sentences.extend(right_of_ten(m) for m in finding.measured if m.metric == "precision")
    return " ".join(sentences)


def rests_on(finding: Finding) -> str:
    """Say what a finding rests on.

    Parameters
    ----------
    finding : Finding
        Any.

    Returns
    -------
    text : str
        ``"n = 84 turns, floor.v1"``.
    """
    return f"n = {finding.n:,} {finding.counted}, {finding.step}"


def plain_name(name: str) -> str:
    """Turn a name of the code into words.

    Parameters
    ----------
    name : str
        ``"open_question"``.

    Returns
    -------
    words : str
        ``"open question"``.
    """
    return name.replace("_", " ")


def who(party: Role | None) -> str:
    """Say whom something is about.

    Parameters
    ----------
    party : Role or None
        None for both.

    Returns
    -------
    words : str
        ``"Therapist"``, ``"Client"``, ``"Both"``.
    """
    return str(party).capitalize() if party else "Both"
