"""`yaynay reproduce RUN`: does the code that is installed give what a run gave?"""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yaynay.cli.commands import Command
from yaynay.cli.folders import folder_argument, kept_in

if TYPE_CHECKING:
    from yaynay.sweep.reproduce import Reproduction


@click.command(
    cls=Command,
    examples=["yaynay reproduce 6f1c0d2be1e94a1b8e0c1f1d7a1e0b5c"],
)
@click.argument("run")
@folder_argument
def reproduce(run: str, folder: Path | None) -> int:
    """Train a run again, from its record and the table that is kept with it: does it give the same?

    RUN is the id of a run, as the MLflow UI shows it, or the name of a folder in records/runs. The run of a sweep
    stands for all of its configurations. Nothing that is kept is changed.

    FOLDER holds the records: a project, or what yaynay ask wrote. By default it is the project of the working folder,
    or else ./yaynay.

    The code and the libraries that are installed are used; what is not as it was is named.

    The exit code is 0 where scores, predictions and weights are identical to the last bit, or predictions within
    tolerance (1e-4 of the largest one with 32 bits, 1e-9 with 64); 1 where a run is different; 2 where the run is
    unknown; 3 where what is kept is damaged.
    """
    with kept_in(folder):
        found = _reproduce(run)
    if len(found) > 1:
        print(_table(found))
        counts = Counter(one.outcome for one in found)
        print(f"{len(found)} runs: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}")
    else:
        (one,) = found
        print(f"{one.record.table['name']}, {one.record.name}: {one.outcome}: {one.said}")
    for change in dict.fromkeys(change for one in found for change in one.changes):
        print(f"changed since: {change}")
    if not any(one.changes for one in found) and any(one.outcome != "identical" for one in found):
        print("nothing that a record names has changed: rounding differs with the networks that are trained together")
    return int(any(one.outcome == "different" for one in found))


def _reproduce(run: str) -> "list[Reproduction]":
    from tqdm import tqdm

    from yaynay.sweep import reproduce as again
    from yaynay.sweep.kept import find

    kept = find(run)
    for remark in again.say_data(kept):
        print(remark, file=sys.stderr)
    is_hidden = not sys.stderr.isatty()
    with tqdm(total=len(kept.records), unit="configuration", leave=False, disable=is_hidden) as bar:
        return again.reproduce(kept, bar.update)


def _table(found: "list[Reproduction]") -> str:
    """A row for each run."""
    rows = [("run", "outcome", "")]
    rows += [(f"{one.record.table['name']}, {one.record.name}", one.outcome, one.said) for one in found]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{name:{widths[0]}}  {outcome:{widths[1]}}  {said}".rstrip() for name, outcome, said in rows)
