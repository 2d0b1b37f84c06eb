"""The sweeps that are compared: the newest of each table, in a store or in a folder of stores."""

import re
import sys
from collections import Counter
from pathlib import Path

from yaynay.data.reading import table_name
from yaynay.errors import DataError
from yaynay.records.store import Store, Sweep
from yaynay.storage import read_json


def is_store(folder: Path) -> bool:
    """Whether a folder is a store itself, and not a folder of stores."""
    return (folder / "sweeps").is_dir()


def find_newest(records: Path) -> list[Sweep]:
    """The newest whole sweep of each table, by name of the table.

    A table with several sweeps, or with one that is not whole, is named on stderr.

    Args:
        records: A store, or a folder of stores.

    Raises:
        DataError: There is none.
    """
    found = []
    for sweep in sorted(find_sweeps(records), key=lambda sweep: sweep.started_at):
        if sweep.is_whole:
            found.append(sweep)
        else:
            print(f"{sweep.table_name}: a sweep in {records} was interrupted, and is left out", file=sys.stderr)
    if not found:
        raise DataError(f"{records}: no sweep has ended; run its command again, which resumes it")
    for name, count in Counter(sweep.table_name for sweep in found).items():
        if count > 1:
            print(f"{name}: {count} sweeps in {records}; the newest is compared", file=sys.stderr)
    newest = {sweep.table_name: sweep for sweep in found}
    return [newest[name] for name in sorted(newest)]


def find_sweeps(records: Path) -> list[Sweep]:
    """Every sweep of a store, or of each store in a folder, by table.

    Args:
        records: A store, or a folder of stores.

    Raises:
        DataError: There is none.
    """
    stores = [Store(records)] if is_store(records) else [Store(path) for path in sorted(records.glob("*"))]
    for store in stores:
        for path in (store.folder / "sweeps").glob("*/sweep.json"):
            _check_sweep(path)
    sweeps = [sweep for store in stores for sweep in store.sweeps()]
    if not sweeps:
        raise DataError(
            f"{records}: no sweep here; allowed: a store of records, or a folder of stores; train first, or set "
            "records=records to compare your own sweeps"
        )
    return sorted(sweeps, key=lambda sweep: sweep.table_name)


def _check_sweep(path: Path) -> None:
    """A store may come from others, and what its sweep names becomes folders here.

    Raises:
        DataError: A name or digest is not a valid one.
    """
    try:
        about = read_json(path)
        digests = [about["table_sha256"], about["plan_sha256"], *about["runs"]]
        is_sweep = all(re.fullmatch(r"[0-9a-f]{64}", name) for name in digests)
        is_sweep &= table_name(about["table"]) == about["table"]
        is_sweep &= isinstance(about["started_at"], float)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a sweep ({type(error).__name__}); remove its folder, and train again") from error
    if not is_sweep:
        raise DataError(f"{path}: not a sweep, a name or digest in it is not valid; remove its folder, and train again")
