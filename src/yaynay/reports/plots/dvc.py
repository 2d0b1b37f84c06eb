"""Tables that `dvc plots show` draws: gains, learning curves and errors by depth of every table."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from yaynay.reports.plots import canvas
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.model import Verdict
from yaynay.verdict.selection import nested_error

_MOST_EPOCHS = 500
"""Points of a learning curve; a longer one is thinned."""

Row = Sequence[str | float | int]


def write_plot_tables(verdicts: Mapping[str, Verdict], conclusions: Iterable[Conclusion], folder: Path) -> list[Path]:
    """Write gains.csv, curves.csv and depths.csv.

    Args:
        verdicts: By table; one without a gain is left out of gains.csv.
        conclusions: The sweeps.
        folder: An existing folder.
    """
    gains = [
        (name, verdict.gain, _number(verdict.gain_low), _number(verdict.gain_high), verdict.outcome)
        for name, verdict in verdicts.items()
        if verdict.gain is not None
    ]
    curves: list[Row] = []
    depths: list[Row] = []
    for conclusion in conclusions:
        curves += _curves(conclusion)
        depths += _depths(conclusion)
    return [
        _write(folder / "gains.csv", ("table", "gain", "low", "high", "outcome"), gains),
        _write(folder / "curves.csv", ("table", "depth", "lr", "epoch", "train_loss", "val_loss"), curves),
        _write(folder / "depths.csv", ("table", "depth", "rmse", "rmse_line"), depths),
    ]


def _curves(conclusion: Conclusion) -> list[Row]:
    """Losses of each depth's best configuration."""
    rows: list[Row] = []
    for depth, records in conclusion.by_depth.items():
        best = records[0]
        train = best.arrays["train_loss"]
        validation = best.arrays.get("val_loss", np.full(len(train), np.nan))
        for epoch in canvas.thin(len(train), _MOST_EPOCHS).tolist():
            losses = (float(train[epoch]), float(validation[epoch]))
            rows.append((conclusion.table.name, depth, best.parsed.optimizer.lr, epoch + 1, *losses))
    return rows


def _depths(conclusion: Conclusion) -> list[Row]:
    """Error on outer test folds at each depth; nothing without folds."""
    if conclusion.plan.n_repeats == 0:
        return []
    line = conclusion.verdict.rmse_linear
    return [
        (conclusion.table.name, depth, nested_error(records).rmse, line)
        for depth, records in conclusion.by_depth.items()
    ]


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _write(path: Path, header: Sequence[str], rows: Iterable[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)
    return path


def _cell(value: str | float | int) -> str | float | int:
    """A number as it is, empty for NaN; a text that a spreadsheet would run gets a leading quote.

    >>> _cell("=1+1"), _cell(-0.5), _cell(float("nan"))
    ("'=1+1", -0.5, '')
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
    return "" if np.isnan(value) else value
