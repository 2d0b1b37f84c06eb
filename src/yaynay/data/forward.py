"""The plan of a table that is ordered in time: it does not look ahead.

The table is cut into 2 x n_folds pieces of equal length. The pieces of the second half are tested, one after the other,
each by models that were trained on all rows before it. Rows after it are neither trained on nor tested then, and the
first half is never tested. Inner folds are contiguous pieces of the training rows.
"""

import numpy as np
from numpy.typing import NDArray

from yaynay.data.plan import MIN_BLOCKS, Plan


def make_forward_plan(
    times: NDArray[np.integer],
    table_sha256: str,
    n_features: int,
    *,
    n_folds: int = 5,
    n_inner: int = 4,
    n_seeds: int = 1,
) -> Plan:
    """The folds of a table that is ordered in time; nothing in them is random, so there is one repeat.

    Args:
        times: Place of each row in time, counted from 0; rows of one time stay together, (n_rows,).
        table_sha256: Digest of the table.
        n_features: Columns of the design; a training fold must hold more rows than that.
        n_folds: Outer folds.
        n_inner: Inner folds of each outer training set.
        n_seeds: Networks on each inner fold.

    Returns:
        The plan; without outer folds (n_repeats 0) where the table is too small to cross-validate.
    """
    n_rows, n_times = len(times), int(times.max()) + 1
    if n_times >= max(MIN_BLOCKS, 2 * n_folds, n_folds * n_inner):
        piece = cut(times, 2 * n_folds)
        is_first = piece < n_folds
        if len(np.unique(times[is_first])) >= n_inner:
            outer = np.maximum(piece - n_folds, -1).astype(np.int8)[None]
            inner = np.full((1, n_folds, n_rows), -1, dtype=np.int8)
            for fold in range(n_folds):
                is_before = piece < n_folds + fold
                inner[0, fold, is_before] = cut(times[is_before], n_inner)
            smallest_training_set = int(is_first.sum() - np.bincount(inner[0, 0, is_first]).max())
            if smallest_training_set >= n_features + 2:
                whole = cut(times, n_inner).astype(np.int8)
                return Plan(outer, inner, whole, n_folds, n_inner, n_seeds, table_sha256)
    nothing = np.zeros((0, n_folds, n_rows), dtype=np.int8)
    return Plan(nothing[:, 0], nothing, np.zeros(n_rows, dtype=np.int8), n_folds, n_inner, n_seeds, table_sha256)


def cut(times: NDArray[np.integer], n_pieces: int) -> NDArray[np.intp]:
    """Pieces that follow each other in time, with as equal numbers of rows as whole times allow, (n_rows,).

    Args:
        times: Time of each row, with at least as many different ones as pieces, (n_rows,).
        n_pieces: How many.

    Example:
        >>> cut(np.array([3, 0, 1, 2, 2, 4]), 3).tolist()
        [2, 0, 0, 1, 1, 2]
    """
    _, place, sizes = np.unique(times, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    wanted = len(times) * np.arange(1, n_pieces) / n_pieces
    first = np.argmin(np.abs(ends[:, None] - wanted), axis=0) + 1  # the number of times before each cut
    order = np.arange(1, n_pieces)
    first = np.maximum.accumulate(np.maximum(first - order, 0)) + order  # no piece without a time
    first = np.minimum(first, len(sizes) - n_pieces + order)
    return np.asarray(np.searchsorted(first, place, side="right"))
