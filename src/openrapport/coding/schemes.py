"""Schemes of codes, whoever gives them: a person, rules, or a trained model.

A coder may know fewer codes of a scheme than stand here. What it does not know is not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SCHEMES", "THERAPIST_SCHEMES", "UNSPECIFIED"]

UNSPECIFIED = "unspecified"
"""A move away or against whose kind the coder cannot tell."""

_STRATEGY = """simple_reflection complex_reflection summary open_question closed_question affirmation
    validation insight information advice advice_with_leave collaboration feedback_seeking genuineness
    confrontation"""

SCHEMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # What a therapist's utterance mainly does: exactly one.
        "behaviour": ("reflection", "question", "therapist_input", "other"),
        # What it does besides: any number.
        "strategy": tuple(_STRATEGY.split()),
        # The client on change: exactly one.
        "talk": ("change", "sustain", "neutral"),
        # Moves of the client away from the therapist or the work, or against them: any number.
        "withdrawal": (
            "denial",
            "minimal_response",
            "avoidance",
            "deference",
            "hopelessness",
            UNSPECIFIED,
        ),
        "confrontation": ("complaint", "rejection", "self_defence", "control", UNSPECIFIED),
        # How personal it is, from nothing (0) to something vulnerable (3): exactly one.
        "disclosure": ("0", "1", "2", "3"),
    }
)
"""Codes of each scheme, in the order in which they are reported."""

THERAPIST_SCHEMES = ("behaviour", "strategy")
"""Schemes of what a therapist says; the others are of what a client says."""
