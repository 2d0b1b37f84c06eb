"""Which record a run of MLflow's shows."""

import sqlite3
from typing import NamedTuple

from yaynay.tracking import settings, sqlite_store
from yaynay.tracking.address import check_address, explain, sqlite_path, tracking_uri
from yaynay.tracking.runs import PARENT
from yaynay.tracking.store import is_of_store


class Shown(NamedTuple):
    """What a run shows: a sweep, and one of its records; None for the sweep's own run."""

    sweep: str
    key: str | None


def find_shown(run_id: str) -> Shown | None:
    """The sweep and the record that a run shows; None where the store has no such run, or it is not one of ours.

    Raises:
        MachineError: The store cannot be used.
    """
    uri = tracking_uri()
    path = sqlite_path(uri)
    if path is not None and not path.is_file():
        return None
    check_address(uri)
    try:
        tags = _ask(uri, run_id) if path is None else sqlite_store.find_tags(path, run_id)
    except sqlite3.Error as error:
        raise explain(uri, error) from error
    if tags is None or "yaynay.run" not in tags:
        return None
    key = tags["yaynay.run"]
    return Shown(tags["yaynay.sweep"], None if key == PARENT else key)


def _ask(uri: str, run_id: str) -> dict[str, str] | None:
    """Tags of a run in a store that only MLflow can read."""
    settings.set_up()
    from mlflow import MlflowClient

    try:
        return dict(MlflowClient(uri).get_run(run_id).data.tags)
    except Exception as error:
        if getattr(error, "error_code", None) == "RESOURCE_DOES_NOT_EXIST":
            return None
        if not is_of_store(error):
            raise
        raise explain(uri, error) from error
