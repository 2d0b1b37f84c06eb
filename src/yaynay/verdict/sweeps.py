"""The sweeps that are compared: the newest of each table, in a store or in a folder of stores; and worked examples."""

import re
import sys
from collections import Counter
from pathlib import Path

from yaynay.data.reading import table_name
from yaynay.errors import DataError
from yaynay.records.store import Store, Sweep
from yaynay.storage import read_json
from yaynay.verdict.answers import is_worked

_SWEEPS = "sweeps/*/sweep.json"


def is_store(folder: Path) -> bool:
    """Whether a folder is a store itself, and not a folder of stores."""
    return any(folder.glob(_SWEEPS))


def find_newest(records: Path) -> list[Sweep]:
    """The newest whole sweep of each table, by name of the table; worked examples have answers, and are left out.

    A table with several sweeps, or with one that is not whole, is named on stderr.

    Args:
        records: A store, or a folder of stores.

    Raises:
        DataError: There is none.
    """
    found = []
    compared = [sweep for sweep in find_sweeps(records) if not is_worked(sweep)]
    if not compared:
        raise DataError(
            f"{records}: holds worked examples alone, which have no verdict; train networks on a table first"
        )
    for sweep in sorted(compared, key=lambda sweep: sweep.started_at):
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


def find_worked(records: Path) -> list[Sweep]:
    """The worked examples among the sweeps that `find_sweeps` finds; there may be none."""
    return [sweep for sweep in _sweeps(records) if is_worked(sweep)]


def find_sweeps(records: Path) -> list[Sweep]:
    """Every sweep of a store, or of each store in a folder, by table.

    Args:
        records: A store, a folder of stores, or one of such folders, as the pipeline's results/.

    Raises:
        DataError: There is none.
    """
    sweeps = _sweeps(records)
    if not sweeps:
        raise DataError(
            f"{records}: no sweep here; allowed: a store of records, or a folder of stores; train first, or set "
            "records=records to compare your own sweeps"
        )
    return sweeps


def _sweeps(records: Path) -> list[Sweep]:
    patterns = [_SWEEPS] if is_store(records) else [f"*/{_SWEEPS}", f"*/*/{_SWEEPS}"]
    paths = [path for pattern in patterns for path in records.glob(pattern)]
    for path in paths:
        _check_sweep(path)
    stores = [Store(folder) for folder in sorted({path.parents[2] for path in paths})]
    return sorted((sweep for store in stores for sweep in store.sweeps()), key=lambda sweep: sweep.table_name)


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
        is_sweep &= isinstance(about["started_at"], float) and isinstance(about.get("published", {}), dict)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a sweep ({type(error).__name__}); remove its folder, and train again") from error
    if not is_sweep:
        raise DataError(f"{path}: not a sweep, a name or digest in it is not valid; remove its folder, and train again")
