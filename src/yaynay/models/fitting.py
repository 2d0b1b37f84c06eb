"""Configurations on one table and plan -> what each fit gave: the only way from options to numbers.

Everything that shapes a fit is imported here, except the backend's own module, which is loaded by name.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yaynay.config.schema import Configuration
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models import equations, least_squares, ols, ridge, terms
from yaynay.models.backends import base
from yaynay.models.fleet import Fleet, make_fleet
from yaynay.models.network import Shape, Weights, predict
from yaynay.models.scores import FoldScores, bag, relative_difference, rmse, score
from yaynay.models.training_state import TrainedFleet
from yaynay.models.units import WHOLE, Units


@dataclass(frozen=True, eq=False)
class Fit:
    """What one configuration gave on one table and plan.

    Attributes:
        scores: Metrics by name; none where training diverged.
        arrays: Predictions, fold errors and learning curves by name (`records.record.Record`).
        weights: Networks trained on the whole table, stacked, and their standardisation; or the line, with or
            without terms.
        line: Coefficients of a line in closed form, with or without terms (`equations`).
        diverged_at: First epoch (from 0) whose loss is not finite; None for a fit that stayed finite.
        device: What it ran on.
        started_at: [seconds since 1970]
        fit_seconds: Wall time of the fit; a fused fit is shared equally [s].
        predict_microseconds_per_row: Time of a prediction of the networks of the whole table; None for a line.
    """

    device: str
    started_at: float
    fit_seconds: float
    scores: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, NDArray] = field(default_factory=dict)
    weights: dict[str, NDArray] = field(default_factory=dict)
    line: dict[str, Any] | None = None
    diverged_at: int | None = None
    predict_microseconds_per_row: float | None = None


def fit(
    configurations: Sequence[Configuration], table: Table, plan: Plan, on_epoch: base.OnEpoch | None = None
) -> list[Fit]:
    """Fit configurations that differ only in learning rate, weight decay and seed, as one fleet.

    Args:
        configurations: What to fit.
        table: The data.
        plan: Its folds.
        on_epoch: Called after each epoch with the state of training.

    Returns:
        One fit per configuration, in order.

    Raises:
        MachineError: The backend is not installed, or a GPU was asked for and there is none.
    """
    first = configurations[0]
    if first.is_closed_form:
        return [_fit_closed_form(configuration, table, plan) for configuration in configurations]
    started_at, clock = time.time(), time.perf_counter()
    fleet = make_fleet(configurations, table, plan)
    trained = base.fit(fleet, first.backend.name, first.trainer.accelerator, on_epoch)
    run: dict[str, Any] = {
        "device": trained.device,
        "started_at": started_at,
        "fit_seconds": (time.perf_counter() - clock) / len(configurations),
    }
    fits = []
    for number, configuration in enumerate(configurations):
        members = trained.members(np.flatnonzero(fleet.configuration == number))
        diverged_at = _find_divergence(members)
        if diverged_at is None:
            fits.append(_fit_networks(configuration, fleet, members, table, plan, run))
        else:
            fits.append(Fit(**run, diverged_at=diverged_at))
    return fits


def _fit_closed_form(configuration: Configuration, table: Table, plan: Plan) -> Fit:
    started_at, backend = time.time(), configuration.backend.name
    weights: dict[str, NDArray] = {"mean": _column_means(table.x)}
    if backend == "terms":
        chosen = terms.fit_by_plan(table, plan)
        folds, seconds, formula = chosen.folds, chosen.seconds, chosen.whole.formula
        report = equations.report_formula(formula, chosen.whole.penalty, table.target, table.features)
        scores: dict[str, float] = {"n_parameters": len(formula.weights), "n_terms": len(formula.terms)}
        weights |= formula.arrays()
    else:
        fitted: least_squares.Line[Any]
        if backend == "ridge":
            fitted = least_squares.fit_by(ridge, table, plan)
            report = equations.report_ridge(fitted.whole, table.features)
            scores = {"ridge/lambda": fitted.whole.penalty}
        else:
            fitted = least_squares.fit(table, plan)
            report, scores = equations.report_least_squares(fitted.whole, table.features), {}
        folds, seconds, line = fitted.folds, fitted.seconds, fitted.whole
        scores |= {"n_parameters": table.n_features + 1} | _line_metrics(line.slopes, line.intercept, folds, table)
        weights |= {"intercept": np.array([line.intercept]), "slopes": line.slopes}
    scores |= folds.metrics(table.y) | {"n_members": plan.n_splits + 1, "fit_seconds": seconds}
    return Fit(
        device="cpu",
        started_at=started_at,
        fit_seconds=seconds,
        scores=scores | _prediction(configuration, None, weights),
        arrays=folds.arrays(table.y),
        weights=weights,
        line=report,
    )


def _column_means(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a missing cell is filled with, (n_features,)."""
    return np.nansum(x, axis=0) / np.maximum(np.sum(~np.isnan(x), axis=0), 1)


def _find_divergence(trained: TrainedFleet) -> int | None:
    """First epoch (from 0) with a loss or weight that is not finite; None if there is none."""
    diverged = trained.diverged_at[trained.diverged_at >= 0]
    if len(diverged):
        return int(diverged.min())
    is_finite = all(np.isfinite(array).all() for array in trained.weights.values())
    return None if is_finite else len(trained.train_curve) - 1


def _fit_networks(
    configuration: Configuration, fleet: Fleet, trained: TrainedFleet, table: Table, plan: Plan, run: dict[str, Any]
) -> Fit:
    """The fit of one configuration from its trained members."""
    units, shape = fleet.units, fleet.shape

    def forward(weights: Weights, x: NDArray) -> NDArray:
        return base.predict(configuration.backend.name, shape, weights, x)

    width = shape.width if shape.depth else 1
    folds = score(units, trained.weights, table.x, table.y, plan, forward, width)
    whole = np.flatnonzero(units.split == WHOLE)
    clock = time.perf_counter()
    bag(units, whole, trained.weights, table.x, forward, width)
    seconds_per_row = (time.perf_counter() - clock) / table.n_rows
    weights: dict[str, NDArray] = {name: array[whole] for name, array in trained.weights.items()}
    for name in ("x_mean", "x_factor", "y_mean", "y_scale"):
        weights[name] = getattr(units, name)[whole]
    scores = folds.metrics(table.y) | {
        "n_members": len(units),
        "n_parameters": shape.n_parameters,
        "best_epoch": float(np.mean(trained.best_epoch)) + 1,
        **trained.step_metrics(fleet),
    }
    if shape.depth == 0:
        slopes, intercept = _mean_line(units, trained, whole)
        x = least_squares.impute(table.x, np.arange(table.n_rows))
        exact = ols.fit(x, table.y).predict(x)
        scores["distance_to_least_squares"] = relative_difference(exact, folds.whole)
        scores |= _line_metrics(slopes, intercept, folds, table)
    return Fit(
        **run,
        scores=scores | _prediction(configuration, shape, weights),
        arrays=folds.arrays(table.y) | _mean_curves(units, trained),
        weights=weights,
        predict_microseconds_per_row=seconds_per_row * 1e6,
    )


def _mean_curves(units: Units, trained: TrainedFleet) -> dict[str, NDArray[np.float64]]:
    """Learning curves averaged over members; the validation curve only over members with held-out rows."""
    curves = {"train_loss": trained.train_curve.mean(axis=1)}
    has_validation = units.n_validation > 0
    if has_validation.any():
        curves["val_loss"] = trained.validation_curve[:, has_validation].mean(axis=1)
    return curves


def _mean_line(units: Units, trained: TrainedFleet, whole: NDArray[np.intp]) -> tuple[NDArray[np.float64], float]:
    """Slopes and intercept, in the table's own units, of the mean of depth-0 members."""
    factor = units.x_factor[whole] * units.y_scale[whole, None]
    slopes = trained.weights["layer0.weight"][whole, :, 0] * factor
    offset = trained.weights["layer0.bias"][whole, 0, 0] * units.y_scale[whole] + units.y_mean[whole]
    return slopes.mean(axis=0), float(np.mean(offset - np.sum(slopes * units.x_mean[whole], axis=1)))


def _prediction(configuration: Configuration, shape: Shape | None, weights: dict[str, NDArray]) -> dict[str, float]:
    """What the model of the whole table predicts at `predict_at`; the table has one feature."""
    if configuration.predict_at is None:
        return {}
    return {"prediction": float(predict(shape, weights, np.array([[configuration.predict_at]]))[0])}


def _line_metrics(
    slopes: NDArray[np.float64],
    intercept: float,
    folds: FoldScores,
    table: Table,
) -> dict[str, float]:
    """slope, intercept and cost (sum of squared errors / 2n) of a line on one feature, and x and y's correlation."""
    if len(slopes) != 1:
        return {}
    metrics = {
        "slope": float(slopes[0]),
        "intercept": intercept,
        "cost": rmse(folds.whole - table.y) ** 2 / 2,
    }
    x = least_squares.impute(table.x, np.arange(table.n_rows))[:, 0]
    if np.ptp(x) > 0 and np.ptp(table.y) > 0:
        metrics["correlation"] = float(np.corrcoef(x, table.y)[0, 1])
    return metrics
