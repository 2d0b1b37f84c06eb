"""What `compare` leaves in the reports folder, for `report` and for tracking."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from yaynay.errors import DataError
from yaynay.reports.metrics import figures
from yaynay.storage import read_json, write_json
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.model import Part, Timings, Verdict

VERDICTS, TIMINGS, METRICS, TRACKED = "verdicts.json", "timings.json", "metrics.json", "tracked.json"
_MAKE = "run python -m yaynay.compare (for the pipeline's: dvc repro)"


def write(folder: Path, conclusions: Mapping[str, Conclusion]) -> None:
    """Write the verdict on each table, and in separate files its timings and the figures to compare."""
    write_json(folder / VERDICTS, {name: found.verdict.as_json() for name, found in conclusions.items()})
    write_json(folder / TIMINGS, {name: found.timings.as_json() for name, found in conclusions.items()})
    spreads = {name: float(np.std(found.table.y)) for name, found in conclusions.items()}
    write_json(folder / METRICS, {name: figures(found.verdict, spreads[name]) for name, found in conclusions.items()})


def read(folder: Path) -> tuple[dict[str, Verdict], dict[str, Timings]]:
    """Verdicts and timings by table.

    Raises:
        DataError: A file is missing, not as this version writes it, or about other tables.
    """
    verdicts = _read(folder / VERDICTS, Verdict)
    timings = _read(folder / TIMINGS, Timings)
    if verdicts.keys() != timings.keys():
        raise DataError(f"{folder}: {VERDICTS} and {TIMINGS} are about different tables; {_MAKE} again")
    return verdicts, timings


def note_tracked(folder: Path, stamps: Mapping[str, str]) -> None:
    """Note which verdict MLflow shows on each table, so that DVC sees where it shows another one.

    Args:
        folder: Where `write` wrote.
        stamps: Digest of each verdict, by table.
    """
    write_json(folder / TRACKED, dict(stamps))


def _read(path: Path, kind: type[Part]) -> dict[str, Part]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; {_MAKE} first")
    try:
        tables = dict(read_json(path))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not readable ({error}); {_MAKE} again") from error
    return {table: kind.from_json(values, f"{path}, table '{table}'") for table, values in tables.items()}
