"""The parity certificate: how far frameworks differ on one configuration, one table and one plan."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yaynay.models.backends.base import MODULES
from yaynay.records.record import Record
from yaynay.storage import digest
from yaynay.verdict.model import Difference


@dataclass(frozen=True)
class Certificate:
    """What the backends of a sweep differ by.

    Attributes:
        reference: The first backend in the registry's order.
        n_configurations: Trained on the reference and on another, the fewest of any.
        differences: Of each other backend from the reference, the largest over those configurations.
    """

    reference: str
    n_configurations: int
    differences: dict[str, Difference]


def certify(records: Sequence[Record]) -> Certificate | None:
    """Compare every backend with the first one, on the configurations that both trained; None where there are none.

    Args:
        records: Of one table and plan; what has not finished is passed over.
    """
    by_backend: dict[str, dict[str, Record]] = {}
    for record in records:
        configuration = record.parsed
        if record.status == "finished" and configuration.backend.name in MODULES:
            recipe = digest({**configuration.numerics(), "backend": None})
            by_backend.setdefault(configuration.backend.name, {})[recipe] = record
    reference, *others = [name for name in MODULES if name in by_backend] or [""]
    pairs = {
        name: [
            (ours, by_backend[name][recipe])
            for recipe, ours in sorted(by_backend[reference].items())
            if recipe in by_backend[name]
        ]
        for name in others
    }
    pairs = {name: found for name, found in pairs.items() if found}
    if not pairs:
        return None
    n_configurations = min(len(found) for found in pairs.values())
    return Certificate(reference, n_configurations, {name: _compare(found) for name, found in pairs.items()})


def _compare(pairs: list[tuple[Record, Record]]) -> Difference:
    return Difference(
        curves=max(_array_difference(a.arrays, b.arrays, ("train_loss", "val_loss")) for a, b in pairs),
        weights=max(_array_difference(a.weights, b.weights, tuple(a.weights)) for a, b in pairs),
        predictions=max(_array_difference(a.arrays, b.arrays, ("predictions", "whole")) for a, b in pairs),
    )


def _array_difference(ours: dict[str, NDArray], theirs: dict[str, NDArray], names: Sequence[str]) -> float:
    return max(
        (relative_difference(ours[name], theirs[name]) for name in names if name in ours and ours[name].size),
        default=0.0,
    )


def relative_difference(ours: NDArray, theirs: NDArray) -> float:
    """Largest difference over the largest absolute value of `ours`; curves compare as far as both go.

    >>> relative_difference(np.array([1.0, 2.0]), np.array([1.0, 2.2]))
    0.10000000000000009
    """
    if ours.ndim == 1:
        length = min(len(ours), len(theirs))
        ours, theirs = ours[:length], theirs[:length]
    scale = float(np.max(np.abs(ours)))
    return float(np.max(np.abs(ours - theirs))) / scale if scale > 0 else float(np.max(np.abs(theirs)))
