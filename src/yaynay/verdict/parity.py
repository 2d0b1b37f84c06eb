"""The parity certificate: how far frameworks differ on one configuration, one table and one plan."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from yaynay.models.backends.base import MODULES
from yaynay.models.network import STANDARDISATION
from yaynay.models.scores import relative_difference
from yaynay.records.record import Record
from yaynay.storage import digest
from yaynay.verdict.model import Difference, Outcome, Parity


def certify(records: Sequence[Record], decide: Callable[[Sequence[Record]], Outcome]) -> Parity | None:
    """Compare every backend with the first one, on the configurations that both trained; None where there are none.

    A configuration that a backend trained more than once, as in two halved groups or under two versions of the code,
    is left out: which of its runs belongs to the other backend's is not known.

    Args:
        records: Of one table and plan; those that have not finished are skipped.
        decide: The outcome from some records alone: those of one backend, of configurations that all of them trained.
    """
    by_backend = _sort(records)
    reference, *others = [name for name in MODULES if name in by_backend] or [""]
    pairs = {}
    for name in others:
        shared = sorted(by_backend[reference].keys() & by_backend[name].keys())
        if shared:
            pairs[name] = [(by_backend[reference][settings], by_backend[name][settings]) for settings in shared]
    if not pairs:
        return None
    common = sorted(set.intersection(*(set(by_backend[name]) for name in (reference, *pairs))))
    has_network = any(by_backend[reference][settings].parsed.is_network for settings in common)
    deciding = (reference, *pairs) if has_network else ()
    return Parity(
        outcomes={name: decide([by_backend[name][settings] for settings in common]) for name in deciding},
        n_configurations=min(map(len, pairs.values())),
        differences={name: _compare(shared) for name, shared in pairs.items()},
    )


def _sort(records: Sequence[Record]) -> dict[str, dict[str, Record]]:
    """Finished records by backend and by all other settings, without settings that a backend trained more than once."""
    found: dict[str, dict[str, list[Record]]] = {}
    for record in records:
        configuration = record.parsed
        if record.status == "finished" and configuration.backend.name in MODULES:
            settings = digest({**configuration.numerics(), "backend": None})
            found.setdefault(configuration.backend.name, {}).setdefault(settings, []).append(record)
    return {
        name: {settings: same[0] for settings, same in by_settings.items() if len(same) == 1}
        for name, by_settings in found.items()
    }


def _compare(pairs: list[tuple[Record, Record]]) -> Difference:
    return Difference(
        curves=max(_array_difference(a.arrays, b.arrays, ("train_loss", "val_loss")) for a, b in pairs),
        weights=max(relative_difference(_trained(a), _trained(b)) for a, b in pairs),
        predictions=max(_array_difference(a.arrays, b.arrays, ("predictions", "whole")) for a, b in pairs),
    )


def _trained(record: Record) -> NDArray:
    """All trained weights of a record's networks as one row, so that a bias near zero is held against all of them."""
    names = sorted(record.weights.keys() - set(STANDARDISATION))
    return np.concatenate([record.weights[name].ravel() for name in names])


def _array_difference(ours: dict[str, NDArray], theirs: dict[str, NDArray], names: Sequence[str]) -> float:
    return max(
        (relative_difference(ours[name], theirs[name]) for name in names if name in ours and ours[name].size),
        default=0.0,
    )
