"""The resampling plan: outer folds x repeats and the inner folds inside each outer training set.

A plan is drawn once per table, and every model is tested on it. Rows that must stay together (equal rows, or rows
of one group) share a block, and a block is never split between folds. `forward` draws the plan of a table that is
ordered in time.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.errors import DataError
from yaynay.storage import replacing

MIN_BLOCKS = 20
"""Fewer independent rows than this are not cross-validated: a test fold would hold three rows or less."""

Folds = NDArray[np.int8]


@dataclass(frozen=True)
class Split:
    """One outer training set and its test rows; the whole-table split has no test rows.

    `inner` holds, for each row of the table, its inner fold, or -1 for a row that does not train.
    """

    inner: Folds
    test: NDArray[np.intp]

    @property
    def train(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.inner >= 0)


@dataclass(frozen=True, eq=False)
class Plan:
    """Folds of one table.

    Attributes:
        outer: Outer fold of each row, -1 for one that is never tested, (n_repeats, n_rows); n_repeats is 0 for a table
            too small to cross-validate.
        inner: Inner fold of each row, -1 for one that does not train beside that outer test fold,
            (n_repeats, n_folds, n_rows).
        whole: Inner fold of each row when all rows train, (n_rows,).
        n_folds: Outer folds.
        n_inner: Inner folds.
        n_seeds: Networks trained on each inner fold.
        table_sha256: The table that it belongs to.
    """

    outer: Folds
    inner: Folds
    whole: Folds
    n_folds: int
    n_inner: int
    n_seeds: int
    table_sha256: str

    @property
    def n_rows(self) -> int:
        return len(self.whole)

    @property
    def n_repeats(self) -> int:
        return len(self.outer)

    @property
    def n_splits(self) -> int:
        """Outer splits that have test rows."""
        return self.n_repeats * self.n_folds

    @cached_property
    def tested(self) -> NDArray[np.intp]:
        """Rows that some outer split tests: all of them, unless the plan is ordered in time."""
        return np.flatnonzero((self.outer >= 0).any(axis=0))

    def splits(self) -> Iterator[Split]:
        """Every outer split, repeat by repeat, and then the whole table."""
        for repeat in range(self.n_repeats):
            for fold in range(self.n_folds):
                yield Split(self.inner[repeat, fold], np.flatnonzero(self.outer[repeat] == fold))
        yield Split(self.whole, np.empty(0, dtype=np.intp))

    @cached_property
    def sha256(self) -> str:
        """Digest of the folds and of the table's digest."""
        digest = hashlib.sha256(json.dumps([self.table_sha256, self.n_seeds, self.n_folds, self.n_inner]).encode())
        for part in (self.outer, self.inner, self.whole):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def default_repeats(n_rows: int) -> int:
    """Repeats of the outer folds: fewer where more rows make each one steadier.

    >>> [default_repeats(n) for n in (499, 500, 5000)]
    [10, 5, 3]
    """
    return 10 if n_rows < 500 else 5 if n_rows < 5000 else 3


def make_plan(
    blocks: NDArray[np.integer],
    table_sha256: str,
    n_features: int,
    *,
    n_folds: int = 5,
    n_repeats: int | None = None,
    n_inner: int = 4,
    n_seeds: int = 1,
    seed: int = 0,
) -> Plan:
    """Draw the folds of a table.

    Args:
        blocks: Block of each row; rows of one block stay together, (n_rows,).
        table_sha256: Digest of the table.
        n_features: Columns of the design; a training fold must hold more rows than that.
        n_folds: Outer folds.
        n_repeats: None for `default_repeats`.
        n_inner: Inner folds of each outer training set.
        n_seeds: Networks on each inner fold.
        seed: Same seed, same folds.

    Returns:
        The plan; without outer folds (n_repeats 0) where the table is too small to cross-validate.
    """
    n_rows, n_blocks = len(blocks), len(np.unique(blocks))
    rng = np.random.default_rng([seed, 2])
    smallest_training_set = int(n_rows * (1 - 1 / n_folds) * (1 - 1 / n_inner))
    if n_blocks < max(MIN_BLOCKS, n_folds * n_inner) or smallest_training_set < n_features + 2:
        n_repeats = 0
    elif n_repeats is None:
        n_repeats = default_repeats(n_rows)
    outer = np.zeros((n_repeats, n_rows), dtype=np.int8)
    inner = np.full((n_repeats, n_folds, n_rows), -1, dtype=np.int8)
    for repeat in range(n_repeats):
        outer[repeat] = _assign(blocks, n_folds, rng)
        for fold in range(n_folds):
            rows = outer[repeat] != fold
            inner[repeat, fold, rows] = _assign(blocks[rows], n_inner, rng)
    whole = _assign(blocks, n_inner, rng) if n_repeats else np.zeros(n_rows, dtype=np.int8)
    return Plan(outer, inner, whole, n_folds, n_inner, n_seeds, table_sha256)


def _assign(blocks: NDArray[np.integer], n_folds: int, rng: np.random.Generator) -> Folds:
    """Folds of nearly equal size, no block split: large blocks first, single rows fill up."""
    _, block_of_row, sizes = np.unique(blocks, return_inverse=True, return_counts=True)
    fold_of_block = np.zeros(len(sizes), dtype=np.int8)
    filled = np.zeros(n_folds, dtype=np.int64)
    shared = rng.permutation(np.flatnonzero(sizes > 1))
    for block in shared[np.argsort(-sizes[shared], kind="stable")]:
        fold = rng.choice(np.flatnonzero(filled == filled.min()))
        fold_of_block[block] = fold
        filled[fold] += sizes[block]
    single = rng.permutation(np.flatnonzero(sizes == 1))
    fold_of_block[single] = _lowest_first(filled, len(single))
    return fold_of_block[block_of_row]


def _lowest_first(filled: NDArray[np.int64], n_rows: int) -> Folds:
    """Folds of `n_rows` more rows, each put into the fold with the fewest.

    >>> _lowest_first(np.array([3, 0, 1]), 4).tolist()
    [1, 1, 2, 1]
    """
    top = max(int(filled.max()), -(-(int(filled.sum()) + n_rows) // len(filled)))
    levels = [np.arange(count, top) for count in filled]
    folds = np.repeat(np.arange(len(filled), dtype=np.int8), [len(level) for level in levels])
    return folds[np.argsort(np.concatenate(levels), kind="stable")][:n_rows]


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan as Parquet, one row for each row of the table."""
    columns: dict[str, NDArray] = {"whole": plan.whole}
    for repeat in range(plan.n_repeats):
        columns[f"outer_{repeat}"] = plan.outer[repeat]
        columns |= {f"inner_{repeat}_{fold}": plan.inner[repeat, fold] for fold in range(plan.n_folds)}
    frame = pd.DataFrame(columns)
    frame.attrs = {name: getattr(plan, name) for name in _COUNTS} | {"sha256": plan.sha256}  # type: ignore[assignment]  # str keys are Hashable
    with replacing(path) as aside:
        frame.to_parquet(aside, index=False)


_COUNTS = ("n_folds", "n_inner", "n_seeds", "table_sha256")


def load_plan(path: Path) -> Plan:
    """Read a plan and check its digest.

    Raises:
        DataError: The file is missing, is not a plan, or does not match its digest.
    """
    try:
        frame = pd.read_parquet(path)
        counts = {name: frame.attrs[name] for name in _COUNTS}
        n_repeats = sum(str(name).startswith("outer_") for name in frame)
        outer = [frame[f"outer_{repeat}"] for repeat in range(n_repeats)]
        inner = [[frame[f"inner_{repeat}_{fold}"] for fold in range(counts["n_folds"])] for repeat in range(n_repeats)]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: not a readable plan ({error}); make it again with yaynay.generate") from error
    n_rows, n_folds = len(frame), counts["n_folds"]
    plan = Plan(
        outer=np.array(outer, dtype=np.int8).reshape(n_repeats, n_rows),
        inner=np.array(inner, dtype=np.int8).reshape(n_repeats, n_folds, n_rows),
        whole=frame["whole"].to_numpy(dtype=np.int8),
        **counts,
    )
    if plan.sha256 != frame.attrs["sha256"]:
        raise DataError(f"{path}: content does not match its SHA-256; make it again with yaynay.generate")
    return plan
