"""Line, ridge and network side by side: what an answer shows of a conclusion, beside its verdict."""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models import least_squares
from yaynay.models.scores import rmse
from yaynay.records.record import Record
from yaynay.verdict.bends import Bend, find_bend
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.effect import corrected_standard_error, splits
from yaynay.verdict.equation import Equation, find_equation
from yaynay.verdict.selection import find_ridge

_TIMED = 10_000
"""Rows that the line's prediction is timed on."""


@dataclass(frozen=True)
class Interval:
    """A measured value with its 90 % interval; no bounds where there are no folds."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ModelRow:
    """One model on one table.

    Attributes:
        name: What it is to the verdict.
        what: What it is in itself: "torch 2 x 32 + skip, adamw lr 0.01".
        rmse: Out of fold, or on the training rows without folds [unit of the target]; None where it is not finite.
        r2: Share of the target's variance that is explained out of fold; None without folds.
        gain: Over the line [share of the target's variance]; None for the line itself, and without folds.
        p_value: The gate's, of a straight line; for the network alone.
        fit_seconds: All folds; the network's over all configurations [s].
        predict_microseconds: Of a prediction for one row, many at once [us].
        n_parameters: Coefficients or weights.
    """

    name: Literal["line", "ridge", "network"]
    what: str
    rmse: Interval | None
    r2: float | None
    gain: Interval | None
    p_value: float | None
    fit_seconds: float | None
    predict_microseconds: float | None
    n_parameters: int | None


@dataclass(frozen=True)
class Comparison:
    """What an answer shows beside the verdict.

    Attributes:
        models: The line, then ridge and network where the sweep has them.
        is_out_of_fold: Whether errors are of rows that were held out; else they are of the training rows.
        equation: The line.
        bend: Where the relation bends; None where nothing speaks against a straight line.
    """

    models: tuple[ModelRow, ...]
    is_out_of_fold: bool
    equation: Equation
    bend: Bend | None

    def find(self, name: str) -> ModelRow | None:
        """The row of a model; None where the sweep has none."""
        return next((row for row in self.models if row.name == name), None)

    @property
    def r2_from(self) -> float | None:
        """Of the line."""
        return self.models[0].r2

    @property
    def r2_to(self) -> float | None:
        """Of the network."""
        network = self.find("network")
        return network.r2 if network else None

    @property
    def points(self) -> Interval | None:
        """The network's gain in percentage points of the variance."""
        network = self.find("network")
        if network is None or network.gain is None:
            return None
        gain = network.gain
        low, high = (None if bound is None else 100 * bound for bound in (gain.low, gain.high))
        return Interval(100 * gain.value, low, high)


def compare(conclusion: Conclusion) -> Comparison:
    """The models of a conclusion side by side.

    An error's interval is about one model on new rows of the same kind, so the intervals of two models may overlap
    although one is better on nearly every row: whether they differ is what the gain's interval says, which is paired.
    With m the mean squared error over all test rows, s the standard deviation over the J = folds x repeats splits of
    their mean squared errors, and k folds:

        sqrt(m +- t(0.95; J - 1) s sqrt(1 / J + 1 / (k - 1)))

    The second part under the root is Nadeau & Bengio's, for training sets that share rows.
    """
    verdict = conclusion.verdict
    models = [_line(conclusion)]
    if (ridge := find_ridge(conclusion.records)) is not None:
        models.append(_ridge(conclusion, ridge, models[0].predict_microseconds))
    if verdict.n_candidates and conclusion.winner is not None:
        models.append(_network(conclusion, conclusion.winner))
    return Comparison(
        tuple(models),
        verdict.is_cross_validated,
        find_equation(conclusion),
        find_bend(conclusion.table, conclusion.gate, verdict.rule.alpha),
    )


def measure_error(table: Table, plan: Plan, predictions: NDArray[np.float64]) -> Interval | None:
    """RMSE of predictions out of fold, (n_repeats, n_rows), with its interval as `compare` says [unit of y].

    Over the rows that are tested; None where it is not finite.
    """
    spread = float(np.std(table.y))
    squares = ((predictions - table.y) / spread) ** 2  # whatever the unit, its squares are finite
    mean = float(np.mean(squares.take(plan.tested, axis=1)))
    if not np.isfinite(mean):
        return None
    folds = [float(np.mean(squares[repeat, rows])) for repeat, rows in splits(plan)]
    error = corrected_standard_error(folds, n_train=plan.n_folds - 1, n_test=1)
    reach = float(stdtrit(plan.n_splits - 1, 0.95)) * error
    if not np.isfinite(reach):
        return Interval(spread * float(np.sqrt(mean)))
    return Interval(*(spread * float(np.sqrt(max(0.0, square))) for square in (mean, mean - reach, mean + reach)))


def _scores(conclusion: Conclusion, predictions: NDArray[np.float64]) -> tuple[Interval | None, float | None]:
    """RMSE and R2 of predictions out of fold."""
    table = conclusion.table
    error = measure_error(table, conclusion.plan, predictions)
    return error, None if error is None else 1 - (error.value / float(np.std(table.y))) ** 2


def _line(conclusion: Conclusion) -> ModelRow:
    verdict, table = conclusion.verdict, conclusion.table
    error: Interval | None = Interval(rmse(conclusion.line.whole - table.y))
    r2 = None
    if verdict.is_cross_validated:
        error, r2 = _scores(conclusion, conclusion.line.predictions)
    x = least_squares.impute(table.x[:_TIMED], np.arange(min(_TIMED, table.n_rows)))
    clock = time.perf_counter()
    conclusion.line_fit.predict(x)
    microseconds = (time.perf_counter() - clock) / len(x) * 1e6
    seconds, n_parameters = conclusion.timings.fit_seconds_linear, verdict.n_parameters_linear
    return ModelRow("line", "least squares", error, r2, None, None, seconds, microseconds, n_parameters)


def _ridge(conclusion: Conclusion, ridge: Record, microseconds: float | None) -> ModelRow:
    """Ridge; it predicts by the same sums as the line, in the same time."""
    verdict = conclusion.verdict
    error: Interval | None = Interval(ridge.scores["train/rmse"])
    r2 = gain = None
    if verdict.is_cross_validated:
        error, r2 = _scores(conclusion, ridge.arrays["predictions"])
        gain = _interval(verdict.gain_ridge, verdict.gain_ridge_low, verdict.gain_ridge_high)
    seconds, n_parameters = conclusion.timings.fit_seconds_ridge, verdict.n_parameters_linear
    return ModelRow("ridge", "ridge regression", error, r2, gain, None, seconds, microseconds, n_parameters)


def _network(conclusion: Conclusion, winner: Record) -> ModelRow:
    """The tuned network: on each fold what its inner folds chose, which may be the line."""
    verdict, timings, effect = conclusion.verdict, conclusion.timings, conclusion.effect
    error = None if verdict.rmse_network is None else Interval(verdict.rmse_network)
    r2 = None
    if effect is not None:
        error, r2 = _scores(conclusion, effect.predictions)
    return ModelRow(
        "network",
        winner.name,
        error,
        r2,
        _interval(verdict.gain, verdict.gain_low, verdict.gain_high),
        verdict.p_value,
        timings.fit_seconds_network,
        timings.predict_microseconds_per_row,
        verdict.n_parameters_network,
    )


def _interval(value: float | None, low: float | None, high: float | None) -> Interval | None:
    return None if value is None else Interval(value, low, high)
