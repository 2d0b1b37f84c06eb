"""What `compare` leaves in the reports folder, for `report` and for tracking."""

from collections.abc import Mapping
from pathlib import Path

from yaynay.errors import DataError
from yaynay.storage import read_json, write_json
from yaynay.verdict.model import Part, Timings, Verdict

VERDICTS, TIMINGS = "verdicts.json", "timings.json"


def write(folder: Path, verdicts: Mapping[str, Verdict], timings: Mapping[str, Timings]) -> None:
    """Write the verdict on each table, and in a separate file its timings."""
    write_json(folder / VERDICTS, {name: verdict.as_json() for name, verdict in verdicts.items()})
    write_json(folder / TIMINGS, {name: measured.as_json() for name, measured in timings.items()})


def read(folder: Path) -> tuple[dict[str, Verdict], dict[str, Timings]]:
    """Verdicts and timings by table.

    Raises:
        DataError: A file is missing, not as this version writes it, or about other tables.
    """
    verdicts = _read(folder / VERDICTS, Verdict)
    timings = _read(folder / TIMINGS, Timings)
    if verdicts.keys() != timings.keys():
        raise DataError(
            f"{folder}: {VERDICTS} and {TIMINGS} are about different tables; run python -m yaynay.compare again"
        )
    return verdicts, timings


def _read(path: Path, kind: type[Part]) -> dict[str, Part]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; run python -m yaynay.compare first")
    try:
        tables = dict(read_json(path))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not readable ({error}); run python -m yaynay.compare again") from error
    return {table: kind.from_json(values, f"{path}, table '{table}'") for table, values in tables.items()}
