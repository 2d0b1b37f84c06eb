"""A sweep with runs of every kind, in its own project, and an MLflow store for it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults.judged import configure
from pipeline.conftest import store as store
from unit.reports.verdicts import make_verdict

from yaynay.data import prepare
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.records import job_notes
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.sweep import fit
from yaynay.tracking.parent import Result
from yaynay.verdict.model import Difference, Parity, Timings

QUICK = ["trainer.max_epochs=3", "model.depth=1", "model.width=4", "dataset.missing=impute"]


@dataclass(frozen=True)
class Swept:
    """A sweep, its table, and what it left.

    Attributes:
        network, line, diverged, failed: One run of each kind.
    """

    sweep: Sweep
    table: Table
    network: Record
    line: Record
    diverged: Record
    failed: Record

    @property
    def records(self) -> list[Record]:
        return [self.network, self.line, self.diverged, self.failed]

    def result(self, winner: Record | None = None, **facts: Any) -> Result:
        """What its run shows; only the facts that are given count."""
        about: dict[str, Any] = {"winner": winner and winner.name, "winner_key": winner and winner.key}
        about |= {"table_sha256": self.table.sha256, "plan_sha256": "0" * 64, "parity": PARITY}
        return Result(self.sweep, make_verdict(**about | facts), TIMINGS, _draw, self.table.name)


TIMINGS = Timings(fit_seconds_linear=0.1, fit_seconds_network=0.2, predict_microseconds_per_row=None)
PARITY = Parity({"torch": "nay", "tensorflow": "nay"}, 1, {"tensorflow": Difference(1e-6, 1e-6, 1e-6)})


def _draw(folder: Path) -> None:
    (folder / "fit.png").write_bytes(b"a picture")


def _data(folder: Path) -> tuple[Table, Plan]:
    """A table with numbers, a category, and missing cells in both."""
    dice = np.random.default_rng(0)
    size, age = dice.normal(50, 9, 48), dice.normal(30, 5, 48)
    path = folder / "houses.csv"
    rows = [
        f"{size[row]},{'' if row % 7 == 0 else age[row]},{['north', 'south', 'west', ''][row % 4]},"
        f"{size[row] * 3 + row % 4 + dice.normal()}"
        for row in range(48)
    ]
    path.write_text("size,age,side,price\n" + "\n".join(rows) + "\n")
    configuration = configure(path, *QUICK, target="price")
    return prepare.make(configuration.dataset, configuration.plan)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Table, Plan, list[Record]]:
    """A table, its plan, and a network, a line, a run that diverged and one that failed."""
    folder = tmp_path_factory.mktemp("trained")
    table, plan = _data(folder)
    path = folder / "houses.csv"
    network = configure(path, *QUICK, "backend=torch", "trainer.precision=64", target="price")
    records = [
        fit.train([network], table, plan)[0],
        fit.train([configure(path, *QUICK, target="price")], table, plan)[0],
    ]
    lost = replace(records[0], scores={}, arrays={}, weights={})
    records.append(replace(lost, key="d" * 64, status="diverged", reason="not finite", run=lost.run | {"epoch": 1}))
    records.append(replace(lost, key="e" * 64, status="failed", reason="killed"))
    return table, plan, records


@pytest.fixture
def project(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project with a new MLflow store, and this process in it."""
    import mlflow

    root = tmp_path / "project"
    root.mkdir()
    (root / "dvc.yaml").touch()
    shutil.copy(store, root / "mlflow.db")
    monkeypatch.chdir(root)
    environment, uri = dict(os.environ), mlflow.get_tracking_uri()
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    yield root
    mlflow.set_tracking_uri(uri)
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture
def swept(project: Path, trained: tuple[Table, Plan, list[Record]]) -> Swept:
    """The sweep in the project's records, asked for after its runs had been trained."""
    table, plan, records = trained
    store = Store.default()
    store.write_table(table, plan)
    for record in records:
        (store.write_failure if record.status == "failed" else store.write)(record)
    notes = [job_notes.make_note(record.key, table, plan, {}) for record in records]
    asked = max(record.run["started_at"] for record in records) + 3600
    (sweep,) = store.write_sweeps(notes, {"started_at": asked})
    return Swept(sweep, table, *records)
