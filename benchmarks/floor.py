"""The floor of a tracked sweep: its products at the rate of a large product, and its rows in one transaction."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from yaynay.data.plan import Plan


def n_operations(plan: Plan, n_features: int, width: int, n_epochs: int) -> float:
    """Floating-point operations in the products of one configuration's fits: forward, and backward twice that."""
    *outer, _ = plan.splits()
    n_rows = plan.n_seeds * (plan.n_rows + sum(len(split.train) * (plan.n_inner - 1) for split in outer))
    n_weights = n_features * width + width * width + width
    return 3.0 * 2 * n_weights * n_rows * n_epochs


def product_rate(n: int = 2048, n_products: int = 12) -> float:
    """Rate of a large float32 product on all cores [operations per second]."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    one, other = torch.rand(n, n), torch.rand(n, n)
    seconds = []
    for _ in range(n_products):
        started = time.perf_counter()
        one @ other
        seconds.append(time.perf_counter() - started)
    return 2 * n**3 / float(np.median(seconds[2:]))


def insert_again(database: Path) -> tuple[float, int]:
    """Put the runs, params, metrics and tags of a store into a new SQLite file, in one transaction.

    Returns:
        Seconds, and how many rows.
    """
    with closing(sqlite3.connect(database)) as connection:
        content = {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608  # the names are below
            for name in ("runs", "params", "metrics", "latest_metrics", "tags")
        }
    path = database.with_name("floor.db")
    started = time.perf_counter()
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, rows in content.items():
            columns = [f"c{place}" for place in range(len(rows[0]))]
            connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608
    return time.perf_counter() - started, sum(len(rows) for rows in content.values())
