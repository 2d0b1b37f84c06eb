"""Write sweeps into MLflow: a parent run a sweep and table, a child run a configuration, exactly once.

A run is found again by tags that hold the sweep's and the record's key. Times come from the records, so writing
a half-written run once more changes nothing in it but what was missing.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yaynay import page, plots
from yaynay.conclusion import Conclusion
from yaynay.network import Shape
from yaynay.records import Record, Sweep, write_arrays, write_json
from yaynay.schema import digest
from yaynay.table import Table
from yaynay.tracking.store import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

_MOST_STEPS = 500
"""Points of a learning curve that MLflow gets; a longer one is thinned."""
_MOST_METRICS = 1000
"""Metrics that one log_batch call takes."""
_DONE = ("FINISHED", "FAILED")


def sync(conclusions: Iterable[Conclusion], experiment: str, pictures: Path | None = None) -> dict[str, str]:
    """Bring sweeps into MLflow; what is there already stays as it is.

    Args:
        conclusions: The sweeps, concluded.
        experiment: Name of the MLflow experiment.
        pictures: Where each table's pictures are; None draws them for the occasion.

    Returns:
        Run id of each sweep's parent, by sweep key.

    Raises:
        MachineError: The store does not answer.
    """
    parents: dict[str, str] = {}
    with connect(experiment) as (client, experiment_id):
        for conclusion in conclusions:
            parents[conclusion.sweep.key] = _write_sweep(client, experiment_id, conclusion, pictures)
    return parents


def _write_sweep(client: "MlflowClient", experiment_id: str, conclusion: Conclusion, pictures: Path | None) -> str:
    sweep = conclusion.sweep
    runs = _find_runs(client, experiment_id, sweep)
    parent = runs.get("parent") or client.create_run(
        experiment_id,
        start_time=_milliseconds(sweep.started_at),
        run_name=_parent_name(conclusion),
        tags={"yaynay.sweep": sweep.key, "yaynay.run": "parent", "dataset": sweep.table_name},
    )
    parent_id = parent.info.run_id
    dataset = _dataset_input(conclusion.table)
    for record in conclusion.records:
        run = runs.get(record.key)
        if run is None or run.info.status not in _DONE:
            _write_child(client, experiment_id, parent_id, sweep, record, dataset, run)
    _write_parent(client, parent, conclusion, dataset, pictures)
    return parent_id


def _find_runs(client: "MlflowClient", experiment_id: str, sweep: Sweep) -> dict[str, "Run"]:
    """Runs of a sweep by record key; the parent under "parent"."""
    found: dict[str, Run] = {}
    token: str | None = None
    while True:
        page_of_runs = client.search_runs(
            [experiment_id], f"tags.`yaynay.sweep` = '{sweep.key}'", max_results=1000, page_token=token
        )
        found |= {run.data.tags["yaynay.run"]: run for run in page_of_runs}
        token = page_of_runs.token
        if not token:
            return found


def _write_child(
    client: "MlflowClient",
    experiment_id: str,
    parent_id: str,
    sweep: Sweep,
    record: Record,
    dataset: Any,
    run: "Run | None",
) -> None:
    from mlflow.entities import Param

    started = _milliseconds(record.run["started_at"])
    ended = started + _milliseconds(record.run["fit_seconds"])
    tags = {
        "mlflow.parentRunId": parent_id,
        "mlflow.source.name": "yaynay.train",
        "mlflow.source.type": "LOCAL",
        "yaynay.sweep": sweep.key,
        "yaynay.run": record.key,
        **_child_tags(record),
    }
    if run is None:
        run = client.create_run(experiment_id, start_time=started, run_name=record.name, tags=tags)
    run_id = run.info.run_id
    params = [Param(name, _param(value)) for name, value in record.parsed.flat().items()]
    client.log_batch(run_id, params=params)
    metrics = _metrics(record, ended)
    for start in range(0, len(metrics), _MOST_METRICS):
        client.log_batch(run_id, metrics=metrics[start : start + _MOST_METRICS])
    if dataset is not None:
        client.log_inputs(run_id, [dataset])
    for name in ("record.json", "weights.safetensors"):
        if record.status == "finished" or name == "record.json":
            client.log_artifact(run_id, str(sweep.store.path(record.key) / name))
    client.set_terminated(run_id, "FINISHED" if record.status == "finished" else "FAILED", ended)


def _child_tags(record: Record) -> dict[str, str]:
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


def _metrics(record: Record, timestamp: int) -> list["Metric"]:
    """Scores, learning curves over epochs (from 1) and scores of each outer split (from 0)."""
    from mlflow.entities import Metric

    metrics = [Metric(name, float(value), timestamp, 0) for name, value in record.scores.items()]
    if record.status == "finished":
        metrics.append(Metric("fit_seconds", record.run["fit_seconds"], timestamp, 0))
    for array, name in (("train_loss", "train/loss"), ("val_loss", "val/loss")):
        values = record.arrays.get(array, np.empty(0))
        steps = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_STEPS)).astype(int))
        metrics += [Metric(name, float(values[step]), timestamp, int(step) + 1) for step in steps]
    for array, name, transform in (("fold_mse", "fold/rmse", np.sqrt), ("fold_r2", "fold/r2", np.asarray)):
        for split, value in enumerate(transform(record.arrays.get(array, np.empty(0)))):
            metrics.append(Metric(name, float(value), timestamp, split))
    return metrics


def _write_parent(
    client: "MlflowClient", parent: "Run", conclusion: Conclusion, dataset: Any, pictures: Path | None
) -> None:
    """Verdict, pictures and model; rewritten when the verdict changed."""
    from mlflow.entities import Metric, RunTag

    run_id, verdict, sweep = parent.info.run_id, conclusion.verdict, conclusion.sweep
    stamp = digest({name: value for name, value in verdict.items() if name != "fit_seconds_linear"})
    if parent.data.tags.get("yaynay.verdict") == stamp and parent.info.status == "FINISHED":
        return
    ended = max(_milliseconds(record.run["started_at"] + record.run["fit_seconds"]) for record in conclusion.records)
    numbers = {name: value for name, value in verdict.items() if type(value) in (int, float)}
    numbers |= {f"gate/p_{name}": value for name, value in verdict["kernel_p_values"].items()}
    for backend, differences in (verdict["parity"] or {"differences": {}})["differences"].items():
        numbers |= {f"parity/{backend}/{what}": value for what, value in differences.items()}
    tags = {
        "verdict": verdict["outcome"],
        "sentence": verdict["sentence"],
        "mlflow.runName": _parent_name(conclusion),
        "mlflow.note.content": page.markdown(verdict, sweep.table_name),
        "mlflow.source.name": "yaynay.train",
        "table_sha256": verdict["table_sha256"],
        "plan_sha256": verdict["plan_sha256"],
        "backend": ", ".join(sorted({record.parsed.backend.name for record in conclusion.records})),
        **({"winner": verdict["winner"]} if verdict["winner"] else {}),
    }
    client.log_batch(
        run_id,
        metrics=[Metric(name, float(value), ended, 0) for name, value in numbers.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    if dataset is not None:
        client.log_inputs(run_id, [dataset])
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "pictures" if pictures is None else pictures / sweep.table_name
        if pictures is None:
            drawn.mkdir()
            plots.draw(conclusion, drawn)
        client.log_artifacts(run_id, str(drawn), "pictures")
        write_json(Path(folder) / "verdict.json", verdict)
        client.log_artifact(run_id, str(Path(folder) / "verdict.json"))
        if conclusion.winner is not None and parent.data.tags.get("yaynay.winner") != conclusion.winner.key:
            _log_model(run_id, conclusion.table, conclusion.winner, Path(folder))
            client.set_tag(run_id, "yaynay.winner", conclusion.winner.key)
    client.set_tag(run_id, "yaynay.verdict", stamp)
    client.set_terminated(run_id, "FINISHED", ended)


def _parent_name(conclusion: Conclusion) -> str:
    n_runs = len(conclusion.sweep.about["runs"])
    return f"{conclusion.sweep.table_name}: {conclusion.verdict['outcome']} ({n_runs} configurations)"


def _dataset_input(table: Table) -> Any:
    """The table as an mlflow.data input; None where MLflow cannot name its columns."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.pandas_dataset import from_pandas
    from mlflow.entities import DatasetInput, InputTag

    dataset = from_pandas(
        table.frame,
        source=CodeDatasetSource({"source": table.source}),
        targets=table.target,
        name=table.name,
        digest=table.sha256[:36],
    )
    return DatasetInput(dataset._to_mlflow_entity(), [InputTag("mlflow.data.context", "training")])


def _log_model(run_id: str, table: Table, winner: Record, folder: Path) -> None:
    """The winning configuration as a model with signature, without pickle and with pinned requirements."""
    import mlflow
    from mlflow.models import infer_signature

    import yaynay

    write_json(folder / "model.json", _about_model(table, winner))
    write_arrays(folder / "weights.safetensors", winner.weights)
    versions = winner.run["versions"]
    features = table.frame.drop(columns=table.target)
    package = Path(yaynay.__file__).parent
    with mlflow.start_run(run_id=run_id):
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(package / "tracking" / "served.py"),
            code_paths=[str(package)],
            artifacts={"about": str(folder / "model.json"), "weights": str(folder / "weights.safetensors")},
            signature=infer_signature(features.head(5), table.y[:5]),
            pip_requirements=[f"{name}=={versions[name]}" for name in ("mlflow", "numpy", "pandas", "safetensors")],
        )


def _about_model(table: Table, winner: Record) -> dict[str, Any]:
    """What the served model needs to know beside its weights."""
    configuration = winner.parsed
    shape = None
    if configuration.backend.name != "least_squares":
        model = configuration.model
        shape = asdict(Shape(table.n_features, model.depth, model.width, model.activation, model.skip))
    columns = [
        {
            "name": name,
            "kind": table.kinds[str(name)],
            "levels": [] if table.kinds[str(name)] == "number" else sorted(values.dropna().unique()),
            "has_missing": bool(values.isna().any()),
        }
        for name, values in table.frame.drop(columns=table.target).items()
    ]
    return {
        "shape": shape,
        "columns": columns,
        "target": table.target,
        "configuration": _plain(configuration.flat()),
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(dict(values)))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
