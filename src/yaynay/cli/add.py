"""`yaynay add`: its words."""

from pathlib import Path

import click

from yaynay.cli.commands import Command


@click.command(
    cls=Command,
    examples=["yaynay add houses.csv price", "yaynay add houses.csv price leave_out=[id,when] missing=drop"],
    names_files=True,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("target")
@click.argument("options", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--table", metavar="NAME", help="Name of the table (default: the file's name without its ending).")
def add(file: Path, target: str, options: tuple[str, ...], table: str | None) -> int:
    """Put a table of your own into the pipeline: copy FILE to data/own/, and list it among the tables of the sweep.

    TARGET is the column to predict; KEY=VALUE is any other key of dataset=csv. Then run: dvc repro
    """
    from yaynay.cli.own_table import add, parse_words

    return add(file, target, table, parse_words(options))
