"""The networks that a question is answered with: those of `conf/`, read without Hydra, which would take longer."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from yaynay.asking.conf import conf_folder
from yaynay.config.schema import Plan as PlanOptions
from yaynay.config.schema import Rule
from yaynay.data import prepare
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.sweep.jobs import Job

DEPTHS = (1, 2, 3)
MOST_ROWS = 10_000
"""Networks are trained on this many rows of a longer table, drawn at random, as the gate is."""

_GROUPS = {
    "backend": "torch",
    "model": "skip",
    "optimizer": "adamw",
    "trainer": "default",
    "plan": "default",
    "verdict": "default",
    "tracking": "default",
}
"""The option that is taken of each group of `conf/`."""


@functools.cache
def settings() -> dict[str, Any]:
    """Values of a configuration without its dataset, as `python -m yaynay.train model=skip` composes them."""
    conf = conf_folder()
    config = _read(conf / "config.yaml")
    values = {key: value for key, value in config.items() if key not in ("defaults", "hydra")}
    for group, option in _GROUPS.items():
        content = _read(conf / group / f"{option}.yaml")
        parts = [part for part in content.pop("defaults", []) if isinstance(part, str) and part != "_self_"]
        for part in reversed(parts):
            content = _read(conf / group / f"{part}.yaml") | content
        values[group] = content
    return values


def rule() -> Rule:
    """What decides."""
    return Rule(**settings()["verdict"])


def draw_plan(table: Table) -> Plan:
    """The table's folds."""
    return prepare.draw(table, PlanOptions(**settings()["plan"]))


def make_jobs(dataset: dict[str, Any], table: Table, plan: Plan) -> list[Job]:
    """A job for each network.

    Args:
        dataset: Where the table is from: the group `dataset` of a configuration.
        table: The data.
        plan: Its folds.
    """
    values = settings() | {"dataset": dataset}
    return [
        Job(values | {"model": values["model"] | {"depth": depth}}, [f"model.depth={depth}"], table=table, plan=plan)
        for depth in DEPTHS
    ]


def sample(table: Table, most_rows: int = MOST_ROWS) -> Table:
    """The table, or as many of its rows where it has more: the latest, or else drawn at random, in their order."""
    if table.n_rows <= most_rows:
        return table
    said = f"networks and lines are compared on {most_rows:,} of {table.n_rows:,} rows"
    if table.time is not None:
        return table.take(np.sort(np.argsort(table.time, kind="stable")[-most_rows:]), f"{said}, the latest")
    rows = np.sort(np.random.default_rng([0, 5]).choice(table.n_rows, most_rows, replace=False))
    return table.take(rows, f"{said}, drawn at random")


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
