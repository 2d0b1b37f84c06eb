"""The table and plan that a configuration asks for: from `data/tables/` where they fit, or made anew."""

import functools
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yaynay.config.schema import Plan as PlanOptions
from yaynay.data import sources
from yaynay.data.blocks import equal_row_blocks
from yaynay.data.forward import make_forward_plan
from yaynay.data.plan import Plan, load_plan, make_plan, write_plan
from yaynay.data.table import Table
from yaynay.data.table_files import load_table, write_table
from yaynay.errors import DataError
from yaynay.storage import digest, file_digest, find_root


def find_tables() -> Path:
    """The folder of the project's generated tables."""
    return find_root() / "data" / "tables"


def generate(dataset: dict[str, Any], plan: PlanOptions) -> tuple[Table, Plan, Path]:
    """Make a table and its plan and write both to `data/tables/NAME/`.

    Args:
        dataset: The dataset group of a configuration.
        plan: How to draw the folds.
    """
    table, drawn = make(dataset, plan)
    path = find_tables() / table.name
    path.mkdir(parents=True, exist_ok=True)
    write_plan(drawn, path / "plan.parquet")  # before the card, which says that all is there
    write_table(table, path, plan_sha256=drawn.sha256, made_from=fingerprint(dataset, plan))
    return table, drawn, path


def make(dataset: dict[str, Any], plan: PlanOptions) -> tuple[Table, Plan]:
    """Make a table and its plan in memory.

    Raises:
        DataError: The data cannot be used.
    """
    table = sources.make(dataset)
    return table, draw(table, plan)


def draw(table: Table, options: PlanOptions) -> Plan:
    """The plan of a table: one that does not look ahead where rows are ordered in time."""
    if table.time is None:
        return make_plan(equal_row_blocks(table), table.sha256, table.n_features, **options.model_dump())
    counts = options.model_dump(include={"n_folds", "n_inner", "n_seeds"})
    return make_forward_plan(table.time, table.sha256, table.n_features, **counts)


_said: set[str] = set()
"""What this process printed of its tables."""


def announce(table: Table) -> None:
    """Print to stderr what was decided on a table."""
    say(table.name, (*table.notes, *table.remarks))


def say(name: str, notes: Iterable[str]) -> None:
    """Print to stderr what is to be known of a table; a line that this process printed is not printed again."""
    for line in (f"{name}: {note}" for note in notes):
        if line not in _said:
            _said.add(line)
            print(line, file=sys.stderr)


def load_or_make(dataset: dict[str, Any], plan: PlanOptions) -> tuple[Table, Plan]:
    """The table and plan, from `data/tables/NAME/` where it was made from the same options, else made in memory."""
    return _load_or_make(json.dumps(dataset, sort_keys=True), plan)


@functools.lru_cache(maxsize=32)
def _load_or_make(dataset: str, plan: PlanOptions) -> tuple[Table, Plan]:
    options = json.loads(dataset)
    folder = find_tables() / sources.table_name(options)
    try:
        about = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        about = {}
    if about.get("made_from") != fingerprint(options, plan):
        return make(options, plan)
    table, drawn = load_table(folder), load_plan(folder / "plan.parquet")
    if (drawn.table_sha256, drawn.sha256) != (table.sha256, about["plan_sha256"]):
        raise DataError(f"{folder}: table and plan do not belong together; make them again with yaynay.generate")
    return table, drawn


def fingerprint(dataset: dict[str, Any], plan: PlanOptions) -> str:
    """Digest of what a table and plan are made from: options, and the content of the file that they name."""
    content = None
    if (path := dataset.get("path")) and (file := sources.file_path(path)).is_file():
        content = file_digest(file)
    return digest([{**dataset, "path": None}, content, plan.model_dump()])
