"""The sweep: learning curves, the map of its scores, and the error by depth."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yaynay.models.backends.base import MODULES
from yaynay.records.record import Record
from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import INK, LINE, NETWORK, QUIET
from yaynay.reports.wording import number
from yaynay.verdict.conclusion import Conclusion

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SMALLEST_LOSS = 1e-15
"""A loss of zero has no place on a logarithmic axis."""
_MOST_LABELS = 12
"""Learning rates beside each other that leave room for text."""


@dataclass(frozen=True, eq=False)
class DepthError:
    """Error on outer test folds at one depth.

    Attributes:
        rmse: Pooled over folds [unit of y].
        folds: Of each fold, (n_splits,) [unit of y].
    """

    rmse: float
    folds: NDArray[np.float64]


def score(record: Record) -> float:
    """What chooses: the error on inner folds, or on training rows where there are none [unit of y]."""
    return record.scores.get("val/rmse", record.scores["train/rmse"])


def by_depth(conclusion: Conclusion) -> dict[int, list[Record]]:
    """Finished gradient-descent records by depth, each with the best first; of the winner's backend alone."""
    trained = [record for record in conclusion.finished if record.parsed.backend.name in MODULES]
    leaders = [record for record in trained if record is conclusion.winner] or trained
    records = [record for record in trained if record.parsed.backend == leaders[0].parsed.backend]
    depths = sorted({record.parsed.model.depth for record in records})
    return {depth: sorted((one for one in records if one.parsed.model.depth == depth), key=score) for depth in depths}


def nested_error(records: Iterable[Record]) -> DepthError:
    """Error of records of one depth: each outer split takes the one that its inner folds prefer."""
    arrays = [record.arrays for record in records]
    choice = np.argmin([one["inner_mse"] for one in arrays], axis=0)
    folds = np.stack([one["fold_mse"] for one in arrays])[choice, np.arange(len(choice))]
    return DepthError(float(np.sqrt(folds.mean())), np.sqrt(folds))


def draw_curves(conclusion: Conclusion) -> "Figure | None":
    """Loss over epochs, a panel a depth, the best configuration bold."""
    depths = by_depth(conclusion)
    if not depths:
        return None
    n_columns = min(4, len(depths))
    n_rows = math.ceil(len(depths) / n_columns)
    figure = canvas.start(
        f"{canvas.name(conclusion.table.name, 32)}: learning curves",
        "mean loss of a configuration's networks, standardised; bold: the best of its depth",
        0.5 + 2.5 * n_rows,
    )
    panels = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).ravel()
    for axes, (depth, records) in zip(panels, depths.items(), strict=False):
        _draw_losses(axes, records[1:], "#B5B5B5", 0.9)
        _draw_losses(axes, records[:1], NETWORK if depth else LINE, 2.2)
        axes.set_title(f"depth {depth}, lr {records[0].parsed.optimizer.lr:g}")
        axes.set_xlabel("epoch")
        canvas.grid(axes)
    _set_log_axis(panels[0])
    for axes in panels[len(depths) :]:
        axes.set_visible(False)
    for axes in panels[::n_columns]:
        axes.set_ylabel("loss")
    for style, label in (("-", "validation"), ("--", "training")):
        panels[0].plot([], [], style, color=INK, label=label)
    panels[0].plot([], [], color="#B5B5B5", label="other configurations")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _draw_losses(axes: "Axes", records: list[Record], color: str, width: float) -> None:
    """Curves of records, all of one kind as one artist: a sweep may have thousands."""
    from matplotlib.collections import LineCollection

    for array, style, share in (("train_loss", "--", 0.6), ("val_loss", "-", 1.0)):
        losses = [np.maximum(one.arrays[array], _SMALLEST_LOSS) for one in records if array in one.arrays]
        curves = [np.column_stack([np.arange(1, len(one) + 1), one]) for one in losses]
        axes.add_collection(LineCollection(curves, colors=color, linestyles=style, linewidths=width * share))
    axes.autoscale_view()


def _set_log_axis(axes: "Axes") -> None:
    """A logarithmic y axis that labels 1, 2 and 5 where there are few decades; all panels share it."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    has_few_decades = high < 200 * low
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if has_few_decades else (1,)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def draw_heatmap(conclusion: Conclusion) -> "Figure | None":
    """Best score of each depth and learning rate, a panel a backend."""
    trained = [record for record in conclusion.records if record.parsed.backend.name in MODULES]
    if not trained:
        return None
    backends = [name for name in MODULES if any(record.parsed.backend.name == name for record in trained)]
    depths = sorted({record.parsed.model.depth for record in trained})
    rates = sorted({record.parsed.optimizer.lr for record in trained})
    is_wide = len(backends) * len(rates) > 12
    n_rows, n_columns = (len(backends), 1) if is_wide else (1, len(backends))
    kind = "inner folds" if conclusion.plan.n_repeats else "training rows"
    figure = canvas.start(
        f"{canvas.name(conclusion.table.name, 32)}: rmse by depth and learning rate",
        f"on {kind}; least squares: {number(_line_score(conclusion))}; framed: the winner; hatched: no score",
        n_rows * (0.9 + 0.5 * len(depths)),
    )
    panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).ravel()
    finished = [score(record) for record in trained if record.status == "finished"]
    ends = (min(finished), float(np.quantile(finished, 0.9))) if finished else (0.0, 1.0)
    has_labels = len(rates) <= _MOST_LABELS
    labelled = range(0, len(rates), 1 if has_labels else -(-len(rates) // 8))
    for axes, backend in zip(panels, backends, strict=True):
        cells: dict[tuple[int, float], list[Record]] = {}
        for record in trained:
            if record.parsed.backend.name == backend:
                cells.setdefault(_place(record), []).append(record)
        for row, depth in enumerate(depths):
            for column, rate in enumerate(rates):
                here = cells.get((depth, rate), [])
                _draw_cell(axes, (column, row), here, ends, conclusion.winner, has_labels)
        axes.set(xlim=(-0.5, len(rates) - 0.5), ylim=(-0.5, len(depths) - 0.5), title=backend)
        axes.set_xticks(labelled, [f"{rates[column]:.3g}" for column in labelled])
        axes.set_yticks(range(len(depths)), [str(depth) for depth in depths])
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    for axes in panels[-n_columns:]:
        axes.set_xlabel("learning rate")
    for axes in panels[::n_columns]:
        axes.set_ylabel("hidden layers")
    return figure


def _line_score(conclusion: Conclusion) -> float:
    metrics = conclusion.line.metrics(conclusion.table.y)
    return metrics.get("val/rmse", metrics["train/rmse"])


def _place(record: Record) -> tuple[int, float]:
    return record.parsed.model.depth, record.parsed.optimizer.lr


def _draw_cell(
    axes: "Axes",
    place: tuple[int, int],
    records: list[Record],
    ends: tuple[float, float],
    winner: Record | None,
    has_label: bool,
) -> None:
    """One cell: its value, or why it has none.

    Args:
        axes: Where to draw.
        place: Column and row.
        records: What was run there.
        ends: Scores with the darkest and the lightest color.
        winner: Framed if it is among them.
        has_label: Whether there is room for text.
    """
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    cell = Rectangle((place[0] - 0.48, place[1] - 0.46), 0.96, 0.92, linewidth=0)
    axes.add_patch(cell)
    finished = [record for record in records if record.status == "finished"]
    if not finished:
        cell.set(facecolor="#F4F4F4", edgecolor="#CFCFCF", hatch="///")
        if has_label:
            label = axes.text(*place, records[0].status if records else "not run", ha="center", va="center")
            label.set(size=8, color=QUIET, bbox={"facecolor": "#F4F4F4", "edgecolor": "none", "pad": 1.5})
        return
    best = min(finished, key=score)
    reach = ends[1] - ends[0]
    badness = min(1.0, (score(best) - ends[0]) / reach) if reach > 0 else 0.0
    color = colormaps["Blues"](0.75 - 0.69 * badness)
    cell.set(facecolor=color)
    is_winner = winner in finished
    if is_winner:
        cell.set(edgecolor=NETWORK, linewidth=2.5, zorder=3)
    if has_label:
        luminance = np.dot((0.2126, 0.7152, 0.0722), np.power(color[:3], 2.2))
        text = axes.text(*place, number(score(best)), ha="center", va="center", size=9)
        text.set(color="black" if luminance > 0.18 else "white")  # either way 4.5:1 or more
        text.set(weight="bold" if is_winner else "normal", zorder=4)


def draw_depths(conclusion: Conclusion) -> "Figure | None":
    """Error on outer test folds against depth, with the line's as a band; None without folds or networks."""
    depths = by_depth(conclusion) if conclusion.plan.n_repeats else {}
    if not depths:
        return None
    figure = canvas.start(
        f"{canvas.name(conclusion.table.name, 32)}: do more hidden layers help?",
        "error on test folds, settings chosen on inner folds; bars and band: 80 % of the folds",
        3.9,
    )
    axes = figure.subplots()
    verdict = conclusion.verdict
    low, high = np.quantile(np.sqrt(conclusion.line.fold_mse), [0.1, 0.9])
    axes.axhspan(low, high, color=LINE, alpha=0.12, linewidth=0)
    axes.axhline(verdict["rmse_linear"], color=LINE, linewidth=2, label="least squares")
    if verdict["truth_rmse"] is not None:
        axes.axhline(verdict["truth_rmse"], color=QUIET, linewidth=1.6, linestyle="--", label="noise")
    places = {depth: nested_error(records) for depth, records in depths.items()}
    for place, (depth, error) in enumerate(places.items()):
        _draw_error(axes, place, error, NETWORK if depth else LINE, "o")
    labels = [str(depth) for depth in places]
    axes.plot([], [], "o", color=NETWORK, label="networks of one depth")
    if conclusion.effect is not None:
        rmse = conclusion.effect.rmse_network
        axes.plot(len(places), rmse, "D", color=NETWORK, markersize=8, label="the whole sweep")
        labels.append("whole\nsweep")
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.set_xlabel("hidden layers (0: the line by gradient descent)")
    axes.set_ylabel(f"rmse of {canvas.name(conclusion.table.target)}")
    canvas.grid(axes, "y")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _draw_error(axes: "Axes", place: int, error: DepthError, color: str, marker: str) -> None:
    low, high = np.quantile(error.folds, [0.1, 0.9])
    axes.plot([place, place], [low, high], color=color, linewidth=1.6, alpha=0.55)
    axes.plot(place, error.rmse, marker, color=color, markersize=8)
