"""The run of a sweep: opened when the sweep starts, concluded with verdict, pictures and model."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaynay.records.record import Record
from yaynay.records.store import Sweep
from yaynay.reports import page
from yaynay.storage import digest, write_json
from yaynay.tracking.model import log_model
from yaynay.tracking.owner import OWNER, owner
from yaynay.tracking.runs import DELETED, PARENT, Run, Runs, ended_at, milliseconds
from yaynay.tracking.store import deleted_run
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.model import Timings, Verdict

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from mlflow.entities import Run as MlflowRun

STAMP = "yaynay.verdict"
"""Tag of a sweep's run that says which verdict it shows."""
_WINNER = "yaynay.winner"
"""Tag with the record key of the configuration whose model is logged."""


@dataclass(frozen=True)
class Result:
    """A sweep and what its run shows.

    Attributes:
        sweep: The sweep.
        verdict, timings: What was concluded, and how long fits took.
        pictures: A folder with its pictures, or what draws them into an empty one.
    """

    sweep: Sweep
    verdict: Verdict
    timings: Timings
    pictures: Path | Callable[[Path], object]

    @classmethod
    def of(cls, conclusion: Conclusion, pictures: Path | Callable[[Path], object]) -> "Result":
        """The result that a conclusion gives."""
        return cls(conclusion.sweep, conclusion.verdict, conclusion.timings, pictures)


def make_stamp(verdict: Verdict) -> str:
    """Digest of a verdict; it does not depend on times."""
    return digest(verdict.as_json())


def ended_runs(sweep: Sweep) -> list[Record]:
    """Records and failures of a sweep, without arrays."""
    store = sweep.store
    found = [store.read_scores(key) if store.has(key) else store.read_ended(key) for key in sweep.about["runs"]]
    return [record for record in found if record is not None]


def open_parent(runs: Runs, sweep: Sweep, dataset: "DatasetInput") -> str:
    """The run of a sweep, made where it is missing, and RUNNING unless it has ended.

    It starts with the command that asked for the sweep, or with the first of its runs if that started earlier.

    Returns:
        Its run id.

    Raises:
        MachineError: The user deleted it.
    """
    found = runs.find(sweep.key).get(PARENT)
    if found is None:
        tags = {"yaynay.sweep": sweep.key, "yaynay.run": PARENT, "dataset": sweep.table_name, OWNER: owner()}
        name = f"{sweep.table_name} ({len(sweep.about['runs'])} configurations)"
        started = min([sweep.started_at, *(record.run["started_at"] for record in ended_runs(sweep))])
        run = Run(PARENT, name, "RUNNING", milliseconds(started), None, tags)
        runs.add(sweep.key, [run], sweep.store, dataset)
        found = runs.find(sweep.key)[PARENT]
    if found.status == DELETED:
        raise deleted_run(sweep.table_name, found.run_id)
    if found.status != "FINISHED":
        runs.client.set_tag(found.run_id, OWNER, owner())
        runs.client.update_run(found.run_id, status="RUNNING")
    return found.run_id


def conclude_parent(client: "MlflowClient", run_id: str, result: Result, records: Sequence[Record]) -> None:
    """Put verdict, pictures and model on a sweep's run, again where the verdict changed, and end it.

    Args:
        client: MLflow's client.
        run_id: The sweep's run.
        result: What it shows.
        records: The sweep's runs, of which the last to end ends it.
    """
    stamp, run = make_stamp(result.verdict), client.get_run(run_id)
    if run.data.tags.get(STAMP) == stamp and run.info.status == "FINISHED":
        return
    _log_verdict(client, run, result, records)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if isinstance(result.pictures, Path):
            drawn = result.pictures
        else:
            drawn = folder / "pictures"
            drawn.mkdir()
            result.pictures(drawn)
        client.log_artifacts(run_id, str(drawn), "pictures")
        write_json(folder / "verdict.json", result.verdict.as_json())
        client.log_artifact(run_id, str(folder / "verdict.json"))
    winner = result.verdict.winner_key
    if winner is not None and run.data.tags.get(_WINNER) != winner:
        log_model(run_id, result.sweep.data()[0], result.sweep.store.read(winner))
        client.set_tag(run_id, _WINNER, winner)
    client.set_tag(run_id, STAMP, stamp)
    client.set_terminated(run_id, "FINISHED", max([run.info.start_time, *map(ended_at, records)]))


def _log_verdict(client: "MlflowClient", run: "MlflowRun", result: Result, records: Sequence[Record]) -> None:
    from mlflow.entities import Metric, RunTag

    verdict, name = result.verdict, result.sweep.table_name
    tags = {
        "verdict": verdict.outcome,
        "sentence": verdict.sentence,
        "mlflow.runName": f"{name}: {verdict.outcome} ({len(result.sweep.about['runs'])} configurations)",
        "mlflow.note.content": page.markdown(verdict, result.timings, name),
        "mlflow.source.name": "yaynay.train",
        "table_sha256": verdict.table_sha256,
        "plan_sha256": verdict.plan_sha256,
        "backend": ", ".join(sorted({record.configuration["backend"]["name"] for record in records})),
        **({"winner": verdict.winner} if verdict.winner else {}),
    }
    now = milliseconds(time.time())
    metrics = [
        Metric(key, value, now, 0)
        for key, value in _numbers(verdict.as_json() | result.timings.as_json()).items()
        if run.data.metrics.get(key) != value  # MLflow refuses a repeated metric that a model has
    ]
    client.log_batch(run.info.run_id, metrics, tags=[RunTag(*pair) for pair in tags.items()])


def _numbers(verdict: Mapping[str, Any]) -> dict[str, float]:
    """The parts of a verdict that become metrics."""
    numbers = {name: float(value) for name, value in verdict.items() if type(value) in (int, float)}
    numbers |= {f"gate/p_{name}": float(value) for name, value in verdict["kernel_p_values"].items()}
    differences = verdict["parity"]["differences"] if verdict["parity"] else {}
    for backend, values in differences.items():
        numbers |= {f"parity/{backend}/{name}": float(value) for name, value in values.items()}
    return numbers
