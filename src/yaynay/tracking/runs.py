"""What MLflow holds for a run, made from a record alone, and how it is written through MLflow's public API.

MLflow makes its own id for each call that creates a run. So a run is found again by its tags `yaynay.sweep` and
`yaynay.run`, and written by one process of the project at a time: however often it is written, it is there once.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from filelock import FileLock

from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.storage import find_root
from yaynay.tracking.artifacts import Artifacts

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

PARENT = "parent"
"""Stands for a record's key in the tag `yaynay.run` of a sweep's own run."""
DELETED = "deleted"
"""MLflow's word for a run or experiment that the user deleted, and that can be restored."""

_MOST_STEPS = 500
"""Most points of a learning curve in MLflow; a longer one is thinned."""
_MOST_METRICS = 800
"""Metrics in one log_batch call, which takes a thousand entities, params among them."""


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
        artifacts: Files beside them.
    """

    key: str
    name: str
    status: str
    started: int
    ended: int | None
    tags: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[Value] = field(default_factory=list)
    artifacts: Artifacts = field(default_factory=Artifacts)


class Found(NamedTuple):
    """A run that the store has; its status is `DELETED` where the user deleted it, and it stays so."""

    run_id: str
    status: str


class Runs:
    """The runs of one experiment, in any store that MLflow knows."""

    n_at_once = 20
    """Runs to give to one `add`: about a second, for which an interrupted sweep waits."""

    def __init__(self, client: "MlflowClient", experiment_id: str) -> None:
        self.client, self.experiment_id = client, experiment_id

    def find(self, sweep: str) -> dict[str, Found]:
        """Runs of a sweep that are there, by record key."""
        from mlflow.entities import ViewType

        found: dict[str, Found] = {}
        query, token = f"tags.`yaynay.sweep` = '{sweep}'", None
        while True:
            page = self.client.search_runs([self.experiment_id], query, ViewType.ALL, 1000, page_token=token)
            for run in page:
                key, stage = run.data.tags["yaynay.run"], run.info.lifecycle_stage
                if stage != DELETED or key not in found:  # of two runs for one key, the one that is there
                    found[key] = Found(run.info.run_id, DELETED if stage == DELETED else run.info.status)
            if not (token := page.token):
                return found

    def add(self, sweep: str, runs: Sequence[Run], records: Store, dataset: "DatasetInput | None") -> None:
        """Write runs that are missing, that ended differently before, or that were only partly written.

        Args:
            sweep: The sweep's key.
            runs: What to write.
            records: Where their files are.
            dataset: The table.
        """
        with FileLock(find_root() / "records" / ".tracking.lock"):
            found = self.find(sweep)
            missing = [run for run in runs if is_missing(found, run.key, run.status)]
            if missing:
                self._write(sweep, missing, found, records, dataset)

    def _write(
        self,
        sweep: str,
        runs: Sequence[Run],
        found: dict[str, Found],
        records: Store,
        dataset: "DatasetInput | None",
    ) -> None:
        """Write runs; for those in `found`, only what is missing or outdated."""
        for run in runs:
            if run.key in found:
                run_id = found[run.key].run_id
                self._forget_tags(run_id, run)
            else:
                run_id = self.client.create_run(self.experiment_id, run.started, run.tags, run.name).info.run_id
            self._fill(run_id, run, records, dataset)

    def _forget_tags(self, run_id: str, run: Run) -> None:
        """Delete the tags of an earlier attempt that ended differently."""
        for name in self.client.get_run(run_id).data.tags:
            if name not in run.tags and not name.startswith("mlflow."):
                self.client.delete_tag(run_id, name)

    def _fill(self, run_id: str, run: Run, records: Store, dataset: "DatasetInput | None") -> None:
        from mlflow.entities import Metric, Param, RunTag

        params = [Param(*pair) for pair in run.params.items()]
        tags = [RunTag(*pair) for pair in run.tags.items()]
        for part in split(run.metrics, _MOST_METRICS) or [[]]:
            self.client.log_batch(run_id, [Metric(*value) for value in part], params, tags)
            params, tags = [], []
        if dataset is not None:
            self.client.log_inputs(run_id, [dataset])
        with run.artifacts.paths(records.path(run.key)) as paths:
            for path in paths:
                self.client.log_artifact(run_id, str(path))
        if run.status != "RUNNING":  # last: a run that ended is complete
            self.client.set_terminated(run_id, run.status, run.ended)


def split(items: Iterable[Any], size: int) -> list[list[Any]]:
    """Items in lists of at most `size`.

    >>> split([1, 2, 3], 2)
    [[1, 2], [3]]
    """
    rest = iter(items)
    return list(iter(lambda: list(islice(rest, size)), []))


def is_missing(found: dict[str, Found], key: str, status: str) -> bool:
    """Whether a run is to be written; one that the user deleted stays deleted."""
    return key not in found or found[key].status not in (status, DELETED)


def child(record: Record, sweep: str, parent_id: str) -> Run:
    """The run of one configuration."""
    started, ended, artifacts = milliseconds(record.run["started_at"]), ended_at(record), Artifacts.of(record)
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
            **artifacts.tags,
        },
        params={name: _param(value) for name, value in record.parsed.flat().items()},
        metrics=_metrics(record, ended),
        artifacts=artifacts,
    )


def status(record: Record) -> str:
    """What MLflow calls how a run ended."""
    return "FINISHED" if record.status == "finished" else "FAILED"


def ended_at(record: Record) -> int:
    """When a run ended [ms since 1970]."""
    return milliseconds(record.run["started_at"]) + milliseconds(record.run["fit_seconds"])


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


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
    said = {"remark": record.remark, "formula": (record.line or {}).get("formula")}
    tags |= {name: _param(text) for name, text in said.items() if text}
    if record.status != "finished":
        tags |= {"diverged": str(record.status == "diverged").lower(), "reason": record.reason or ""}
        tags |= {"epoch": str(facts["epoch"] + 1)} if "epoch" in facts else {}
    return tags


def _param(value: Any) -> str:
    """A value as a param; a long one is cut, and record.json has it in full."""
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
