"""Write sweeps to MLflow: one parent run per sweep and table, one child run per configuration, exactly once.

Everything comes from records and verdicts, so writing a half-written sweep again only adds what was missing.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from filelock import FileLock

from yaynay.records.store import Sweep
from yaynay.storage import find_root
from yaynay.tracking.address import check_address, sqlite_path, tracking_uri
from yaynay.tracking.dataset import dataset_input
from yaynay.tracking.parent import STAMP, Result, conclude_parent, ended_runs, make_stamp, open_parent
from yaynay.tracking.runs import DELETED, PARENT, Found, Runs, child, is_missing, split, status
from yaynay.tracking.sqlite_store import deleted_parents, is_held
from yaynay.tracking.store import DeletedError, connect, deleted_run
from yaynay.verdict.answers import Answers
from yaynay.verdict.model import Verdict


def sync(results: Sequence[Result], experiment: str) -> dict[str, str]:
    """Write sweeps to MLflow; what is there already stays as it is.

    Args:
        results: The sweeps, each with at least one run that ended; one with runs that have not ended is left open for
            its own command, and shows no verdict.
        experiment: Name of the MLflow experiment.

    Returns:
        Run id of each sweep's parent, by sweep key.

    Raises:
        MachineError: The store does not answer; or the user deleted the run of a sweep, and the others are written.
    """
    parents: dict[str, str] = {}
    deleted: list[DeletedError] = []
    with connect(experiment, sum(len(result.sweep.about["runs"]) for result in results)) as runs:
        for result in results:
            with FileLock(find_root() / "records" / ".sweeps.lock"):  # two commands may conclude one sweep at once
                found = runs.find(result.sweep.key)
                if PARENT in found and found[PARENT].status == DELETED:
                    deleted.append(deleted_run(result.sweep.table_name, found[PARENT].run_id))
                else:
                    parents[result.sweep.key] = _sync_sweep(runs, result, found)
    if deleted:
        raise deleted[0]
    return parents


def _sync_sweep(runs: Runs, result: Result, found: dict[str, Found]) -> str:
    sweep, ended = result.sweep, ended_runs(result.sweep)
    is_whole = len(ended) == len(sweep.about["runs"])
    if not is_whole and PARENT in found and found[PARENT].status == "RUNNING":  # its process is alive, and writes it
        return found[PARENT].run_id
    dataset = dataset_input(sweep.data()[0])
    parent_id = open_parent(runs, sweep, dataset)
    missing = [record.key for record in ended if is_missing(found, record.key, status(record))]
    for part in split(missing, runs.n_at_once):
        add_children(runs, sweep, part, parent_id, dataset)
    if is_whole:
        conclude_parent(runs.client, parent_id, result, ended)
    else:
        runs.client.set_terminated(parent_id, "KILLED")
    return parent_id


def add_children(runs: Runs, sweep: Sweep, keys: Sequence[str], parent_id: str, dataset: Any) -> None:
    """Write the runs of configurations that have ended."""
    records = (sweep.store.read_ended(key) for key in keys)
    children = [child(record, sweep.key, parent_id) for record in records if record is not None]
    runs.add(sweep.key, children, sweep.store, dataset)


def check_sweeps(sweeps: Sequence[Sweep], experiment: str) -> None:
    """Check, before training, that sweeps' own runs can be written.

    Raises:
        MachineError: The store does not answer, or the user deleted one of them.
    """
    uri = tracking_uri()
    check_address(uri)
    path, names = sqlite_path(uri), {sweep.key: sweep.table_name for sweep in sweeps}
    if path is None:
        with connect(experiment) as runs:
            parents = {key: runs.find(key).get(PARENT) for key in names}
        deleted = {key: found.run_id for key, found in parents.items() if found and found.status == DELETED}
    else:
        try:
            deleted = deleted_parents(path, experiment, list(names))
        except sqlite3.Error:  # there is none, or MLflow is to say what is wrong
            return
    for key, run_id in deleted.items():
        raise deleted_run(names[key], run_id)


def is_there(sweep: Sweep, verdict: Verdict | Answers, experiment: str) -> bool:
    """Whether MLflow's SQLite store holds a sweep with this verdict or these answers; asked without importing MLflow.

    For any other store it says no, and `sync` asks that store.
    """
    path = sqlite_path(tracking_uri())
    if path is None or not path.is_file():
        return False
    statuses = {PARENT: "FINISHED", **dict.fromkeys(sweep.about["runs"], "FINISHED")}
    statuses |= {record.key: status(record) for record in sweep.unscored()}
    return is_held(path, experiment, sweep.key, statuses, (STAMP, make_stamp(verdict)))
