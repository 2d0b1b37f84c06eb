"""Conclusions on tables of any shape: real lines, and a network that takes a given share off the line's errors."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from unit.invented import OPTIONS, make_record

from yaynay.data.forward import make_forward_plan
from yaynay.data.plan import make_plan
from yaynay.data.table import Table
from yaynay.models import fitting
from yaynay.records.record import Record
from yaynay.verdict.conclusion import Conclusion, conclude


def conclude_table(table: Table, share: float | None = 0.3, *, has_ridge: bool = True) -> Conclusion:
    """The conclusion of a sweep of one network on a table.

    Args:
        table: The data.
        share: Of the line's errors that the network takes off; None for a sweep whose networks diverged.
        has_ridge: Whether ridge was fitted.
    """
    if table.time is not None:
        plan = make_forward_plan(table.time, table.sha256, table.n_features)
    else:
        blocks = np.arange(table.n_rows) if table.groups is None else table.groups
        plan = make_plan(blocks, table.sha256, table.n_features, n_repeats=2)
    status = "finished" if share is not None else "diverged"
    network = make_record(table, plan, "torch", 1, 0.1, status)
    lines = []
    for backend in ("least_squares", *(["ridge"] if has_ridge else [])):
        about = make_record(table, plan, backend, 0, 0.1, "failed")
        lines.append(Record.of(about.parsed, table, plan, fitting.fit([about.parsed], table, plan)[0]))
    line = lines[0].arrays
    if share is not None:
        scores = {"train/rmse": float(np.sqrt(np.mean((line["whole"] - table.y) ** 2))), "n_parameters": 37.0}
        scores |= {"val/rmse": 0.1} if plan.n_repeats else {}
        arrays = network.arrays | {
            "predictions": table.y + (1 - share) * (line["predictions"] - table.y),
            "inner_mse": line["inner_mse"] * 0.999 * (1 - share) ** 2,
            "fold_mse": line["fold_mse"] * (1 - share) ** 2,
            "whole": line["whole"],
        }
        network = replace(network, scores=scores, arrays=arrays)
    records = [*lines, network]
    sweep: Any = SimpleNamespace(
        key="k",
        table_name=table.name,
        baselines={record.key for record in lines},
        data=lambda: (table, plan),
        records=lambda: records,
    )
    return conclude(sweep, OPTIONS)


def make_frame(n_rows: int, features: Sequence[str], target: str = "y", *, curve: float = 1.0) -> pd.DataFrame:
    """A target that is linear in all features, and curved in the last, with noise."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(n_rows, len(features)))
    y = 5 + x @ np.linspace(1, 2, len(features)) + curve * x[:, -1] ** 2 + 0.3 * rng.normal(size=n_rows)
    return pd.DataFrame(x, columns=list(features)).assign(**{target: y})


def make_table(n_rows: int = 80, features: Sequence[str] = ("a", "b", "c"), target: str = "y", **about: Any) -> Table:
    """The table of `make_frame`; `curve` goes there, the rest to the table."""
    frame = make_frame(n_rows, features, target, curve=about.pop("curve", 1.0))
    return Table(**{"name": "toy", "frame": frame, "target": target, "source": "made here"} | about)
