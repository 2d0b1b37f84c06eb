"""The run of a sweep: opened when the sweep starts, concluded with verdict, pictures and model."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from yaynay.records.record import Record
from yaynay.records.store import Sweep
from yaynay.reports import page, worked
from yaynay.storage import digest, write_json
from yaynay.tracking.model import log_model
from yaynay.tracking.owner import OWNER, owner
from yaynay.tracking.runs import DELETED, PARENT, Run, Runs, ended_at, milliseconds
from yaynay.tracking.store import deleted_run
from yaynay.verdict.answers import Answers
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.looks import add_rule
from yaynay.verdict.model import ByRule, Timings, Verdict
from yaynay.verdict.sentences import counted

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from mlflow.entities import Run as MlflowRun

_RULES = TypeAdapter(tuple[ByRule, ...])

STAMP = "yaynay.verdict"
"""Tag of a sweep's run that says which verdict it shows."""
_WINNER = "yaynay.winner"
"""Tag with the record key of the configuration whose model is logged."""
_BY_RULE = "yaynay.by_rule"
"""Tag with the last outcome by each rule that a sweep's run has shown, as JSON."""


@dataclass(frozen=True)
class Result:
    """A sweep and what its run shows.

    Attributes:
        sweep: The sweep.
        verdict: What was concluded: a verdict, or the answers of worked examples.
        timings: How long fits took; None for worked examples.
        pictures: A folder with its pictures, or what draws them into an empty one.
        name: What its table is called beside the others that are shown.
    """

    sweep: Sweep
    verdict: Verdict | Answers
    timings: Timings | None
    pictures: Path | Callable[[Path], object]
    name: str

    @classmethod
    def of(cls, conclusion: Conclusion, pictures: Path | Callable[[Path], object]) -> "Result":
        """The result that a conclusion gives."""
        return cls(conclusion.sweep, conclusion.verdict, conclusion.timings, pictures, conclusion.table.name)


def make_stamp(verdict: Verdict | Answers) -> str:
    """Digest of a verdict or of answers; it does not depend on times."""
    return digest(verdict.as_json())


def ended_runs(sweep: Sweep) -> list[Record]:
    """Records and failures of a sweep, without arrays."""
    found = map(sweep.store.read_ended_scores, sweep.about["runs"])
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
        name = f"{sweep.table_name} ({counted(sweep.n_configurations, 'configuration')})"
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

    A verdict by another rule is kept beside it: in the description, and as `verdicts/RULE.json`.

    Args:
        client: MLflow's client.
        run_id: The sweep's run.
        result: What it shows.
        records: The sweep's runs, of which the last to end ends it.
    """
    stamp, run = make_stamp(result.verdict), client.get_run(run_id)
    if run.data.tags.get(STAMP) == stamp and run.info.status == "FINISHED":
        return
    tags, numbers = _describe(result, run.data.tags.get(_BY_RULE, "[]"))
    backends = ", ".join(sorted({record.configuration["backend"]["name"] for record in records}))
    _log(client, run, tags | {"mlflow.source.name": "yaynay.train", "backend": backends}, numbers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if isinstance(result.pictures, Path):
            drawn = result.pictures
        else:
            drawn = folder / "pictures"
            drawn.mkdir()
            result.pictures(drawn)
        client.log_artifacts(run_id, str(drawn), "pictures")
        for file, place in _files(result.verdict):
            write_json(folder / file, result.verdict.as_json())
            client.log_artifact(run_id, str(folder / file), place)
    winner = None if isinstance(result.verdict, Answers) else result.verdict.winner_key
    if winner is not None and run.data.tags.get(_WINNER) != winner:
        log_model(run_id, result.sweep.data()[0], result.sweep.store.read(winner))
        client.set_tag(run_id, _WINNER, winner)
    client.set_tag(run_id, STAMP, stamp)
    client.set_terminated(run_id, "FINISHED", max([run.info.start_time, *map(ended_at, records)]))


def _files(shown: Verdict | Answers) -> list[tuple[str, str | None]]:
    """Names of the files that hold what a sweep's run shows, and their folders among its artifacts."""
    if isinstance(shown, Answers):
        return [("answers.json", None)]
    by_rule = "_".join(f"{key}={value}" for key, value in shown.rule.model_dump().items())
    return [("verdict.json", None), (f"{by_rule}.json", "verdicts")]


def _describe(result: Result, by_rule_before: str) -> tuple[dict[str, str], dict[str, float]]:
    """Tags and metrics of a sweep's run, which showed these outcomes by rule before."""
    shown, name, about = result.verdict, result.name, result.sweep.about
    tags = {key: about[key] for key in ("table_sha256", "plan_sha256")}
    n_runs = f"({counted(result.sweep.n_configurations, 'configuration')})"
    if isinstance(shown, Answers):
        tags |= {
            "answers": worked.count_right(shown.answers),
            "mlflow.runName": f"{name}: {'wrong' if shown.mistakes else 'as published'} {n_runs}",
            "mlflow.note.content": worked.markdown(shown.answers),
        }
        return tags, {"n_answers": float(len(shown.answers)), "n_wrong": float(len(shown.mistakes))}
    assert result.timings is not None  # noqa: S101 - only worked examples have none
    by_rule = _unite_rules(by_rule_before, shown)
    others = tuple(found for found in by_rule if found.rule != shown.rule)
    tags |= {
        "verdict": shown.outcome,
        "sentence": shown.sentence,
        "mlflow.runName": f"{name}: {shown.outcome} {n_runs}",
        "mlflow.note.content": page.markdown(replace(shown, other_rules=others), result.timings, name),
        _BY_RULE: _RULES.dump_json(by_rule).decode(),
        **({"winner": shown.winner} if shown.winner else {}),
    }
    return tags, _numbers(shown.as_json() | result.timings.as_json())


def _log(client: "MlflowClient", run: "MlflowRun", tags: Mapping[str, str], numbers: Mapping[str, float]) -> None:
    from mlflow.entities import Metric, RunTag

    now = milliseconds(time.time())
    metrics = [
        Metric(key, value, now, 0)
        for key, value in numbers.items()
        if run.data.metrics.get(key) != value  # MLflow refuses a repeated metric that a model has
    ]
    client.log_batch(run.info.run_id, metrics, tags=[RunTag(*pair) for pair in tags.items()])


def _unite_rules(shown: str, verdict: Verdict) -> tuple[ByRule, ...]:
    """Outcomes by rule: those that the run has shown, those of the verdict's own history, and its own."""
    try:
        by_rule = _RULES.validate_json(shown)
    except ValidationError:  # somebody edited the tag
        by_rule = ()
    for found in (*verdict.other_rules, verdict.by_rule):
        by_rule = add_rule(by_rule, found)
    return by_rule


def _numbers(verdict: Mapping[str, Any]) -> dict[str, float]:
    """The parts of a verdict that become metrics."""
    numbers = {name: float(value) for name, value in verdict.items() if type(value) in (int, float)}
    numbers |= {f"gate/p_{name}": float(value) for name, value in verdict["kernel_p_values"].items()}
    differences = verdict["parity"]["differences"] if verdict["parity"] else {}
    for backend, values in differences.items():
        numbers |= {f"parity/{backend}/{name}": float(value) for name, value in values.items()}
    return numbers
