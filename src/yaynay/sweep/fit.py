"""One configuration -> its fleet -> its record; configurations of one shape share a fleet."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from yaynay.config.schema import Configuration
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import OptionError
from yaynay.models import least_squares, ols
from yaynay.models.backends import base
from yaynay.models.fleet import Draw, Fitted, Fleet, Regime
from yaynay.models.network import Shape
from yaynay.models.scores import FoldScores, bag, rmse, score
from yaynay.models.units import WHOLE, Units, make_units
from yaynay.records.provenance import run_facts
from yaynay.records.record import Record, make_key
from yaynay.records.version import numerics_version

_FUSED = {"lr", "weight_decay"}
"""Optimizer values that may differ within one fleet; the seed may too."""


def record_key(configuration: Configuration, table: Table, plan: Plan) -> str:
    """Name of the record that this configuration leaves on this table and plan."""
    return make_key(configuration, table.sha256, plan.sha256, numerics_version(configuration.backend.name))


def group_key(configuration: Configuration) -> str:
    """Configurations with the same key can train as one fleet."""
    optimizer = configuration.optimizer.model_dump(exclude=_FUSED)
    return repr((configuration.backend, configuration.model, optimizer, configuration.trainer))


def train(
    configurations: Sequence[Configuration], table: Table, plan: Plan, on_epoch: base.OnEpoch | None = None
) -> list[Record]:
    """Train configurations of one `group_key` on one table and plan, as one fleet.

    Args:
        configurations: What to train; only learning rate, weight decay and seed differ.
        table: The data.
        plan: Its folds.
        on_epoch: Called after each epoch with where training stands.

    Returns:
        A record each, in order. One that leaves the finite numbers is a record with status "diverged".

    Raises:
        MachineError: The backend or the GPU that was asked for is not there.
        OptionError: The configuration does not fit the table.
    """
    first = configurations[0]
    check_fit(first, table)
    if first.backend.name == "least_squares":
        return [_train_line(one, table, plan) for one in configurations]
    started_at, clock = time.time(), time.perf_counter()
    fleet = make_fleet(configurations, table, plan)
    fitted = base.fit(fleet, first.backend.name, first.trainer.accelerator, on_epoch)
    fit_seconds = (time.perf_counter() - clock) / len(configurations)
    records = []
    for place, configuration in enumerate(configurations):
        members = np.flatnonzero(fleet.draw == place)
        run = run_facts(configuration.backend.name, started_at, fit_seconds, fitted.device)
        record = _summarise(configuration, fleet, fitted.members(members), table, plan)
        records.append(replace(record, run=run | record.run))
    return records


def make_fleet(configurations: Sequence[Configuration], table: Table, plan: Plan) -> Fleet:
    """The fleet of configurations of one `group_key`."""
    first = configurations[0]
    trainer, model = first.trainer, first.model
    full = trainer.batch_size == "full" or trainer.batch_size >= table.n_rows
    return Fleet(
        shape=Shape(table.n_features, model.depth, model.width, model.activation, model.skip),
        regime=Regime(
            optimizer=first.optimizer.name,
            loss=trainer.loss,
            batch_size=None if full else int(trainer.batch_size),
            shuffle=trainer.shuffle,
            max_epochs=trainer.max_epochs,
            patience=trainer.patience if trainer.early_stopping else None,
            precision=trainer.precision,
        ),
        x=table.x,
        y=table.y,
        units=make_units(table.x, table.y, plan, hold_out=trainer.early_stopping, standardise=trainer.standardise),
        draws=tuple(Draw(one.optimizer.lr, one.optimizer.weight_decay, one.seed) for one in configurations),
        start=model.start,
    )


def failed(configuration: Configuration, table: Table, plan: Plan, error: Exception) -> Record:
    """What is kept of a configuration that ended without a record; a later sweep trains it again."""
    record = _record(configuration, table, plan, "failed")
    reason = " ".join(str(error).split()) or type(error).__name__
    return replace(record, reason=reason, run=run_facts(configuration.backend.name, time.time(), 0.0, "none"))


def check_fit(configuration: Configuration, table: Table) -> None:
    """Check what only the table can say of a configuration.

    Raises:
        OptionError: Starting values or `predict_at` do not fit the table's features.
    """
    start, n_features = configuration.model.start, table.n_features
    if start is not None and len(start) != n_features + 1:
        raise OptionError(
            f"option 'model.start': {len(start)} values for {n_features} features; "
            f"allowed: {n_features + 1} values (slopes, then intercept); or leave it null"
        )
    if configuration.predict_at is not None and n_features != 1:
        raise OptionError(
            f"option 'predict_at': table '{table.name}' has {n_features} features; allowed: tables with one feature"
        )


def _train_line(configuration: Configuration, table: Table, plan: Plan) -> Record:
    started_at = time.time()
    fitted = least_squares.fit(table, plan)
    folds, line = fitted.folds, fitted.whole
    n_parameters = table.n_features + 1
    scores = folds.metrics(table.y) | {"n_members": plan.n_splits + 1, "n_parameters": n_parameters}
    scores |= _line_metrics(configuration, line.slopes, line.intercept, folds, table)
    record = _record(configuration, table, plan, "finished")
    names = ["intercept", *table.features]
    report = {
        "rank": line.rank,
        "dependent": ols.name_dependent(line, table.features),
        "coefficients": [
            {
                "name": names[place],
                "value": float(line.coefficients[place]),
                "standard_error": _finite(line.standard_errors[place]),
                "t": _finite(line.t_values[place]),
                "p": _finite(line.p_values[place]),
                "low": _finite(line.intervals()[place, 0]),
                "high": _finite(line.intervals()[place, 1]),
            }
            for place in range(len(names))
        ],
    }
    return replace(
        record,
        scores=scores | {"fit_seconds": fitted.seconds},
        arrays=folds.arrays(table.y),
        weights={
            "intercept": np.array([line.intercept]),
            "slopes": line.slopes,
            "mean": _column_means(table.x),
        },
        run=run_facts("least_squares", started_at, fitted.seconds, "cpu"),
        line=report,
    )


def _column_means(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a missing cell is filled with, (n_features,)."""
    return np.nansum(x, axis=0) / np.maximum(np.sum(~np.isnan(x), axis=0), 1)


def _finite(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return float(value) if np.isfinite(value) else None


def _summarise(configuration: Configuration, fleet: Fleet, fitted: Fitted, table: Table, plan: Plan) -> Record:
    """A record of one configuration's members."""
    diverged = fitted.diverged_at[fitted.diverged_at >= 0]
    is_finite = all(np.isfinite(array).all() for array in fitted.weights.values())
    if len(diverged) or not is_finite:
        epoch = int(diverged.min()) if len(diverged) else len(fitted.train_curve) - 1
        reason = f"diverged: the loss is not finite from epoch {epoch + 1} on; lower optimizer.lr"
        return replace(_record(configuration, table, plan, "diverged"), reason=reason, run={"epoch": epoch})
    units, shape = fleet.units, fleet.shape

    def forward(weights: dict[str, NDArray], x: NDArray) -> NDArray:
        return base.predict(configuration.backend.name, shape, weights, x)

    width = shape.width if shape.depth else 1
    folds = score(units, fitted.weights, table.x, table.y, plan, forward, width)
    whole = np.flatnonzero(units.split == WHOLE)
    clock = time.perf_counter()
    bag(units, whole, fitted.weights, table.x, forward, width)
    seconds_per_row = (time.perf_counter() - clock) / table.n_rows
    weights = {name: array[whole] for name, array in fitted.weights.items()}
    for name in ("x_mean", "x_factor", "y_mean", "y_scale"):
        weights[name] = getattr(units, name)[whole]
    scores = folds.metrics(table.y) | {
        "n_members": len(units),
        "n_parameters": shape.n_parameters,
        "best_epoch": float(np.mean(fitted.best_epoch)) + 1,
    }
    if shape.depth == 0:
        slopes, intercept = _mean_line(units, fitted, whole)
        x = least_squares.impute(table.x, np.arange(table.n_rows))
        exact = ols.fit(x, table.y).predict(x)
        scores["distance_to_least_squares"] = rmse(folds.whole - exact) / float(np.std(table.y))
        scores |= _line_metrics(configuration, slopes, intercept, folds, table)
    curves = {"train_loss": fitted.train_curve.mean(axis=1)}
    if (units.n_validation > 0).all():
        curves["val_loss"] = fitted.validation_curve.mean(axis=1)
    elif (units.n_validation > 0).any():
        curves["val_loss"] = fitted.validation_curve[:, units.n_validation > 0].mean(axis=1)
    return replace(
        _record(configuration, table, plan, "finished"),
        scores=scores,
        arrays=folds.arrays(table.y) | curves,
        weights=weights,
        run={"predict_microseconds_per_row": seconds_per_row * 1e6},
    )


def _mean_line(units: Units, fitted: Fitted, whole: NDArray[np.intp]) -> tuple[NDArray[np.float64], float]:
    """Slopes and intercept, in the table's own units, of the mean of depth-0 members."""
    factor = units.x_factor[whole] * units.y_scale[whole, None]
    slopes = fitted.weights["layer0.weight"][whole, :, 0] * factor
    offset = fitted.weights["layer0.bias"][whole, 0, 0] * units.y_scale[whole] + units.y_mean[whole]
    return slopes.mean(axis=0), float(np.mean(offset - np.sum(slopes * units.x_mean[whole], axis=1)))


def _line_metrics(
    configuration: Configuration,
    slopes: NDArray[np.float64],
    intercept: float,
    folds: FoldScores,
    table: Table,
) -> dict[str, float]:
    """slope, intercept and cost (sum of squared errors / 2n) of a line on one feature."""
    if len(slopes) != 1:
        return {}
    metrics = {
        "slope": float(slopes[0]),
        "intercept": intercept,
        "cost": rmse(folds.whole - table.y) ** 2 / 2,
    }
    if configuration.predict_at is not None:
        metrics["prediction"] = intercept + float(slopes[0]) * configuration.predict_at
    return metrics


def _record(configuration: Configuration, table: Table, plan: Plan, status: str) -> Record:
    return Record(
        key=record_key(configuration, table, plan),
        status=status,
        configuration=configuration.model_dump(),
        table={
            "name": table.name,
            "sha256": table.sha256,
            "n_rows": table.n_rows,
            "n_features": table.n_features,
            "features": list(table.features),
            "target": table.target,
        },
        plan={
            "sha256": plan.sha256,
            "n_folds": plan.n_folds,
            "n_repeats": plan.n_repeats,
            "n_inner": plan.n_inner,
            "n_seeds": plan.n_seeds,
        },
        scores={},
    )
