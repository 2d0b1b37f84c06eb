"""`yaynay add`: its words."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from yaynay.cli.commands import Command, split_names


@click.command(
    cls=Command,
    examples=["yaynay add houses.csv price", "yaynay add houses.csv price --leave-out id,when"],
    names_files=True,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--table", metavar="NAME", help="Name of the table (default: the file's name without its ending).")
@click.option("--missing", metavar="HOW", help="What to do with missing cells: impute (default), drop or refuse.")
@click.option("--groups", metavar="COLUMN", help="Rows with equal cells in this column stay in one fold.")
@click.option("--separator", metavar="WORD", help="comma, semicolon, tab, pipe or space.")
@click.option("--leave-out", callback=split_names, multiple=True, help="Columns that are not used.")
def add(**given: Any) -> int:
    """Put a table of your own into the pipeline: copy FILE to data/own/, and list it among the tables of the sweep.

    TARGET is the column to predict. Then run: dvc repro
    """
    from yaynay.cli import own_table

    given["leave_out"] = given["leave_out"] or None
    return own_table.add(SimpleNamespace(**given))
