"""The sweep: learning curves, and the error by depth."""

import math
from typing import TYPE_CHECKING

import numpy as np

from yaynay.records.record import Record
from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import INK, LINE, NETWORK, QUIET
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.selection import DepthError, nested_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SMALLEST_LOSS = 1e-15
"""A loss of zero cannot be drawn on a logarithmic axis."""


def draw_curves(conclusion: Conclusion) -> "Figure | None":
    """Loss over epochs, one panel per depth, the best configuration bold."""
    depths = conclusion.by_depth
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
        losses = [np.maximum(record.arrays[array], _SMALLEST_LOSS) for record in records if array in record.arrays]
        curves = [np.column_stack([np.arange(1, len(loss) + 1), loss]) for loss in losses]
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


def draw_depths(conclusion: Conclusion) -> "Figure | None":
    """Error on outer test folds against depth, with the line's as a band; None without folds or networks."""
    depths = conclusion.by_depth if conclusion.plan.n_repeats else {}
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
    axes.axhline(verdict.rmse_linear, color=LINE, linewidth=2, label="least squares")
    if verdict.truth_rmse is not None:
        axes.axhline(verdict.truth_rmse, color=QUIET, linewidth=1.6, linestyle="--", label="noise")
    labels = [str(depth) for depth in depths]
    for position, (depth, records) in enumerate(depths.items()):
        _draw_error(axes, position, nested_error(records), NETWORK if depth else LINE)
    axes.plot([], [], "o", color=NETWORK, label="networks of one depth")
    if conclusion.effect is not None:
        rmse = conclusion.effect.rmse_network
        axes.plot(len(depths), rmse, "D", color=NETWORK, markersize=8, label="the whole sweep")
        labels.append("whole\nsweep")
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.set_xlabel("hidden layers (0: the line by gradient descent)")
    axes.set_ylabel(f"rmse of {canvas.name(conclusion.table.target)}")
    canvas.grid(axes, "y")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _draw_error(axes: "Axes", position: int, error: DepthError, color: str) -> None:
    low, high = np.quantile(error.folds, [0.1, 0.9])
    axes.plot([position, position], [low, high], color=color, linewidth=1.6, alpha=0.55)
    axes.plot(position, error.rmse, "o", color=color, markersize=8)
