"""The sweeps that are compared: all of each table on its newest data, folds and code; and worked examples."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from yaynay.data.names import stem_name
from yaynay.errors import DataError
from yaynay.records.store import Store, Sweep
from yaynay.storage import digest, read_json
from yaynay.verdict.answers import is_worked
from yaynay.verdict.names import Origin, origin, tell_apart

_SWEEPS = "sweeps/*/sweep.json"


def is_store(folder: Path) -> bool:
    """Whether a folder is a store itself, and not a folder of stores."""
    return any(folder.glob(_SWEEPS))


@dataclass(frozen=True)
class Joined(Sweep):
    """Several sweeps of one store on the same table and plan, seen as one: the one that asked for all of their runs."""

    parts: tuple[Sweep, ...]

    @classmethod
    def of(cls, parts: Sequence[Sweep]) -> Sweep:
        """The sweep itself where it is one alone."""
        if len(parts) == 1:
            return parts[0]
        store = parts[0].store
        return cls(store, store.folder / "sweeps" / digest(_unite(parts)), tuple(parts))

    @cached_property
    def about(self) -> dict[str, Any]:
        return _unite(self.parts) | {"started_at": self.parts[-1].started_at}


def _unite(parts: Sequence[Sweep]) -> dict[str, Any]:
    """What a sweep's key is a digest of."""
    newest = parts[-1].about
    shared = {name: newest[name] for name in ("table", "table_sha256", "plan_sha256", "reading") if name in newest}
    runs = {key for part in parts for key in part.about["runs"]}
    asked = {key for part in parts for key in part.about["runs"] if key not in part.baselines}
    return shared | {"runs": sorted(runs), "baselines": sorted(runs - asked)}


def find_tables(records: Path) -> dict[str, Sweep]:
    """All whole sweeps of each table on its newest content, folds and code, joined; by a name of its own for each.

    Worked examples have answers, and are left out. So are interrupted sweeps: what a choice over half of a grid would
    gain is another question. What is joined or left out is said on stderr.

    Args:
        records: A store, or a folder of stores.

    Raises:
        DataError: There is none.
    """
    compared = [sweep for sweep in find_sweeps(records) if not is_worked(sweep)]
    if not compared:
        raise DataError(
            f"{records}: holds worked examples alone, which have no verdict; train networks on a table first"
        )
    by_origin: dict[Origin, list[Sweep]] = {}
    origins: dict[tuple[str, str], Origin] = {}  # by name and content: a file that was moved is the same table
    for sweep in sorted(compared, key=lambda sweep: (sweep.started_at, sweep.key)):
        if sweep.is_whole:
            content = (sweep.table_name, sweep.about["table_sha256"])
            by_origin.setdefault(origins.setdefault(content, origin(sweep)), []).append(sweep)
        else:
            print(f"{sweep.table_name}: a sweep in {records} was interrupted, and is left out", file=sys.stderr)
    if not by_origin:
        raise DataError(f"{records}: no sweep has ended; run its command again, which resumes it")
    names = tell_apart(list(by_origin))
    found = dict(sorted(zip(names, by_origin.values(), strict=True)))
    return {name: _join_newest(name, sweeps) for name, sweeps in found.items()}


def _join_newest(name: str, sweeps: Sequence[Sweep]) -> Sweep:
    """The sweeps on the newest content, folds and code of a table, oldest first in `sweeps`, as one."""
    newest = sweeps[-1]
    parts = _of_one_code([sweep for sweep in sweeps if sweep.store is newest.store and _data(sweep) == _data(newest)])
    joined = Joined.of(parts)
    if len(parts) > 1:
        print(f"{name}: {len(parts)} sweeps are joined, {len(joined.about['runs'])} configurations", file=sys.stderr)
    for why, count in Counter(_why_not(sweep, newest) for sweep in sweeps if sweep not in parts).items():
        are = "sweeps are" if count > 1 else "sweep is"
        print(f"{name}: {count} {are} left out, {why}; the newest counts", file=sys.stderr)
    return joined


def _why_not(sweep: Sweep, newest: Sweep) -> str:
    """Why a sweep is not joined with the newest of its table."""
    if sweep.about["table_sha256"] != newest.about["table_sha256"]:
        return "on other data"
    if _data(sweep) != _data(newest):
        return "on other folds"
    return "on other code" if sweep.store is newest.store else f"in {sweep.store.folder}"


def _of_one_code(sweeps: Sequence[Sweep]) -> list[Sweep]:
    """The newest sweep, and those that agree with all newer ones of these on the version of each backend's numerics.

    Otherwise a network that was trained before and after a change of the code would be there twice.
    """
    if len(sweeps) == 1:
        return list(sweeps)
    versions: dict[str, str] = {}
    found: list[Sweep] = []
    for sweep in reversed(sweeps):
        own = _numerics(sweep)
        if all(versions.get(backend, version) == version for backend, version in own.items()):
            versions |= own
            found.insert(0, sweep)
    return found


def _numerics(sweep: Sweep) -> dict[str, str]:
    """The version of each backend's numerics, of which a sweep has one; "" where no record of the backend notes it.

    Records from before it was noted are taken over by later sweeps, beside those that note it.
    """
    store = sweep.store
    found: dict[str, str] = {}
    for key in sweep.about["runs"]:
        record = store.read_scores(key) if store.has(key) else store.read_ended(key)
        if record is not None:
            backend = record.parsed.backend.name
            found[backend] = record.run.get("numerics") or found.get(backend, "")
    return found


def _data(sweep: Sweep) -> tuple[str, str]:
    return sweep.about["table_sha256"], sweep.about["plan_sha256"]


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
            f"{records}: no sweep here; allowed: a store of records, or a folder of stores; train first, or set records"
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
        is_sweep &= stem_name(about["table"]) == about["table"]
        is_sweep &= isinstance(about["started_at"], float) and isinstance(about.get("published", {}), dict)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a sweep ({type(error).__name__}); remove its folder, and train again") from error
    if not is_sweep:
        raise DataError(f"{path}: not a sweep, a name or digest in it is not valid; remove its folder, and train again")
