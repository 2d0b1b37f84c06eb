"""Files of a run in MLflow: its record, its weights, and the coefficients of a line.

Coefficients are what `MlflowClient.log_table` leaves, a JSON file and a tag that says which files are tables, so that
the UI shows them as a table, compares them over runs, and `MlflowClient.load_table` reads them.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yaynay.records.record import Record

TABLE = "coefficients.json"
_COLUMNS = ("name", "value", "standard_error", "t", "p", "low", "high")
_FILES: dict[str, tuple[str, ...]] = {
    "finished": ("record.json", "weights.safetensors"),
    "diverged": ("record.json",),
    "failed": (),  # it left no record; its params and its reason say everything
}


@dataclass(frozen=True)
class Artifacts:
    """What becomes artifacts of a run.

    Attributes:
        names: Of files in the record's folder.
        texts: Content of further files, by name.
    """

    names: tuple[str, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record) -> "Artifacts":
        """The artifacts of a record."""
        return cls(_FILES[record.status], {TABLE: make_table(record.line)} if record.line else {})

    @property
    def tags(self) -> dict[str, str]:
        """Say which files MLflow shows as tables."""
        return {"mlflow.loggedArtifacts": json.dumps([{"path": TABLE, "type": "table"}])} if self.texts else {}

    @contextmanager
    def paths(self, folder: Path) -> Iterator[list[Path]]:
        """Their paths, until the end of the block.

        Args:
            folder: The record's.
        """
        with tempfile.TemporaryDirectory() as made:
            written = [Path(made) / name for name in self.texts]
            for path in written:
                path.write_text(self.texts[path.name], encoding="utf-8")
            yield [*(folder / name for name in self.names), *written]


def make_table(line: dict[str, Any]) -> str:
    """A row for each coefficient: name and value, and for least squares standard error, t, p and 95 % interval.

    >>> make_table({"coefficients": [{"name": "intercept", "value": 1.5}, {"name": "age", "value": None}]})
    '{"columns": ["name", "value"], "data": [["intercept", 1.5], ["age", null]]}'
    """
    rows = line["coefficients"]
    columns = [column for column in _COLUMNS if column in rows[0]]
    return json.dumps({"columns": columns, "data": [[row[column] for column in columns] for row in rows]})
