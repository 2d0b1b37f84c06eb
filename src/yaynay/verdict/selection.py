"""Which configuration counts: the candidates, the winner, and the best at each depth; inner folds choose."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yaynay.models.backends.base import MODULES
from yaynay.records.record import Record


@dataclass(frozen=True, eq=False)
class DepthError:
    """Error on outer test folds at one depth.

    Attributes:
        rmse: Pooled over folds [unit of y].
        folds: Of each fold, (n_splits,) [unit of y].
    """

    rmse: float
    folds: NDArray[np.float64]


def selection_score(record: Record) -> float:
    """The score that chooses: the error on inner folds, or on training rows where there are none [unit of y].

    It is infinite for a run without scores.
    """
    return record.scores.get("val/rmse", record.scores.get("train/rmse", math.inf))


def is_finished(record: Record) -> bool:
    return record.status == "finished"


def candidates(records: Sequence[Record], backend: str | None = None) -> list[Record]:
    """Finished networks with hidden layers, of one backend: the first in the registry's order that has any.

    A backend is not a candidate in itself: the same network in another framework is the same network.
    """
    networks = [record for record in records if is_finished(record) and record.parsed.is_network]
    for name in MODULES if backend is None else (backend,):
        found = [record for record in networks if record.parsed.backend.name == name]
        if found:
            return found
    return []


def find_ridge(records: Sequence[Record]) -> Record | None:
    """A finished run of ridge; any other has the same folds and scores."""
    return next((record for record in records if is_finished(record) and record.parsed.backend.name == "ridge"), None)


def find_winner(records: Sequence[Record]) -> Record | None:
    """The network with the best score on inner folds; a line where the sweep has no network."""
    finished = candidates(records) or [record for record in records if is_finished(record)]
    return min(finished, key=selection_score, default=None)


def group_by_depth(records: Sequence[Record], winner: Record | None) -> dict[int, list[Record]]:
    """Finished gradient-descent records by depth, each with the best first; of the winner's backend alone."""
    trained = [record for record in records if is_finished(record) and record.parsed.backend.name in MODULES]
    leaders = [record for record in trained if record is winner] or trained
    found = [record for record in trained if record.parsed.backend == leaders[0].parsed.backend]
    depths = sorted({record.parsed.model.depth for record in found})
    return {
        depth: sorted((record for record in found if record.parsed.model.depth == depth), key=selection_score)
        for depth in depths
    }


def nested_error(records: Iterable[Record]) -> DepthError:
    """Error of records of one depth: each outer split takes the record that its inner folds prefer."""
    arrays = [record.arrays for record in records]
    choice = np.argmin([fitted["inner_mse"] for fitted in arrays], axis=0)
    folds = np.stack([fitted["fold_mse"] for fitted in arrays])[choice, np.arange(len(choice))]
    return DepthError(float(np.sqrt(folds.mean())), np.sqrt(folds))
