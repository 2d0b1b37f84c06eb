"""What one configuration left on one table and plan."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from yaynay.config.schema import Configuration, parse
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models.fitting import Fit
from yaynay.records.provenance import run_facts
from yaynay.records.version import numerics_version
from yaynay.storage import Arrays, digest

_CLOSE = 1e-3
"""From this `distance_to_least_squares` on, a line by gradient descent is said to have fallen short."""
_OF_TABLE = ("name", "sha256", "n_rows", "n_features", "target")
_OF_PLAN = ("sha256", "n_folds", "n_repeats", "n_inner", "n_seeds")


@dataclass(frozen=True, eq=False)
class Record:
    """One configuration trained on one table and plan.

    Attributes:
        key: Digest of what shaped the fit (`record_key`).
        status: "finished", "diverged" or "failed"; only a finished record has scores.
        configuration: All values, nested.
        table: name, sha256, n_rows, n_features, features, target.
        plan: sha256, n_folds, n_repeats, n_inner, n_seeds.
        scores: Metrics by name.
        arrays: predictions (n_repeats, n_rows) out of fold, NaN where never tested [unit of y], inner_mse, fold_mse
            and fold_r2 (n_splits,), train_loss and val_loss (n_epochs,).
        weights: Networks trained on the whole table, stacked, and their standardisation.
        run: What differs when it is run again: start, seconds, versions, processor, device, commit; the version of
            the numerics, shortened; and the digest of those that it was halved among, which have it too.
        reason: Why a run has no scores.
        line: Coefficients of a line in closed form; those of least squares with standard errors, t, p and 95 %
            intervals, those of terms with the formula.
    """

    key: str
    status: str
    configuration: dict[str, Any]
    table: dict[str, Any]
    plan: dict[str, Any]
    scores: dict[str, float]
    arrays: Arrays = field(default_factory=dict)
    weights: Arrays = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    line: dict[str, Any] | None = None

    @classmethod
    def of(
        cls, configuration: Configuration, table: Table, plan: Plan, result: Fit | Exception, companions: str = ""
    ) -> "Record":
        """The record of a fit, or of the exception that ended it; `companions` as in `record_key`."""
        about: dict[str, Any] = {
            "key": record_key(configuration, table, plan, companions),
            "configuration": configuration.model_dump(exclude={"published"}),
            "table": {"features": list(table.features)} | {name: getattr(table, name) for name in _OF_TABLE},
            "plan": {name: getattr(plan, name) for name in _OF_PLAN},
        }
        backend = configuration.backend.name
        fleet = {"companions": companions} if companions else {}
        if isinstance(result, Exception):
            reason = " ".join(str(result).split()) or type(result).__name__
            run = run_facts(backend, time.time(), 0.0, "none") | fleet
            return cls(status="failed", scores={}, run=run, reason=reason, **about)
        run = run_facts(backend, result.started_at, result.fit_seconds, result.device) | fleet
        if result.diverged_at is not None:
            epoch = result.diverged_at
            reason = f"diverged: the loss is not finite from epoch {epoch + 1} on; lower optimizer.lr"
            return cls(status="diverged", scores={}, run=run | {"epoch": epoch}, reason=reason, **about)
        if result.predict_microseconds_per_row is not None:
            run["predict_microseconds_per_row"] = result.predict_microseconds_per_row
        parts = {name: getattr(result, name) for name in ("scores", "arrays", "weights", "line")}
        return cls(status="finished", run=run, **parts, **about)

    @cached_property
    def parsed(self) -> Configuration:
        return parse(self.configuration)

    def without_arrays(self) -> "Record":
        """The record as it travels between processes."""
        return replace(self, arrays={}, weights={})

    @property
    def name(self) -> str:
        """The run in one line: "torch 2 x 32, adamw lr 0.01"."""
        return run_name(self.parsed)

    @property
    def remark(self) -> str | None:
        """What a finished run falls short of, in one sentence; None where there is nothing to say."""
        distance = self.scores.get("distance_to_least_squares", 0.0)
        if distance < _CLOSE:
            return None
        return (
            f"gradient descent ended {distance:.2g} away from least squares; with more trainer.max_epochs or a higher "
            "optimizer.lr it would go on"
        )


def run_name(configuration: Configuration) -> str:
    """A configuration in one line: backend, network, optimizer and learning rate.

    Other values that a sweep varies are in the params.
    """
    if configuration.is_closed_form:
        return f"{configuration.backend.name} {'line' if configuration.is_line else 'formula'}"
    model, optimizer = configuration.model, configuration.optimizer
    network = "line" if model.depth == 0 else f"{model.depth} x {model.width}{' + skip' if model.skip else ''}"
    return f"{configuration.backend.name} {network}, {optimizer.name} lr {optimizer.lr:g}"


def record_key(configuration: Configuration, table: Table, plan: Plan, companions: str = "") -> str:
    """Name of the record that a configuration leaves: digest of itself, table, plan and version of the numerics.

    Args:
        configuration: What is trained.
        table: The data.
        plan: Its folds.
        companions: Digest of those that it is halved among (`companions_digest`), which decide how long it trains.
    """
    parts = [configuration.numerics(), table.sha256, plan.sha256, numerics_version(configuration.backend.name)]
    return digest([*parts, companions] if companions else parts)


def companions_digest(configurations: Sequence[Configuration]) -> str:
    """Digest of a fleet whose configurations decide how long each of them trains; "" where they do not."""
    if not configurations[0].is_halved or len(configurations) == 1:
        return ""
    return digest([configuration.numerics() for configuration in configurations])
