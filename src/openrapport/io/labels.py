"""Speakers' labels: which words before a colon name somebody, and which only begin a sentence."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from openrapport.io.carried import plain_name
from openrapport.session import Party, Role

__all__ = [
    "could_be_label",
    "find_labels",
    "is_remark",
    "party_labels",
    "role_named",
    "same_label",
    "take_label",
]

_THERAPIST = frozenset(
    """t th therapist psychotherapist counsellor counselor clinician psychologist psychiatrist doctor
    coach practitioner provider interviewer facilitator therapeut therapeutin psychologin psychologe
    psychotherapeut psychotherapeutin""".split()
)
_CLIENT = frozenset(
    """c cl client patient pt p participant interviewee klient klientin patientin coachee""".split()
)
_TITLED = re.compile(r"dr\.?\s+\S.*")

_MAX_LABEL_CHARS = 60
_MAX_LABEL_WORDS = 6
_COLON = re.compile(r"[:：](?!//)")
_INNER_PUNCTUATION = re.compile(r"[!?;<>\"“”…]|\.(?=\s)")
_ABBREVIATION = re.compile(r"\b(?:\w|Dr|Mr|Mrs|Ms|Mx|Prof|St|Jr|Sr)\.(?=\s)", re.IGNORECASE)
_PARTICLES = frozenset("a al and bin da de del den der di du el ibn la le of the van von y".split())
_REMARK = re.compile(r"\[[^\]]*\]|\([^)]*\)|♪[^♪]*♪?")
# Below this share of lines, a repeated lower-case beginning is more likely a figure of speech.
_LOWER_CASE_SHARE = 0.1
# Below this share of subtitles, "Words:" is not how this file names its speakers.
_CUE_SHARE = 0.5
# So often a name with a colon must come back, to be no name followed by "Well:".
_RECURS = 3


def same_label(label: str) -> str:
    """Make labels comparable: ``"T "`` and ``"t"`` are one speaker.

    Parameters
    ----------
    label : str
        As the file has it.

    Returns
    -------
    key : str
        Without case and without extra spaces.
    """
    return " ".join(label.casefold().split())


def role_named(label: str) -> Role | None:
    """Tell which role a label names.

    Parameters
    ----------
    label : str
        As the file has it: ``"Therapist"``, ``"T"``, ``"Dr. Such"``, ``"Patient"``, in any case.

    Returns
    -------
    role : Role or None
        None where the label names no role.
    """
    key = same_label(label).rstrip(".")
    if key in _THERAPIST or _TITLED.fullmatch(key):
        return Role.THERAPIST
    if key in _CLIENT:
        return Role.CLIENT
    return Role.OTHER if key == "other" else None


def is_remark(text: str) -> bool:
    """Tell whether a text is a transcriber's remark and nobody's words.

    Parameters
    ----------
    text : str
        ``"[silence]"``, ``"(phone rings)"``, or music signs.

    Returns
    -------
    is_remark : bool
        True where all of it stands in brackets.
    """
    return _REMARK.fullmatch(text.strip()) is not None


def could_be_label(text: str) -> bool:
    """Tell whether these words could name a speaker.

    Parameters
    ----------
    text : str
        What stands before a colon.

    Returns
    -------
    could_be : bool
        False for what is long, empty, or punctuated like a sentence.
    """
    if not text.strip() or len(text) > _MAX_LABEL_CHARS or len(text.split()) > _MAX_LABEL_WORDS:
        return False
    if not any(c.isalpha() for c in text):
        return False
    return _INNER_PUNCTUATION.search(_ABBREVIATION.sub("x", text)) is None


def find_labels(
    lines: Sequence[str], *, opens: Sequence[bool] | None = None, subtitles: bool = False
) -> frozenset[str]:
    """Find the speakers' labels of a transcript whose lines read ``Name: words``.

    A label names a role, or comes back, or is capitalised like a name where a new paragraph begins.
    Where every line has one, all are labels. Names may hold colons, if they come back often enough
    to show it.

    Parameters
    ----------
    lines : sequence of str
        Lines of text, or texts of subtitles.
    opens : sequence of bool, optional
        True where a paragraph begins.
    subtitles : bool
        True where each text is one utterance: then labels must stand before at least half of them.

    Returns
    -------
    labels : frozenset of str
        As the file has them; empty where the file names no speakers.
    """
    found = [_prefixes(line) for line in lines]
    times = Counter(prefix for prefixes in found for prefix in prefixes)
    first = Counter(prefixes[0] for prefixes in found if prefixes)
    everywhere = all(found)
    opening = {p[0] for p, opens_here in zip(found, opens or (), strict=False) if p and opens_here}
    lower_case_min = max(2, _LOWER_CASE_SHARE * len(lines))
    follow = _followers(found)
    labels: set[str] = set()
    for label, count in first.items():
        named = role_named(label) is not None
        name = _capitalised(label)
        if (
            named
            or everywhere
            or (name and (count >= 2 or label in opening))
            or count >= lower_case_min
        ):
            labels |= {label} if named else _extended(label, follow[label], times)
    covered = sum(take_label(line, labels)[0] is not None for line in lines) if subtitles else 0
    if subtitles and covered < _CUE_SHARE * len(lines):
        return frozenset(label for label in labels if role_named(label))
    return frozenset(labels)


def take_label(line: str, labels: Iterable[str]) -> tuple[str | None, str]:
    """Part a line into its label and what was said.

    Parameters
    ----------
    line : str
        One line of text, or the text of a subtitle.
    labels : iterable of str
        As from :func:`find_labels`.

    Returns
    -------
    label : str or None
        None where the line has none of the labels.
    text : str
        The rest of the line, or all of it.
    """
    known = labels if isinstance(labels, set | frozenset) else set(labels)
    for prefix in reversed(_prefixes(line)):
        if prefix in known:
            rest = line.lstrip()[len(prefix) :].lstrip()
            return prefix, rest[1:].strip(" \t")
    return None, line


def party_labels(parties: Sequence[Party]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give each party a label that no other has.

    Parameters
    ----------
    parties : sequence of Party
        Of a session.

    Returns
    -------
    labels : tuple of str
        Their names; the role where a name is blank, and a number after a name that stands twice.
    notes : tuple of str
        What had to be changed, one sentence each.
    """
    labels: list[str] = []
    taken: set[str] = set()
    for party in parties:
        base = plain_name(party.name) or str(party.role).capitalize()
        label, k = base, 2
        while same_label(label) in taken:
            label, k = f"{base} ({k})", k + 1
        taken.add(same_label(label))
        labels.append(label)
    changed = sum(label != party.name for label, party in zip(labels, parties, strict=True))
    note = f"Speakers' names must be plain and differ: {changed} written in another way."
    return tuple(labels), (note,) if changed else ()


def _prefixes(line: str) -> list[str]:
    # What stands before the first, second and third colon of the line's beginning.
    start = line.lstrip()[: _MAX_LABEL_CHARS + 2]
    prefixes = []
    for colon in list(_COLON.finditer(start))[:3]:
        prefix = start[: colon.start()].rstrip()
        after = start[colon.end() : colon.end() + 1]
        if prefix[-1:].isdigit() and after.isdigit():
            continue
        if not could_be_label(prefix):
            break
        prefixes.append(prefix)
    return prefixes


def _followers(found: list[list[str]]) -> dict[str, set[str]]:
    # What each first prefix goes on as; "" where it stands alone.
    follow: defaultdict[str, set[str]] = defaultdict(set)
    for prefixes in found:
        if prefixes:
            follow[prefixes[0]].add(prefixes[1] if len(prefixes) > 1 else "")
    return follow


def _extended(label: str, longer: set[str], times: Counter[str]) -> set[str]:
    # "Unit 3: A" and "Unit 3: B" are names, if "Unit 3" never stands before anything else.
    if "" in longer or any(times[name] < _RECURS for name in longer):
        return {label}
    return longer


def _capitalised(label: str) -> bool:
    return all(not word[0].islower() or word.casefold() in _PARTICLES for word in label.split()) and (
        not label[0].islower()
    )
