"""Train what a record says again, on the table that is kept with it, and compare.

Nothing of the project is changed: what is trained goes into a temporary store.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from yaynay.config.schema import Configuration
from yaynay.data import prepare
from yaynay.errors import DataError, YaynayError
from yaynay.models.scores import relative_difference
from yaynay.processes import usable_cpus
from yaynay.records.provenance import run_facts
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.storage import Arrays, digest
from yaynay.sweep import workers
from yaynay.sweep.kept import Kept
from yaynay.sweep.partition import cut

Outcome = Literal["identical", "within tolerance", "different"]
TOLERANCE = {32: 1e-4, 64: 1e-9}
"""Largest difference of a prediction over the largest prediction, by precision: as far as rounding takes two backends
on a table of some size (docs/backends.md)."""


@dataclass(frozen=True)
class Reproduction:
    """What training a record again gave.

    Attributes:
        record: As it was kept.
        outcome: How close the new one is.
        distance: Largest difference of a prediction, over the largest prediction; None where one has none.
        said: What is the same or differs, in a sentence.
        changes: What else is not as it was: code, libraries, machine.
    """

    record: Record
    outcome: Outcome
    distance: float | None
    said: str
    changes: tuple[str, ...]


def reproduce(kept: Kept, on_trained: Callable[[int], object] = bool) -> list[Reproduction]:
    """Train records again and compare.

    Args:
        kept: What.
        on_trained: Called with a number of configurations whenever so many have been trained.

    Raises:
        DataError: A table is missing or damaged, or what a record was halved among is.
        MachineError: A backend is not installed.
        OptionError: This version of yaynay does not know an option of a record.
    """
    made: dict[str, Record | Exception] = {}
    with tempfile.TemporaryDirectory(prefix="yaynay-") as folder:
        for number, part in enumerate(_parts(kept)):
            made |= _train(part, kept.store, Store(Path(folder) / str(number)), on_trained)
    return [_compare(record, made[record.key]) for record in kept.records]


def _parts(kept: Kept) -> list[list[Record]]:
    """Records by what decides about them: those that were halved among each other together, with all of these."""
    parts: dict[tuple[str, str], list[Record]] = {}
    for record in kept.records:
        companions = record.run.get("companions", "")
        if record.parsed.is_halved and not companions and len(kept.records) == 1:
            raise DataError(
                f"{kept.store.path(record.key)}: does not name the configurations that it was halved among; train "
                "its sweep again"
            )
        parts.setdefault((companions, record.table["sha256"]), []).append(record)
    return [_with_companions(part, kept.store) if key[0] else part for key, part in parts.items()]


def _with_companions(part: list[Record], store: Store) -> list[Record]:
    """All records that some were halved among, in the order of their keys."""
    companions, known = part[0].run["companions"], {record.key for record in part}
    same = [run for sweep in store.sweeps() if known & set(sweep.about["runs"]) for run in sweep.about["runs"]]
    others = (store.read_ended_scores(key) for key in sorted(set(same) - known))
    found = [record for record in others if record is not None and record.run.get("companions") == companions]
    return [*part, *found]


def _train(
    records: Sequence[Record], source: Store, store: Store, on_trained: Callable[[int], object]
) -> dict[str, Record | Exception]:
    """New records, or exceptions, by the old one's key."""
    cells = []
    for record in records:
        table, plan = source.read_table(record.plan["sha256"], record.table["sha256"])
        store.write_table(table, plan)
        cells.append((record.parsed, table, plan))
    old = {
        _mark(configuration, table.sha256, plan.sha256): record.key
        for (configuration, table, plan), record in zip(cells, records, strict=True)
    }
    specs = cut(cells, usable_cpus())
    new: dict[str, str] = {}
    for spec in specs:
        keys = spec.keys(*store.read_table(spec.plan_sha256, spec.table_sha256))
        marks = [_mark(configuration, spec.table_sha256, spec.plan_sha256) for configuration in spec.configurations]
        new |= {key: old[mark] for key, mark in zip(keys, marks, strict=True)}
    made: dict[str, Record | Exception] = {}
    for trained, failures in workers.run(specs, store, usable_cpus()):
        made |= {new[record.key]: store.read(record.key) for record in trained}
        made |= {new[key]: error for key, error in failures.items()}
        on_trained(len(trained) + len(failures))
    return made


def _mark(configuration: Configuration, table_sha256: str, plan_sha256: str) -> str:
    """A configuration on a table and plan, whatever version of the code trains it."""
    return digest([configuration.numerics(), table_sha256, plan_sha256])


def _compare(record: Record, made: Record | Exception) -> Reproduction:
    if isinstance(made, Exception):
        made = replace(
            record,
            status="failed",
            reason=" ".join(str(made).split()),
            run=run_facts(record.parsed.backend.name, 0.0, 0.0, "none"),
        )
    outcome: Outcome = "identical"
    distance, said = None, "scores, predictions and weights are the same, bit for bit"
    if (record.status, made.status) != ("finished", "finished"):
        is_same = (record.status, record.reason) == (made.status, made.reason)
        outcome = "identical" if is_same else "different"
        said = f"{_end(record)}, as before" if is_same else f"{_end(made)}; before: {_end(record)}"
    elif not _is_identical(record, made):
        distance, most = _distance(record.arrays, made.arrays), TOLERANCE[_precision(record)]
        outcome = "within tolerance" if distance <= most else "different"
        said = f"predictions differ by {distance:.2g} of the largest; tolerance {most:g}"
    return Reproduction(record, outcome, distance, said, tuple(_changes(record.run, made.run)))


def _end(record: Record) -> str:
    return record.status if record.reason is None else f"{record.status} ({record.reason})"


def _precision(record: Record) -> int:
    return 64 if record.parsed.is_closed_form else record.parsed.trainer.precision


def _is_identical(ours: Record, theirs: Record) -> bool:
    scores = [
        {name: value for name, value in record.scores.items() if "seconds" not in name} for record in (ours, theirs)
    ]
    pairs = [(ours.arrays, theirs.arrays), (ours.weights, theirs.weights)]
    return scores[0] == scores[1] and ours.line == theirs.line and all(map(_has_same_bits, *zip(*pairs, strict=True)))


def _has_same_bits(ours: Arrays, theirs: Arrays) -> bool:
    return ours.keys() == theirs.keys() and all(
        (ours[name].dtype, ours[name].shape, ours[name].tobytes())
        == (theirs[name].dtype, theirs[name].shape, theirs[name].tobytes())
        for name in ours
    )


def _distance(ours: Arrays, theirs: Arrays) -> float:
    """Largest difference of a prediction over the largest prediction, out of fold and of the whole table's model."""
    names = [name for name in ("predictions", "whole") if name in ours and ours[name].size]
    if any(name not in theirs or ours[name].shape != theirs[name].shape for name in names):
        return math.inf
    return max((relative_difference(ours[name].ravel(), theirs[name].ravel()) for name in names), default=math.inf)


def _changes(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """What is not as it was when the record was written, each in a few words."""
    if then.get("numerics") != now["numerics"]:
        commit = f", commit {then['git_commit'][:10]}" if then.get("git_commit") else ""
        yield f"yaynay's code of the fit (version {then.get('numerics', 'unknown')}{commit}; now {now['numerics']})"
    versions = then.get("versions", {})
    for name in sorted(versions.keys() | now["versions"].keys()):
        before, after = versions.get(name, "none"), now["versions"].get(name, "none")
        if before != after:
            yield f"{name} {before} (now {after})"
    for name in ("python", "processor", "device"):
        if name in then and then[name] != now[name] and "none" not in (then[name], now[name]):
            yield f"{name} {then[name]} (now {now[name]})"


def say_data(kept: Kept) -> list[str]:
    """Tables whose source gives other content today than what is kept, and what was trained on, each in a sentence."""
    said = []
    for record in {record.table["sha256"]: record for record in kept.records}.values():
        try:
            table, _ = prepare.load_or_make(record.parsed.dataset, record.parsed.plan)
        except YaynayError:  # its file is gone, say: what is kept is all there is
            continue
        if table.sha256 != record.table["sha256"]:
            said.append(f"{table.name}: the data has changed since; what was kept with the run was trained on")
    return said
