"""Rows that must stay in one fold: equal rows, and rows of one group."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.table import Table


def equal_row_blocks(table: Table) -> NDArray[np.int64]:
    """Block of each row; rows that are equal in every feature and the target share one, (n_rows,).

    Where the table has groups, a block is whole groups: those joined by equal rows are one block. On short scales,
    where rows must repeat, equal rows are no copies, and each is a block of its own.
    """
    blocks = np.arange(table.n_rows) if has_short_scales(table.frame) else table.equal_rows
    if table.groups is None:
        return blocks
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_blocks = int(blocks.max()) + 1
    size = n_blocks + int(table.groups.max()) + 1
    graph = coo_array((np.ones(table.n_rows), (blocks, n_blocks + table.groups)), shape=(size, size))
    return connected_components(graph, directed=False)[1][blocks].astype(np.int64)


def has_short_scales(frame: pd.DataFrame) -> bool:
    """Whether there are at least as many rows as the values of the columns could make different ones.

    To keep equal rows in one fold would then hide from a model, say, each answer "5" of the women under 30 whenever
    it is tested on one of them.

    >>> has_short_scales(pd.DataFrame({"sex": [0, 1] * 5, "rating": [1, 2, 3, 4, 5] * 2}))
    True
    >>> has_short_scales(pd.DataFrame({"size": [1.5, 2.5, 3.5] * 2, "price": [4.5, 6.5, 9.5] * 2}))
    False
    """
    for part in (frame.head(2000), frame):  # a million rows need not be counted to see many values
        n_possible = math.prod(max(1, values.nunique(dropna=False)) for _, values in part.items())
        if n_possible > len(frame):
            return False
    return True
