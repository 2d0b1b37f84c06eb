"""The order in which a pass takes rows, and minibatches that come again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def count_repeats(positions: NDArray[np.intp]) -> int:
    """How many times an epoch takes one and the same minibatch before another, as `Fleet.batches` gives them.

    >>> count_repeats(np.broadcast_to(np.arange(6).reshape(1, 2, 3), (5, 2, 3)))
    5
    """
    return len(positions) if positions.strides[0] == 0 else 1


def draw_order(seeds: Sequence[int], n_train: NDArray[np.intp], number: int) -> NDArray[np.intp]:
    """The order in which a pass takes the rows of each unit, under each seed.

    Args:
        seeds: Each gives every unit its own order.
        n_train: Rows of each unit, (n_units,).
        number: Passes before this one.

    Returns:
        Positions among a unit's rows, padding last, seed by seed, (n_seeds * n_units, most rows).
    """
    shape = (len(n_train), int(n_train.max()))
    drawn = [np.random.default_rng([seed, 3, number]).random(shape, dtype=np.float32) for seed in seeds]
    keys = np.concatenate(drawn)
    keys[np.arange(shape[1]) >= np.tile(n_train, len(seeds))[:, None]] = 2.0
    return _stable_order(keys)


def _stable_order(keys: NDArray[np.float32]) -> NDArray[np.intp]:
    """`np.argsort(keys, axis=1, kind="stable")` of keys that are not negative, in a quarter of its time.

    Bits of such floats sort as the floats do, so a key and its position fit into one integer, and equal keys
    keep their order.

    >>> _stable_order(np.array([[0.5, 2.0, 0.25, 0.5]], dtype=np.float32)).tolist()
    [[2, 0, 3, 1]]
    """
    bits = keys.view(np.uint32).astype(np.uint64) << np.uint64(32)
    bits |= np.arange(keys.shape[1], dtype=np.uint64)
    bits.sort(axis=1)
    return (bits & np.uint64(2**32 - 1)).astype(np.intp)
