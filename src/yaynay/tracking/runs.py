"""How runs are written: many in one transaction where MLflow's store is a database, by its API elsewhere.

A database takes a run with everything in it or not at all, under an id that yaynay chose: however often and from
wherever it is written, it is there once. MLflow's API makes an id of its own for each call to create a run, so
there a run is found again by its tags, and written by one process of the project at a time.
"""

import uuid
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from filelock import FileLock

from yaynay.records.store import Store
from yaynay.storage import find_root
from yaynay.tracking.rows import Run, run_id

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

Rows = list[dict[str, Any]]

_MOST_IDS = 500
"""Ids in one query; SQLite takes about a thousand."""
_MOST_METRICS = 1000
"""Metrics that one log_batch call takes."""
_MOST_TRIES = 3
"""Of a transaction that another process may have been faster with."""


class Found(NamedTuple):
    """A run that the store has."""

    run_id: str
    status: str


class Runs(Protocol):
    """The runs of one experiment."""

    client: "MlflowClient"
    experiment_id: str

    def find(self, sweep: str, keys: Iterable[str]) -> dict[str, Found]:
        """Runs of a sweep that are there, by record key."""

    def add(self, sweep: str, runs: Sequence[Run], records: Store, dataset: Any) -> None:
        """Write runs, and what of them was written by halves before.

        Args:
            sweep: The sweep's key.
            runs: What to write.
            records: Where their files are.
            dataset: The table as MLflow's `DatasetInput`, or None.
        """


def open_runs(client: "MlflowClient", experiment: str, experiment_id: str) -> Runs:
    """The way to write that a store has."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = client._tracking_client.store
    if isinstance(store, SqlAlchemyStore):
        return DatabaseRuns(client, store, experiment, experiment_id)
    return ApiRuns(client, experiment_id)


class DatabaseRuns:
    """Runs in a database that MLflow opened (SQLite, PostgreSQL ...), through MLflow's own table models."""

    def __init__(self, client: "MlflowClient", store: "SqlAlchemyStore", experiment: str, experiment_id: str) -> None:
        self.client, self.store, self.experiment, self.experiment_id = client, store, experiment, experiment_id
        self.location = store.get_experiment(experiment_id).artifact_location

    def find(self, sweep: str, keys: Iterable[str]) -> dict[str, Found]:
        from mlflow.store.tracking.dbmodels.models import SqlRun
        from sqlalchemy import select

        ids = {run_id(self.experiment, sweep, key): key for key in keys}
        found: dict[str, Found] = {}
        with self.store.ManagedSessionMaker() as session:
            for part in _parts(ids, _MOST_IDS):
                query: Any = select(SqlRun.run_uuid, SqlRun.status).where(SqlRun.run_uuid.in_(part))
                found |= {ids[one]: Found(one, status) for one, status in session.execute(query).all()}
        return found

    def add(self, sweep: str, runs: Sequence[Run], records: Store, dataset: Any) -> None:
        from mlflow.exceptions import MlflowException

        for attempt in range(_MOST_TRIES):
            try:
                self._add(sweep, runs, records, dataset)
                return
            except MlflowException:
                if attempt == _MOST_TRIES - 1:
                    raise

    def _add(self, sweep: str, runs: Sequence[Run], records: Store, dataset: Any) -> None:
        found = self.find(sweep, [run.key for run in runs])
        wanted = [run for run in runs if run.key not in found or found[run.key].status != run.status]
        if not wanted:
            return
        ids = {run.key: run_id(self.experiment, sweep, run.key) for run in wanted}
        for run in wanted:  # files first: a run that can be seen has them
            self._copy_files(ids[run.key], run, records)
        dataset_id = self._dataset_id(dataset)
        with self.store.ManagedSessionMaker(read_only=False) as session:
            for part in _parts([found[run.key].run_id for run in wanted if run.key in found], _MOST_IDS):
                _remove(session, part)
            for model, rows in self._rows(wanted, ids, dataset_id):
                if rows:
                    session.execute(model.__table__.insert(), rows)

    def _copy_files(self, run: str, row: Run, records: Store) -> None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        artifacts = get_artifact_repository(self._artifacts(run))
        for name in row.files:
            artifacts.log_artifact(str(records.path(row.key) / name))

    def _artifacts(self, run: str) -> str:
        return f"{self.location}/{run}/artifacts"

    def _dataset_id(self, dataset: Any) -> str | None:
        """Id of the table's row in MLflow's datasets; the parent run put it there."""
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
        """Rows of every table that holds something of a run."""
        from mlflow.store.tracking.dbmodels import models

        heads, tags, params, metrics, latest, inputs, input_tags = _lists(7)
        for run in runs:
            mine: dict[str, Any] = {"run_uuid": ids[run.key]}
            heads.append(
                mine
                | {
                    "name": run.name,
                    "source_type": "LOCAL",
                    "source_name": "",
                    "entry_point_name": "",
                    "user_id": "unknown",
                    "status": run.status,
                    "start_time": run.started,
                    "end_time": run.ended,
                    "source_version": "",
                    "lifecycle_stage": "active",
                    "artifact_uri": self._artifacts(ids[run.key]),
                    "experiment_id": int(self.experiment_id),
                }
            )
            words = run.tags | {"mlflow.runName": run.name}
            tags += [mine | {"key": key, "value": value} for key, value in words.items()]
            params += [mine | {"key": key, "value": value} for key, value in run.params.items()]
            newest: dict[str, dict] = {}
            for value in run.metrics:
                row = mine | value._asdict() | {"is_nan": False}
                metrics.append(row)
                if value.key not in newest or value.step >= newest[value.key]["step"]:
                    newest[value.key] = row
            latest += newest.values()
            if dataset_id is not None:
                edge = uuid.uuid4().hex
                inputs.append(
                    {
                        "input_uuid": edge,
                        "source_type": "DATASET",
                        "source_id": dataset_id,
                        "destination_type": "RUN",
                        "destination_id": ids[run.key],
                    }
                )
                input_tags.append({"input_uuid": edge, "name": "mlflow.data.context", "value": "training"})
        return [
            (models.SqlRun, heads),
            (models.SqlTag, tags),
            (models.SqlParam, params),
            (models.SqlMetric, metrics),
            (models.SqlLatestMetric, latest),
            (models.SqlInput, inputs),
            (models.SqlInputTag, input_tags),
        ]


def _lists(n: int) -> list[Rows]:
    return [[] for _ in range(n)]


def _remove(session: Any, ids: Sequence[str]) -> None:
    """Take runs out of a database with all that hangs on them."""
    from mlflow.store.tracking.dbmodels import models
    from sqlalchemy import delete, select

    edges: Any = select(models.SqlInput.input_uuid).where(models.SqlInput.destination_id.in_(ids))
    session.execute(delete(models.SqlInputTag).where(models.SqlInputTag.input_uuid.in_(edges)))
    session.execute(delete(models.SqlInput).where(models.SqlInput.destination_id.in_(ids)))
    for model in (models.SqlTag, models.SqlParam, models.SqlMetric, models.SqlLatestMetric, models.SqlRun):
        session.execute(delete(model).where(model.run_uuid.in_(ids)))


class ApiRuns:
    """Runs behind an MLflow server."""

    def __init__(self, client: "MlflowClient", experiment_id: str) -> None:
        self.client, self.experiment_id = client, experiment_id

    def find(self, sweep: str, keys: Iterable[str]) -> dict[str, Found]:
        from mlflow.entities import ViewType

        found: dict[str, Found] = {}
        wanted, token = set(keys), None
        while True:
            page = self.client.search_runs(
                [self.experiment_id],
                f"tags.`yaynay.sweep` = '{sweep}'",
                run_view_type=ViewType.ALL,
                max_results=1000,
                page_token=token,
            )
            for run in page:
                key = run.data.tags["yaynay.run"]
                if key in wanted:
                    found[key] = Found(run.info.run_id, run.info.status)
            token = page.token
            if not token:
                return found

    def add(self, sweep: str, runs: Sequence[Run], records: Store, dataset: Any) -> None:
        with FileLock(find_root() / "records" / ".tracking.lock"):
            found = self.find(sweep, [run.key for run in runs])
            for run in runs:
                if run.key not in found or found[run.key].status != run.status:
                    self._write(run, found.get(run.key), records, dataset)

    def _write(self, run: Run, found: Found | None, records: Store, dataset: Any) -> None:
        from mlflow.entities import Metric, Param, RunTag

        if found is None:
            made = self.client.create_run(self.experiment_id, run.started, run.tags, run.name)
            found = Found(made.info.run_id, made.info.status)
        params = [Param(*pair) for pair in run.params.items()]
        self.client.log_batch(found.run_id, params=params, tags=[RunTag(*pair) for pair in run.tags.items()])
        for part in _parts(run.metrics, _MOST_METRICS):
            self.client.log_batch(found.run_id, metrics=[Metric(*value) for value in part])
        if dataset is not None:
            self.client.log_inputs(found.run_id, [dataset])
        for name in run.files:
            self.client.log_artifact(found.run_id, str(records.path(run.key) / name))
        if run.status != "RUNNING":
            self.client.set_terminated(found.run_id, run.status, run.ended)


def _parts(items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """Items in lists of at most `size`.

    >>> list(_parts([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
