"""The records that a run of MLflow's stands for, checked to be as they were written."""

import re
from dataclasses import dataclass
from pathlib import Path

from yaynay.errors import DataError, OptionError
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.records.verify import check_checksums
from yaynay.storage import find_root
from yaynay.tracking.lookup import find_shown

_KEY = re.compile(r"[0-9a-f]{64}")
_RUN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Kept:
    """Runs to train again, from one store."""

    store: Store
    records: tuple[Record, ...]


def find(name: str) -> Kept:
    """The records that a run of MLflow's, or a key, stands for; all of a sweep for the sweep's own run.

    Args:
        name: Id of a run in MLflow, or the key of a record or sweep.

    Raises:
        DataError: A record is missing or damaged.
        MachineError: MLflow's store cannot be used.
        OptionError: There is no such run.
    """
    word = name.strip().lower()
    if _KEY.fullmatch(word):
        sweep, key = word, word
    else:
        shown = find_shown(word) if _RUN.fullmatch(word) else None
        if shown is None:
            raise OptionError(f"run '{name}': {_UNKNOWN}")
        sweep, key = shown.sweep, shown.key or ""
    for store in _stores():
        if key and (store.has(key) or store.failure_path(key).is_file()):
            return Kept(store, (_read(store, key),))
        if (not key or key == sweep) and (store.folder / "sweeps" / sweep).is_dir():
            found = Sweep(store, store.folder / "sweeps" / sweep)
            if not found.has_ended_runs():
                raise DataError(f"run {name}: no run of this sweep has ended; allowed: one that has; train it again")
            keys = [run for run in found.about["runs"] if store.has(run) or store.failure_path(run).is_file()]
            return Kept(store, tuple(_read(store, run) for run in keys))
    if _KEY.fullmatch(word):
        raise OptionError(f"run '{name}': {_UNKNOWN}")
    raise DataError(
        f"run {name}: its record is not in {find_root()}; allowed: a run whose record is kept; train it again"
    )


_UNKNOWN = (
    "is in neither MLflow's store nor the records; allowed: the id of a run, as the MLflow UI shows it, or a folder's "
    "name in records/runs; copy one from there"
)


def _stores() -> list[Store]:
    """The project's records, and the results that the pipeline keeps."""
    root = find_root()
    folders = [root / "records", *sorted((root / "results").glob("*/")), *sorted((root / "results").glob("*/*/"))]
    return [Store(folder) for folder in folders]


def _read(store: Store, key: str) -> Record:
    """A record whose files, and those of its table, are as they were written.

    Raises:
        DataError: One is damaged.
    """
    if store.has(key):
        _check(store.path(key))
    record = store.read_ended(key)
    assert record is not None
    folder = store.table_path(record.plan["sha256"], record.table["sha256"])
    if folder.is_dir():  # `Store.read_table` says what is missing
        _check(folder)
    return record


def _check(folder: Path) -> None:
    for path, reason in check_checksums(folder):
        if reason is not None:
            raise DataError(f"{path}: {reason}; remove {folder}, and train it again")
