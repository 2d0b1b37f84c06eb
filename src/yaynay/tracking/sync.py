"""Write sweeps into MLflow: a parent run a sweep and table, a child run a configuration, exactly once.

Everything comes from records, so writing a half-written sweep once more changes nothing in it but what was missing.
"""

import json
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from yaynay.data.table import Table
from yaynay.models.network import Shape
from yaynay.records.record import Record
from yaynay.records.store import Sweep
from yaynay.reports import page, plots
from yaynay.storage import digest, find_root, write_arrays, write_json
from yaynay.tracking import rows
from yaynay.tracking.owner import OWNER, is_dead, owner
from yaynay.tracking.runs import Found, Runs
from yaynay.tracking.store import connect, sqlite_path, tracking_uri
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.model import Timings, Verdict

if TYPE_CHECKING:
    from mlflow.entities import Run

STAMP = "yaynay.verdict"
"""Tag of a sweep's run that says which verdict it shows."""


@dataclass(frozen=True, eq=False)
class Recalled:
    """A sweep whose verdict stands in a file; what `sync` reads of a conclusion."""

    sweep: Sweep
    verdict: Verdict
    timings: Timings

    @cached_property
    def table(self) -> Table:
        return self.sweep.data()[0]

    @cached_property
    def records(self) -> list[Record]:
        return self.sweep.records()

    @property
    def winner(self) -> Record | None:
        return next((record for record in self.records if record.key == self.verdict.winner_key), None)


Concluded = Conclusion | Recalled


def sync(conclusions: Iterable[Concluded], experiment: str, pictures: Path | None = None) -> dict[str, str]:
    """Bring sweeps into MLflow; what is there already stays as it is.

    Args:
        conclusions: The sweeps, concluded.
        experiment: Name of the MLflow experiment.
        pictures: Where each table's pictures are; None draws them for the occasion, from conclusions alone.

    Returns:
        Run id of each sweep's parent, by sweep key.

    Raises:
        MachineError: The store does not answer.
    """
    parents: dict[str, str] = {}
    with connect(experiment) as runs:
        for conclusion in conclusions:
            with one_writer():
                parents[conclusion.sweep.key] = _write_sweep(runs, conclusion, pictures)
    return parents


def is_there(sweep: Sweep, verdict: Mapping[str, Any], experiment: str) -> bool:
    """Whether MLflow's SQLite store holds a sweep with this verdict; asked without loading MLflow.

    Of another store it says no, and `sync` asks it.
    """
    path = sqlite_path(tracking_uri())
    if path is None or not path.is_file():
        return False
    wanted = {rows.PARENT: "FINISHED", **dict.fromkeys(sweep.about["runs"], "FINISHED")}
    wanted |= {record.key: rows.status(record) for record in sweep.unscored()}
    ids = {rows.run_id(experiment, sweep.key, key): status for key, status in wanted.items()}
    parent_id = rows.run_id(experiment, sweep.key, rows.PARENT)
    try:
        with closing(sqlite3.connect(path, timeout=5)) as store:
            stamp = store.execute(
                "SELECT value FROM tags WHERE run_uuid = ? AND key = ?", (parent_id, STAMP)
            ).fetchone()
            found = "SELECT count(*) FROM runs WHERE run_uuid = ? AND status = ?"
            n_there = sum(store.execute(found, one).fetchone()[0] for one in ids.items())
            running = "SELECT value FROM tags NATURAL JOIN runs WHERE tags.key = ? AND runs.status = 'RUNNING'"
            owners = [owner for (owner,) in store.execute(running, (OWNER,))]
    except sqlite3.Error:
        return False
    if any(map(is_dead, owners)):  # whoever connects closes it
        return False
    return stamp == (_stamp(verdict),) and n_there == len(ids)


def _stamp(verdict: Mapping[str, Any]) -> str:
    """Digest of a verdict; no clock is in it."""
    return digest(dict(verdict))


def one_writer() -> FileLock:
    """A lock to write runs under: two commands at once may be writing the same sweep."""
    return FileLock(find_root() / "records" / ".sweeps.lock")


def open_parent(runs: Runs, sweep: Sweep, dataset: Any) -> str:
    """The run of a sweep, made where it is missing, and RUNNING unless it has ended.

    Returns:
        Its run id.
    """
    found = _find_parent(runs, sweep)
    if found is None:
        tags = {"yaynay.sweep": sweep.key, "yaynay.run": rows.PARENT, "dataset": sweep.table_name, OWNER: owner()}
        name = f"{sweep.table_name} ({len(sweep.about['runs'])} configurations)"
        start = rows.milliseconds(sweep.started_at)
        runs.add(sweep.key, [rows.Run(rows.PARENT, name, "RUNNING", start, None, tags)], sweep.store, None)
        found = runs.find(sweep.key, [rows.PARENT])[rows.PARENT]
        runs.client.log_inputs(found.run_id, [dataset])
    if found.status != "FINISHED":
        runs.client.set_tag(found.run_id, OWNER, owner())
        runs.client.update_run(found.run_id, status="RUNNING")
    return found.run_id


def _find_parent(runs: Runs, sweep: Sweep) -> Found | None:
    return runs.find(sweep.key, [rows.PARENT]).get(rows.PARENT)


def add_children(runs: Runs, sweep: Sweep, records: Sequence[Record], parent_id: str, dataset: Any) -> None:
    """Write the runs of configurations that have ended."""
    runs.add(sweep.key, [rows.child(one, sweep.key, parent_id) for one in records], sweep.store, dataset)


def _write_sweep(runs: Runs, conclusion: Concluded, pictures: Path | None) -> str:
    sweep = conclusion.sweep
    dataset = dataset_input(conclusion.table)
    is_whole, before = len(conclusion.records) == len(sweep.about["runs"]), _find_parent(runs, sweep)
    if not is_whole and before is not None and before.status == "RUNNING":  # its process lives, and writes it
        return before.run_id
    parent_id = open_parent(runs, sweep, dataset)
    _add_missing(runs, sweep, conclusion.records, parent_id, dataset)
    if not is_whole:  # no verdict on a part; the sweep's own command goes on with it
        runs.client.set_terminated(parent_id, "KILLED")
        return parent_id
    _conclude_parent(runs, runs.client.get_run(parent_id), conclusion, pictures)
    return parent_id


def _add_missing(runs: Runs, sweep: Sweep, records: Sequence[Record], parent_id: str, dataset: Any) -> None:
    """Runs that are not there, or ended otherwise before."""
    found = runs.find(sweep.key, [record.key for record in records])
    missing = [one for one in records if one.key not in found or found[one.key].status != rows.status(one)]
    add_children(runs, sweep, missing, parent_id, dataset)


def _conclude_parent(runs: Runs, parent: "Run", conclusion: Concluded, pictures: Path | None) -> None:
    """Verdict, pictures and model; rewritten when the verdict changed."""
    from mlflow.entities import Metric, RunTag

    client, run_id, verdict, sweep = runs.client, parent.info.run_id, conclusion.verdict.as_json(), conclusion.sweep
    stamp = _stamp(verdict)
    if parent.data.tags.get(STAMP) == stamp and parent.info.status == "FINISHED":
        return
    ended = max(
        rows.milliseconds(record.run["started_at"] + record.run["fit_seconds"]) for record in conclusion.records
    )
    values = verdict | conclusion.timings.as_json()
    numbers = {name: value for name, value in values.items() if type(value) in (int, float)}
    numbers |= {f"gate/p_{name}": value for name, value in verdict["kernel_p_values"].items()}
    for backend, differences in (verdict["parity"] or {"differences": {}})["differences"].items():
        numbers |= {f"parity/{backend}/{what}": value for what, value in differences.items()}
    tags = {
        "verdict": verdict["outcome"],
        "sentence": verdict["sentence"],
        "mlflow.runName": _parent_name(conclusion),
        "mlflow.note.content": page.markdown(conclusion.verdict, conclusion.timings, sweep.table_name),
        "mlflow.source.name": "yaynay.train",
        "table_sha256": verdict["table_sha256"],
        "plan_sha256": verdict["plan_sha256"],
        "backend": ", ".join(sorted({record.parsed.backend.name for record in conclusion.records})),
        **({"winner": verdict["winner"]} if verdict["winner"] else {}),
    }
    known, now = parent.data.metrics, rows.milliseconds(time.time())  # MLflow refuses one twice that a model has
    client.log_batch(
        run_id,
        metrics=[Metric(name, float(value), now, 0) for name, value in numbers.items() if known.get(name) != value],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "pictures" if pictures is None else pictures / sweep.table_name
        if isinstance(conclusion, Conclusion) and pictures is None:
            drawn.mkdir()
            plots.draw(conclusion, drawn)
        client.log_artifacts(run_id, str(drawn), "pictures")
        write_json(Path(folder) / "verdict.json", verdict)
        client.log_artifact(run_id, str(Path(folder) / "verdict.json"))
        if conclusion.winner is not None and parent.data.tags.get("yaynay.winner") != conclusion.winner.key:
            _log_model(run_id, conclusion.table, conclusion.winner, Path(folder))
            client.set_tag(run_id, "yaynay.winner", conclusion.winner.key)
    client.set_tag(run_id, STAMP, stamp)
    client.set_terminated(run_id, "FINISHED", ended)


def _parent_name(conclusion: Concluded) -> str:
    n_runs = len(conclusion.sweep.about["runs"])
    return f"{conclusion.sweep.table_name}: {conclusion.verdict.outcome} ({n_runs} configurations)"


def dataset_input(table: Table) -> Any:
    """The table as MLflow's `DatasetInput`; from what is known of it, where MLflow would look at every cell."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=table.name,
        digest=table.sha256[:36],
        source_type=CodeDatasetSource._get_source_type(),
        source=json.dumps({"tags": {"source": table.source}}),
        schema=json.dumps({"mlflow_colspec": _schema(table, list(table.kinds)).to_dict()}),
        profile=json.dumps({"num_rows": table.n_rows, "num_elements": table.frame.size}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _schema(table: Table, names: Sequence[str]) -> Any:
    """MLflow's schema of some columns."""
    from mlflow.types import ColSpec, Schema

    types, kinds = {"number": "double", "category": "string"}, table.kinds
    has_missing = table.frame.isna().any()
    return Schema([ColSpec(types[kinds[name]], name, required=not has_missing[name]) for name in names])


def _log_model(run_id: str, table: Table, winner: Record, folder: Path) -> None:
    """The winning configuration as a model with signature, without pickle and with pinned requirements."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    import yaynay

    write_json(folder / "model.json", _about_model(table, winner))
    write_arrays(folder / "weights.safetensors", winner.weights)
    versions = winner.run["versions"]
    features = [name for name in table.kinds if name != table.target]
    package = Path(yaynay.__file__).parent
    with mlflow.start_run(run_id=run_id):
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(package / "tracking" / "model.py"),
            code_paths=[str(package)],
            artifacts={"about": str(folder / "model.json"), "weights": str(folder / "weights.safetensors")},
            signature=ModelSignature(_schema(table, features), Schema([TensorSpec(np.dtype(np.float64), (-1,))])),
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
