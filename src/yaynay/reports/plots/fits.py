"""The fit and its residuals: what line and network say about the rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yaynay.models.network import Shape, predict
from yaynay.records.record import Record
from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import DATA, INK, LINE, NETWORK, QUIET
from yaynay.reports.wording import gain, number, probability
from yaynay.verdict.conclusion import Conclusion

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of the comparison.

    Attributes:
        predictions: Out of fold in the first repeat, or fitted where there are no folds, of each row that is shown.
        rmse: Over all repeats [unit of y].
    """

    label: str
    color: str
    predictions: NDArray[np.float64]
    rmse: float | None


def _sides(conclusion: Conclusion) -> list[_Side]:
    """The line, and the network where the sweep has one."""
    line, effect, winner = conclusion.line, conclusion.effect, conclusion.winner
    verdict = conclusion.verdict
    is_out = conclusion.plan.n_repeats > 0
    shown = _shown(conclusion)
    sides = [_Side("line", LINE, line.predictions[0, shown] if is_out else line.whole, verdict.rmse_linear)]
    if effect is not None:
        sides.append(_Side("network", NETWORK, effect.predictions[0, shown], verdict.rmse_network))
    elif winner is not None and winner.parsed.is_network and not is_out:
        sides.append(_Side("network", NETWORK, winner.arrays["whole"], verdict.rmse_network))
    return sides


def _shown(conclusion: Conclusion) -> NDArray[np.intp]:
    """Rows with a prediction: those that are ever tested, or all where there are no folds."""
    plan = conclusion.plan
    return plan.tested if plan.n_repeats else np.arange(plan.n_rows)


def title(conclusion: Conclusion) -> str:
    """The table and its outcome."""
    return f"{canvas.name(conclusion.table.name, 32)}: {conclusion.verdict.outcome}"


def subtitle(conclusion: Conclusion) -> str:
    """The gain with its interval and the gate's p, or why there is no gain."""
    verdict = conclusion.verdict
    p = f"p of a straight line: {probability(verdict.p_value)}"
    if verdict.gain is not None:
        return f"gain {gain(verdict)} of the variance, 90 % interval; {p}"
    if conclusion.plan.n_repeats == 0:
        return f"{verdict.n_rows} rows, too few to hold some out: these are fitted values, not forecasts"
    return f"no network to compare with; {p}"


def draw_fit(conclusion: Conclusion) -> "Figure":
    """Line and network through the data of one feature; predicted against observed for several."""
    if conclusion.table.n_features == 1:
        return _draw_curve(conclusion)
    return _draw_predictions(conclusion)


def _draw_curve(conclusion: Conclusion) -> "Figure":
    table, winner = conclusion.table, conclusion.winner
    figure = canvas.start(title(conclusion), subtitle(conclusion), 4.4)
    axes = figure.subplots()
    x, rows = table.x[:, 0], canvas.thin(table.n_rows)
    inputs = np.linspace(x.min(), x.max(), 500)
    _scatter(axes, x[rows], table.y[rows], _data_label(table.n_rows))
    if table.truth is not None:
        order = np.argsort(x, kind="stable")
        axes.plot(x[order], table.truth.mean[order], "--", color=QUIET, linewidth=1.6, label="truth")
    axes.plot(inputs, conclusion.line_fit.predict(inputs[:, None]), color=LINE, linewidth=2.2, label="least squares")
    if winner is not None and winner.parsed.is_network:
        axes.plot(inputs, _predict(winner, inputs[:, None]), color=NETWORK, linewidth=2.2, label=winner.name)
    elif (descent := _find_descent(conclusion)) is not None:
        label = f"{descent.name}: {descent.scores['distance_to_least_squares']:.2g} away"
        axes.plot(inputs, _predict(descent, inputs[:, None]), "--", color=NETWORK, linewidth=2.2, label=label)
    axes.set_xlabel(canvas.name(table.features[0]))
    axes.set_ylabel(canvas.name(table.target))
    canvas.grid(axes)
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _find_descent(conclusion: Conclusion) -> Record | None:
    """A line fitted by gradient descent, where the sweep has one."""
    lines = [record for record in conclusion.finished if not record.parsed.is_closed_form]
    return next((record for record in lines if record.parsed.is_line), None)


def _predict(winner: Record, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the networks trained on the whole table, (n_rows,) [unit of y]."""
    model = winner.parsed.model
    shape = Shape(x.shape[1], model.depth, model.width, model.activation, model.skip)
    return predict(shape, winner.weights, x)


def _draw_predictions(conclusion: Conclusion) -> "Figure":
    sides, y = _sides(conclusion), conclusion.table.y[_shown(conclusion)]
    figure = canvas.start(title(conclusion), subtitle(conclusion), 4.35)
    rows = canvas.thin(len(y))
    everything = np.concatenate([y, *(side.predictions for side in sides)])
    ends = [everything.min(), everything.max()]
    panels = figure.subplots(1, len(sides), sharex=True, sharey=True, squeeze=False)[0]
    for axes, side in zip(panels, sides, strict=True):
        axes.plot(ends, ends, color=QUIET, linewidth=1)
        _scatter(axes, y[rows], side.predictions[rows], "", side.color)
        axes.set_title(f"{side.label}: rmse {number(side.rmse)}", color=canvas.ink(side.color))
        axes.set_xlabel(f"observed {canvas.name(conclusion.table.target)}")
        axes.set_box_aspect(1)
        axes.locator_params(nbins=6)
        canvas.grid(axes)
    panels[0].set_ylabel("predicted, out of fold" if conclusion.plan.n_repeats else "fitted")
    return figure


def draw_residuals(conclusion: Conclusion) -> "Figure":
    """Residuals against predictions, with the mean of each tenth of the rows."""
    sides, y = _sides(conclusion), conclusion.table.y[_shown(conclusion)]
    kind = "out of fold" if conclusion.plan.n_repeats else "fitted, not held out"
    has_means = len(y) >= 30
    means = "; dark dots: means of tenths of the rows, flat where the fit misses nothing" if has_means else ""
    figure = canvas.start(
        f"{canvas.name(conclusion.table.name, 32)}: residuals",
        f"{kind}{means}",
        3.7,
    )
    rows = canvas.thin(len(y))
    panels = figure.subplots(1, len(sides), sharey=True, squeeze=False)[0]
    for axes, side in zip(panels, sides, strict=True):
        residuals = y - side.predictions
        axes.axhline(0, color=QUIET, linewidth=1)
        _scatter(axes, side.predictions[rows], residuals[rows], "", side.color)
        if has_means:
            tenths = np.array_split(np.argsort(side.predictions, kind="stable"), 10)
            middles = [side.predictions[tenth].mean() for tenth in tenths]
            heights = [residuals[tenth].mean() for tenth in tenths]
            axes.plot(middles, heights, "-o", color=INK, linewidth=1, markersize=4)
        axes.set_title(f"{side.label}: rmse {number(side.rmse)}", color=canvas.ink(side.color))
        axes.set_xlabel("predicted")
        axes.locator_params(axis="x", nbins=5)
        canvas.grid(axes)
    panels[0].set_ylabel("residual (observed - predicted)")
    return figure


def _scatter(axes: "Axes", x: NDArray[np.float64], y: NDArray[np.float64], label: str, color: str = DATA) -> None:
    """Faint dots; in front of the curves if they are few, behind them if many."""
    is_small = len(x) < 100
    size, alpha = (26, 0.8) if is_small else (14, 0.4) if len(x) < 1000 else (8, 0.25)
    order = 3 if is_small else 1
    axes.scatter(x, y, s=size, color=color, alpha=alpha, linewidths=0, zorder=order, label=label or None)


def _data_label(n_rows: int) -> str:
    return "data" if n_rows <= canvas.MOST_DOTS else f"data ({canvas.MOST_DOTS:,} of {n_rows:,} rows)"
