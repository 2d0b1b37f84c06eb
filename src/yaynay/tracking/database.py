"""MLflow's own tables, where its public API is too slow.

`DatabaseRuns` writes many runs in one transaction, through MLflow's table models: a sweep of 10,000 configurations
needs it. It is used for large sweeps, on the minor versions of MLflow that it was tested with; otherwise the API does
the same (`open_runs`).
"""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yaynay.records.store import Store
from yaynay.storage import digest
from yaynay.tracking.runs import DELETED, Found, Run, Runs

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

TESTED = ("3.17",)
"""Minor versions of MLflow whose tables are written."""
MANY_RUNS = 500
"""From this many runs on they are written here: for fewer, the API takes less than half a minute during training."""

Rows = list[dict[str, Any]]


def open_runs(client: "MlflowClient", experiment_id: str, n_runs: int) -> Runs:
    """The writer for `n_runs` runs."""
    import mlflow
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    if n_runs >= MANY_RUNS and mlflow.__version__.rpartition(".")[0] in TESTED:
        store = client._tracking_client.store
        if isinstance(store, SqlAlchemyStore):
            return DatabaseRuns(client, experiment_id, store)
    return Runs(client, experiment_id)


class DatabaseRuns(Runs):
    """Runs in a database that MLflow opened (SQLite, PostgreSQL ...): each is there completely or not at all."""

    n_at_once = 1000

    def __init__(self, client: "MlflowClient", experiment_id: str, store: "SqlAlchemyStore") -> None:
        super().__init__(client, experiment_id)
        self.store = store
        self.location = client.get_experiment(experiment_id).artifact_location

    def find(self, sweep: str) -> dict[str, Found]:
        from mlflow.store.tracking.dbmodels.models import SqlRun, SqlTag
        from sqlalchemy import select
        from sqlalchemy.orm import aliased

        of_sweep: Any = aliased(SqlTag)
        query: Any = (
            select(SqlTag.value, SqlRun.run_uuid, SqlRun.status, SqlRun.lifecycle_stage)
            .join(SqlRun, SqlRun.run_uuid == SqlTag.run_uuid)
            .join(of_sweep, of_sweep.run_uuid == SqlTag.run_uuid)
            .where(SqlTag.key == "yaynay.run", of_sweep.key == "yaynay.sweep", of_sweep.value == sweep)
            .where(SqlRun.experiment_id == int(self.experiment_id))
            .order_by(SqlRun.lifecycle_stage.desc())  # of two runs for one key, the one that is not deleted
        )
        with self.store.ManagedSessionMaker() as session:
            return {
                key: Found(run_id, DELETED if stage == DELETED else status)
                for key, run_id, status, stage in session.execute(query).all()
            }

    def _write(
        self,
        sweep: str,
        runs: Sequence[Run],
        found: dict[str, Found],
        records: Store,
        dataset: "DatasetInput | None",
    ) -> None:
        dataset_id = self._dataset_id(dataset)
        can_write = dataset is None or dataset_id is not None  # the API adds it with the first run that has it
        new = [run for run in runs if can_write and run.key not in found]
        rest = [run for run in runs if not can_write or run.key in found]
        super()._write(sweep, rest, found, records, dataset)
        ids = {run.key: digest([self.experiment_id, sweep, run.key])[:32] for run in new}
        for run in new:  # files first: a run that can be seen has them
            self._copy_files(ids[run.key], run, records)
        with self.store.ManagedSessionMaker(read_only=False) as session:
            for model, rows in self._rows(new, ids, dataset_id):
                if rows:
                    session.execute(model.__table__.insert(), rows)

    def _copy_files(self, run_id: str, run: Run, records: Store) -> None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        repository = get_artifact_repository(self._artifacts(run_id))
        with run.artifacts.paths(records.path(run.key)) as paths:
            for path in paths:
                repository.log_artifact(str(path))

    def _artifacts(self, run_id: str) -> str:
        return f"{self.location}/{run_id}/artifacts"

    def _dataset_id(self, dataset: "DatasetInput | None") -> str | None:
        """Id of the table's row in MLflow's datasets; None where it has none."""
        from mlflow.store.tracking.dbmodels.models import SqlDataset
        from sqlalchemy import select

        if dataset is None:
            return None
        query: Any = select(SqlDataset.dataset_uuid).where(
            SqlDataset.experiment_id == int(self.experiment_id),
            SqlDataset.name == dataset.dataset.name,
            SqlDataset.digest == dataset.dataset.digest,
        )
        with self.store.ManagedSessionMaker() as session:
            return session.execute(query).scalar()

    def _rows(self, runs: Sequence[Run], ids: dict[str, str], dataset_id: str | None) -> list[tuple[Any, Rows]]:
        """Rows for every table that holds part of a run."""
        from mlflow.store.tracking.dbmodels import models

        heads = [self._head(run, ids[run.key]) for run in runs]
        tags = [
            {"run_uuid": ids[run.key], "key": key, "value": value}
            for run in runs
            for key, value in (run.tags | {"mlflow.runName": run.name}).items()
        ]
        params = [
            {"run_uuid": ids[run.key], "key": key, "value": value} for run in runs for key, value in run.params.items()
        ]
        metrics = [
            {"run_uuid": ids[run.key], **value._asdict(), "is_nan": False} for run in runs for value in run.metrics
        ]
        newest: dict[tuple[str, str], dict[str, Any]] = {}
        for row in sorted(metrics, key=lambda row: row["step"]):
            newest[row["run_uuid"], row["key"]] = row
        edges = {} if dataset_id is None else {ids[run.key]: uuid.uuid4().hex for run in runs}
        inputs = [
            {
                "input_uuid": edge,
                "source_type": "DATASET",
                "source_id": dataset_id,
                "destination_type": "RUN",
                "destination_id": run_id,
            }
            for run_id, edge in edges.items()
        ]
        marks = [{"input_uuid": edge, "name": "mlflow.data.context", "value": "training"} for edge in edges.values()]
        return [
            (models.SqlRun, heads),
            (models.SqlTag, tags),
            (models.SqlParam, params),
            (models.SqlMetric, metrics),
            (models.SqlLatestMetric, list(newest.values())),
            (models.SqlInput, inputs),
            (models.SqlInputTag, marks),
        ]

    def _head(self, run: Run, run_id: str) -> dict[str, Any]:
        return {
            "run_uuid": run_id,
            "name": run.name,
            "source_type": "UNKNOWN",
            "source_name": "",
            "entry_point_name": "",
            "user_id": "unknown",
            "status": run.status,
            "start_time": run.started,
            "end_time": run.ended,
            "source_version": "",
            "lifecycle_stage": "active",
            "artifact_uri": self._artifacts(run_id),
            "experiment_id": int(self.experiment_id),
        }
