"""The map of a sweep's scores: the best of each depth and learning rate."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from yaynay.models.backends.base import MODULES
from yaynay.records.record import Record
from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import NETWORK, QUIET
from yaynay.reports.wording import number
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.selection import is_finished, selection_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_LABELS = 12
"""Most learning rates side by side that leave room for text."""


@dataclass(frozen=True, eq=False)
class _Map:
    """What the cells of all panels share.

    Attributes:
        depths, rates: Rows and columns.
        best, worst: Scores with the darkest and the lightest color.
        winner: Its cell is framed.
    """

    depths: list[int]
    rates: list[float]
    best: float
    worst: float
    winner: Record | None

    @property
    def has_labels(self) -> bool:
        return len(self.rates) <= _MOST_LABELS


def draw_heatmap(conclusion: Conclusion) -> "Figure | None":
    """Best score of each depth and learning rate, one panel per backend; None without gradient descent."""
    trained = [record for record in conclusion.records if record.parsed.backend.name in MODULES]
    if not trained:
        return None
    scores = [selection_score(record) for record in trained if is_finished(record)]
    layout = _Map(
        depths=sorted({record.parsed.model.depth for record in trained}),
        rates=sorted({record.parsed.optimizer.lr for record in trained}),
        best=min(scores, default=0.0),
        worst=float(np.quantile(scores, 0.9)) if scores else 1.0,
        winner=conclusion.winner,
    )
    by_backend = {name: [record for record in trained if record.parsed.backend.name == name] for name in MODULES}
    by_backend = {name: records for name, records in by_backend.items() if records}
    is_wide = len(by_backend) * len(layout.rates) > 12
    n_rows, n_columns = (len(by_backend), 1) if is_wide else (1, len(by_backend))
    kind = "inner folds" if conclusion.plan.n_repeats else "training rows"
    figure = canvas.start(
        f"{canvas.name(conclusion.table.name, 32)}: rmse by depth and learning rate",
        f"on {kind}; least squares: {number(_line_score(conclusion))}; framed: the winner; hatched: no score",
        n_rows * (0.9 + 0.5 * len(layout.depths)),
    )
    panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (backend, records) in zip(panels, by_backend.items(), strict=True):
        _draw_panel(axes, records, layout)
        axes.set_title(backend)
    for axes in panels[-n_columns:]:
        axes.set_xlabel("learning rate")
    for axes in panels[::n_columns]:
        axes.set_ylabel("hidden layers")
    return figure


def _line_score(conclusion: Conclusion) -> float:
    metrics = conclusion.line.metrics(conclusion.table.y)
    return metrics.get("val/rmse", metrics["train/rmse"])


def _draw_panel(axes: "Axes", records: list[Record], layout: _Map) -> None:
    """The cells of one backend."""
    cells: dict[tuple[int, float], list[Record]] = {}
    for record in records:
        cells.setdefault((record.parsed.model.depth, record.parsed.optimizer.lr), []).append(record)
    for row, depth in enumerate(layout.depths):
        for column, rate in enumerate(layout.rates):
            _draw_cell(axes, (column, row), cells.get((depth, rate), []), layout)
    labelled = range(0, len(layout.rates), 1 if layout.has_labels else -(-len(layout.rates) // 8))
    axes.set(xlim=(-0.5, len(layout.rates) - 0.5), ylim=(-0.5, len(layout.depths) - 0.5))
    axes.set_xticks(labelled, [f"{layout.rates[column]:.3g}" for column in labelled])
    axes.set_yticks(range(len(layout.depths)), [str(depth) for depth in layout.depths])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _draw_cell(axes: "Axes", position: tuple[int, int], records: list[Record], layout: _Map) -> None:
    """One cell, at a column and row: its value, or why it has none."""
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    cell = Rectangle((position[0] - 0.48, position[1] - 0.46), 0.96, 0.92, linewidth=0)
    axes.add_patch(cell)
    finished = [record for record in records if is_finished(record)]
    if not finished:
        cell.set(facecolor="#F4F4F4", edgecolor="#CFCFCF", hatch="///")
        if layout.has_labels:
            label = axes.text(*position, records[0].status if records else "not run", ha="center", va="center")
            label.set(size=8, color=QUIET, bbox={"facecolor": "#F4F4F4", "edgecolor": "none", "pad": 1.5})
        return
    score = min(map(selection_score, finished))
    reach = layout.worst - layout.best
    badness = min(1.0, (score - layout.best) / reach) if reach > 0 else 0.0
    color = colormaps["Blues"](0.75 - 0.69 * badness)
    cell.set(facecolor=color)
    is_winner = layout.winner in finished
    if is_winner:
        cell.set(edgecolor=NETWORK, linewidth=2.5, zorder=3)
    if layout.has_labels:
        luminance = np.dot((0.2126, 0.7152, 0.0722), np.power(color[:3], 2.2))
        text = axes.text(*position, number(score), ha="center", va="center", size=9)
        text.set(color="black" if luminance > 0.18 else "white")  # either way 4.5:1 or more
        text.set(weight="bold" if is_winner else "normal", zorder=4)
