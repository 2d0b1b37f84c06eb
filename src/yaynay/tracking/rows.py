"""What MLflow holds of a run: rows made from a record alone, so that writing them once more changes nothing."""

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from yaynay.records.record import Record
from yaynay.storage import digest

PARENT = "parent"
"""Stands for a record's key in the tag `yaynay.run` of a sweep's own run."""

_FILES: dict[str, tuple[str, ...]] = {
    "finished": ("record.json", "weights.safetensors"),
    "diverged": ("record.json",),
    "failed": (),  # it left no record; its params and its reason say all
}
_MOST_STEPS = 500
"""Points of a learning curve that MLflow gets; a longer one is thinned."""


class Value(NamedTuple):
    """One value of a metric."""

    key: str
    value: float
    timestamp: int
    """[ms since 1970]"""
    step: int


@dataclass(frozen=True)
class Run:
    """One MLflow run before it is written.

    Attributes:
        key: The record's key, or `PARENT`.
        name: What the UI calls it.
        status: "RUNNING", "FINISHED" or "FAILED".
        started, ended: [ms since 1970]; `ended` is None while it runs.
        tags, params: By name.
        metrics: Every value, in any order.
        files: Names in the record's folder that become artifacts.
    """

    key: str
    name: str
    status: str
    started: int
    ended: int | None
    tags: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[Value] = field(default_factory=list)
    files: tuple[str, ...] = ()


def run_id(experiment: str, sweep: str, key: str) -> str:
    """Id of a run where yaynay may choose it: the same run has the same id, so a store cannot hold it twice."""
    return digest([experiment, sweep, key])[:32]


def child(record: Record, sweep: str, parent_id: str) -> Run:
    """The run of one configuration."""
    started = milliseconds(record.run["started_at"])
    ended = started + milliseconds(record.run["fit_seconds"])
    return Run(
        key=record.key,
        name=record.name,
        status=status(record),
        started=started,
        ended=ended,
        tags={
            "mlflow.parentRunId": parent_id,
            "mlflow.source.name": "yaynay.train",
            "mlflow.source.type": "LOCAL",
            "yaynay.sweep": sweep,
            "yaynay.run": record.key,
            **_tags(record),
        },
        params={name: _param(value) for name, value in record.parsed.flat().items()},
        metrics=_metrics(record, ended),
        files=_FILES[record.status],
    )


def status(record: Record) -> str:
    """What MLflow calls how a run ended."""
    return "FINISHED" if record.status == "finished" else "FAILED"


def _tags(record: Record) -> dict[str, str]:
    facts = record.run
    tags = {
        "dataset": record.table["name"],
        "backend": record.parsed.backend.name,
        "table_sha256": record.table["sha256"],
        "plan_sha256": record.plan["sha256"],
        "device": facts["device"],
        "python": facts["python"],
        "git_dirty": str(facts["git_dirty"]).lower(),
        **{f"version.{name}": version for name, version in facts["versions"].items()},
    }
    if facts["git_commit"]:
        tags["mlflow.source.git.commit"] = facts["git_commit"]
    if record.status != "finished":
        tags |= {"diverged": str(record.status == "diverged").lower(), "reason": record.reason or ""}
        tags |= {"epoch": str(facts["epoch"] + 1)} if "epoch" in facts else {}
    return tags


def _param(value: Any) -> str:
    """A value as a param; a long one is cut, and record.json has it whole."""
    text = json.dumps(value) if isinstance(value, (list, dict)) else "null" if value is None else str(value)
    return text if len(text) <= 6000 else f"{text[:5990]}..."


def _metrics(record: Record, timestamp: int) -> list[Value]:
    """Scores, learning curves over epochs (from 1) and scores of each outer split (from 0)."""
    metrics = [Value(name, float(value), timestamp, 0) for name, value in record.scores.items()]
    if record.status == "finished" and "fit_seconds" not in record.scores:
        metrics.append(Value("fit_seconds", record.run["fit_seconds"], timestamp, 0))
    for array, name in (("train_loss", "train/loss"), ("val_loss", "val/loss")):
        values = record.arrays.get(array, np.empty(0))
        steps = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_STEPS)).astype(int))
        metrics += [Value(name, float(values[step]), timestamp, int(step) + 1) for step in steps]
    for array, name, transform in (("fold_mse", "fold/rmse", np.sqrt), ("fold_r2", "fold/r2", np.asarray)):
        for split, value in enumerate(transform(record.arrays.get(array, np.empty(0)))):
            metrics.append(Value(name, float(value), timestamp, split))
    return [metric for metric in metrics if np.isfinite(metric.value)]


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
