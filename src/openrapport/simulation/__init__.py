"""A practice that does not exist: people, episodes, meetings and what was said about them.

``simulate_practice(parameters, rng=..., end=...)`` makes a ``Practice`` of tables; every number it
is made from stands in ``PracticeParameters``.
"""

from openrapport.simulation.parameters import PracticeParameters, sources
from openrapport.simulation.practice import (
    Clients,
    Distress,
    Ending,
    Episodes,
    GoalRatings,
    Goals,
    Meetings,
    MeetingStatus,
    Modality,
    Practice,
    Rater,
    Ratings,
    Reason,
    Referral,
    Strains,
    Table,
    Therapists,
    WayOfStrain,
)
from openrapport.simulation.simulate import simulate_practice

__all__ = [
    "Clients",
    "Distress",
    "Ending",
    "Episodes",
    "GoalRatings",
    "Goals",
    "MeetingStatus",
    "Meetings",
    "Modality",
    "Practice",
    "PracticeParameters",
    "Rater",
    "Ratings",
    "Reason",
    "Referral",
    "Strains",
    "Table",
    "Therapists",
    "WayOfStrain",
    "simulate_practice",
    "sources",
]
