"""Sweeps with invented scores, for tests that need many records and no training."""

import dataclasses
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from yaynay.config import schema
from yaynay.data.forward import make_forward_plan
from yaynay.data.plan import Plan, make_plan
from yaynay.data.table import Table, Truth
from yaynay.models.network import Shape, initial_weights
from yaynay.records.record import Record
from yaynay.verdict.conclusion import Conclusion, conclude

OPTIONS = schema.Rule(alpha=0.05, delta=0.01, delta_nay=0.02, n_draws=99)


def make_table(n_rows: int, features: Sequence[str], target: str = "y") -> Table:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (n_rows, len(features)))
    mean = x.sum(axis=1) ** 2
    frame = pd.DataFrame(x, columns=list(features)).assign(**{target: mean + 0.1 * rng.normal(size=n_rows)})
    return Table("toy", frame, target, "made here", Truth(mean, np.full(n_rows, 0.1)))


def make_record(table: Table, plan: Plan, backend: str, depth: int, lr: float, status: str = "finished") -> Record:
    """A run with plausible scores, better for a greater depth and learning rate."""
    configuration = {
        "dataset": {"name": "engel"},
        "backend": {"name": backend},
        "model": {"depth": depth, "width": 4, "activation": "relu", "skip": False, "start": None},
        "optimizer": {"name": "adamw", "lr": lr, "weight_decay": 0.01},
        "trainer": {
            "max_epochs": 20,
            "min_steps": 1,
            "batch_size": 32,
            "early_stopping": True,
            "patience": 5,
            "loss": "mean",
            "shuffle": True,
            "standardise": True,
            "precision": 32,
            "accelerator": "auto",
        },
        "plan": {"n_folds": 5, "n_repeats": None, "n_inner": 4, "n_seeds": 1, "seed": 0},
        "verdict": OPTIONS.model_dump(),
        "tracking": {"experiment": "yaynay"},
        "seed": 0,
        "predict_at": None,
        "results": None,
    }
    about = Record(
        key=f"{backend}-{depth}-{lr}",
        status=status,
        configuration=configuration,
        table={"name": table.name, "sha256": table.sha256},
        plan={"sha256": plan.sha256},
        scores={},
        run={"fit_seconds": 1.0},
    )
    return about if status != "finished" else dataclasses.replace(about, **fitted(table, plan, depth, lr))


def fitted(table: Table, plan: Plan, depth: int, lr: float) -> dict[str, Any]:
    error = 0.5 / (1 + depth + lr)
    rng = np.random.default_rng(depth)
    scores = {"train/rmse": error, "n_parameters": 9.0}
    if plan.n_repeats:
        scores |= {"val/rmse": error, "test/rmse": error}
    guesses = table.y + error * rng.normal(size=(plan.n_repeats + 1, table.n_rows))
    arrays = {
        "predictions": guesses[1:],
        "whole": guesses[0],
        "inner_mse": np.full(plan.n_splits, error**2),
        "fold_mse": error**2 * rng.uniform(0.5, 1.5, plan.n_splits),
        "train_loss": error * np.linspace(1, 0.0, 20),  # the last epoch fits exactly
        "val_loss": error * np.linspace(1, 0.4, 20),
    }
    n_features = table.n_features
    weights = initial_weights(Shape(n_features, depth, 4), 4, seed=0) | {
        "x_mean": np.zeros((4, n_features)),
        "x_factor": np.ones((4, n_features)),
        "y_mean": np.zeros(4),
        "y_scale": np.ones(4),
    }
    return {"scores": scores, "arrays": arrays, "weights": weights}


def make_conclusion(
    n_rows: int = 60,
    features: Sequence[str] = ("x",),
    target: str = "y",
    backends: Sequence[str] = ("torch",),
    depths: Sequence[int] = (0, 1, 2),
    doubts: tuple[str, ...] = (),
    is_ordered: bool = False,
) -> Conclusion:
    table = dataclasses.replace(make_table(n_rows, features, target), doubts=doubts)
    plan = make_plan(np.arange(n_rows), table.sha256, table.n_features, n_repeats=2)
    if is_ordered:
        table = dataclasses.replace(table, time=np.arange(n_rows))
        plan = make_forward_plan(np.arange(n_rows), table.sha256, table.n_features)
    records = [
        make_record(table, plan, backend, depth, lr) for backend in backends for depth in depths for lr in (0.01, 0.1)
    ]
    records.append(make_record(table, plan, "torch", max(depths), 1e20, status="diverged"))
    sweep: Any = SimpleNamespace(
        key="k", table_name=table.name, baselines=(), data=lambda: (table, plan), records=lambda: records
    )
    return conclude(sweep, OPTIONS)
