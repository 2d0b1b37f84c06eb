"""All tables' errors by depth in one picture: more layers help, or they do not."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import INK, QUIET
from yaynay.reports.wording import in_order
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.selection import nested_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 0.5
"""Colors are darkest at this much less error than the line, or more."""


def draw_all_depths(conclusions: Mapping[str, Conclusion], path: Path) -> Path:
    """Draw the error at each depth as a share of the line's, one row per table, in the order of the overview.

    Args:
        conclusions: By table; one without folds or without a trained depth is left out.
        path: PNG to write.
    """
    ratios = {name: _ratios(found) for name, found in conclusions.items()}
    verdicts = {name: found.verdict for name, found in conclusions.items() if ratios[name]}
    names = [name for name, _ in in_order(verdicts)]
    depths = sorted({depth for name in names for depth in ratios[name]})
    with canvas.style():
        figure = canvas.start(
            "Do more hidden layers help?",
            "error on test folds at each depth, as a share of the line's; below 100 % the network is better",
            0.9 + 0.34 * max(1, len(names)),
        )
        axes = figure.subplots()
        for row, name in enumerate(names):
            for column, depth in enumerate(depths):
                _draw_cell(axes, column, row, ratios[name].get(depth))
        if not names:
            axes.text(0.5, 0.5, "no table has folds and a trained depth", ha="center", color=QUIET)
        axes.set_xticks(range(len(depths)), [str(depth) for depth in depths])
        axes.set_yticks(range(len(names)), [canvas.name(name, 28) for name in names])
        axes.set(xlim=(-0.5, max(1, len(depths)) - 0.5), ylim=(max(1, len(names)) - 0.5, -0.5))
        axes.set_xlabel("hidden layers (0: the line by gradient descent)")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        axes.tick_params(axis="y", labelcolor=INK, labelsize=10, pad=8)
        return canvas.save(figure, path)


def _ratios(conclusion: Conclusion) -> dict[int, float]:
    """Error of each depth over the line's; nothing without folds, or where the line makes no error at all."""
    line = conclusion.verdict.rmse_linear
    if conclusion.plan.n_repeats == 0 or line == 0:
        return {}
    return {depth: nested_error(records).rmse / line for depth, records in conclusion.by_depth.items()}


def _draw_cell(axes: "Axes", column: int, row: int, ratio: float | None) -> None:
    """Orange where the network makes less error, blue where the line does, and its figure."""
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    cell = Rectangle((column - 0.48, row - 0.45), 0.96, 0.9, linewidth=0, facecolor="#F4F4F4")
    axes.add_patch(cell)
    if ratio is None:
        axes.text(column, row, "not run", ha="center", va="center_baseline", size=8, color=QUIET)
        return
    strength = min(1.0, abs(1 - ratio) / _MOST) ** 0.7
    color = colormaps["Oranges" if ratio < 1 else "Blues"](0.04 + 0.56 * strength)
    cell.set(facecolor=color)
    percent = f"{100 * ratio:.1f} %" if ratio < 9.995 else ">999 %"
    axes.text(column, row, percent, ha="center", va="center_baseline", size=9.5, color="black")
