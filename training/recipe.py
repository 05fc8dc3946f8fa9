"""Every choice of a training in one frozen value: a run is known by its recipe and its seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from json import dumps

__all__ = ["Recipe", "changed"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the coder is trained.

    ``views`` are what sequence layers see (see ``network.VIEWS``), joined by ``+``; the first ships.
    In the first ``warm_epochs`` of ``epochs`` the whole encoder stays as it was and the layers above it
    learn; then its layers above ``frozen_layers`` learn too.
    ``bag`` is the width of the network's own bag of wordings.
    ``wordings_freedom`` is how freely the linear member may weigh wordings.
    """

    frozen_layers: int = 3
    warm_epochs: int = 5
    views: str = "past"
    utterance_tokens: int = 64
    hidden: int = 160
    bag: int = 32
    dropout: float = 0.4
    chunk: int = 48
    chunks_per_step: int = 4
    epochs: int = 10
    encoder_rate: float = 1.5e-4
    head_rate: float = 2e-3
    weight_decay: float = 0.03
    label_smoothing: float = 0.0
    balance: float = 0.3
    wordings_freedom: float = 1.0
    strategy_weight: float = 1.0
    strain_weight: float = 1.0
    disclosure_weight: float = 0.5
    subtypes_weight: float = 0.7
    seed: int = 1

    def key(self) -> str:
        """Short name of the recipe, the same for the same choices."""
        return sha256(dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:10]


def changed(recipe: Recipe, changes: list[str]) -> Recipe:
    """Apply ``name=value`` changes.

    Parameters
    ----------
    recipe : Recipe
        What is changed.
    changes : list of str
        ``name=value`` with names of the recipe.

    Returns
    -------
    recipe : Recipe
        A new one.
    """
    kinds = {field.name: type(getattr(recipe, field.name)) for field in fields(recipe)}
    new: dict[str, object] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in kinds:
            raise SystemExit(f"no choice is called {name!r}; expected one of {', '.join(kinds)}")
        new[name] = value == "True" if kinds[name] is bool else kinds[name](value)
    return replace(recipe, **new)  # type: ignore[arg-type]  # values have the fields' own types
