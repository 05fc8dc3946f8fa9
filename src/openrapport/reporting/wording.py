"""Numbers as a person reads them: the same words on the page, in the PDF and in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from openrapport.codes import MeasuredError
from openrapport.finding import Finding
from openrapport.session import Role

__all__ = [
    "amount",
    "bare",
    "chance",
    "clock",
    "code_name",
    "how_sure",
    "interval",
    "plain_name",
    "rests_on",
    "right_in_short",
    "right_of_ten",
    "who",
]

_MINUTE_MS = 60_000
_FEW_CHECKED = 10

_PLAIN = {"therapist_input": "advice or information", "other": "something else"}

# Codes whose names say little without their scheme.
_CODES = {
    ("talk", "change"): "change talk",
    ("talk", "sustain"): "sustain talk",
    ("talk", "neutral"): "neither change nor sustain talk",
    ("withdrawal", "unspecified"): "moving away",
    ("confrontation", "unspecified"): "moving against",
    ("disclosure", "0"): "nothing personal",
    ("disclosure", "1"): "everyday facts",
    ("disclosure", "2"): "something personal",
    ("disclosure", "3"): "something vulnerable",
}


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
        return f"{_digits(100 * value, 0)}%"
    if unit == "difference in probability":
        points = _digits(100 * value, 0)
        less = points.startswith("\N{MINUS SIGN}")
        return f"{points[less:]} points {'less' if less else 'more'} often"
    if unit in ("ratio", "similarity", "compound"):
        return _digits(value, 2)
    if unit == "ms":
        if abs(value) >= 2 * _MINUTE_MS:
            return f"{_digits(value / _MINUTE_MS, 1)} min"
        return f"{_digits(value / 1000, 1)} s"
    number = _digits(value, 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2)
    return f"{number.removesuffix('.0') if unit in ('words', 'turns') else number} {unit}"


def _digits(value: float, decimals: int) -> str:
    """Write a number with a typographic minus, and none before a zero."""
    text = f"{value:.{decimals}f}"
    return "0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


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
    if unit == "difference in probability":
        return _digits(100 * value, 0)
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
    points = " points" if finding.unit == "difference in probability" else ""
    return f"{bare(low, finding.unit)} to {bare(high, finding.unit)}{points}"


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
        where = "This is more than that."
    elif finding.value < null.low:
        where = "This is less than that."
    else:
        where = "This is no different from chance."
    points = " points" if finding.unit == "difference in probability" else ""
    return f"Chance alone gives {low} to {high}{points} ({null.draws} shuffles). {where}"


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


def right_in_short(finding: Finding) -> str:
    """Say in a few words how often a finding's marks were right.

    Parameters
    ----------
    finding : Finding
        Of a coder, or not.

    Returns
    -------
    text : str
        ``"about 7 of 10 such marks are right"``, or that too few were checked; empty where no
        single code is behind it.
    """
    precisions = [m for m in finding.measured if m.metric == "precision"]
    if len(precisions) != 1:
        return ""
    if precisions[0].n < _FEW_CHECKED:
        return "too few such marks were checked to say how often they are right"
    right = round(10 * precisions[0].value)
    return f"about {right} of 10 such marks {'is' if right == 1 else 'are'} right"


def how_sure(findings: Sequence[Finding]) -> list[str]:
    """Say how sure findings of one name are, and how to read what stands beside them.

    Parameters
    ----------
    findings : sequence of Finding
        At least one.

    Returns
    -------
    sentences : list of str
        What the interval and the chance band mean, and every coder's measured error.
    """
    sentences = []
    if any(f.interval for f in findings):
        sentences.append(
            "The 95% interval says how far the number would move if other stretches of the same "
            "session had been drawn: the wider, the less sure."
        )
    if any(f.null for f in findings):
        sentences.append(
            "The chance band is what comes out when this session’s replies are shuffled. A number inside "
            "it says nothing; a number outside it could still be luck, once in twenty times."
        )
    by_source: dict[str, dict[str, str]] = {}
    for m in (m for f in findings for m in f.measured if m.metric == "precision"):
        low, high = m.interval
        by_source.setdefault(m.on, {})[m.code] = (
            f"{plain_name(m.code)} {100 * m.value:.0f}% ({100 * low:.0f}% to {100 * high:.0f}%, n = {m.n})"
        )
    for m in dict.fromkeys(m for f in findings for m in f.measured if m.code == "macro"):
        low, high = m.interval
        sentences.append(
            f"Over all codes behind it, the coder’s mean F1 was {100 * m.value:.0f}% ({100 * low:.0f}% to "
            f"{100 * high:.0f}%, n = {m.n}; 100% is never wrong). Measured on {m.on}."
        )
    for on, rights in by_source.items():
        sentences.append(
            f"So many of such marks were right: {', '.join(rights.values())}. Measured on {on}."
        )
    return sentences


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
    return ", ".join(_PLAIN.get(part, part.replace("_", " ")) for part in name.split(", "))


def code_name(scheme: str, label: str) -> str:
    """Turn a code into words that stand for themselves.

    Parameters
    ----------
    scheme, label : str
        ``"disclosure"``, ``"2"``.

    Returns
    -------
    words : str
        ``"something personal"``.
    """
    return _CODES.get((scheme, label)) or plain_name(label)


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
