"""`yaynay ask FILE`: its words."""

import difflib
import gc
import sys
from pathlib import Path
from typing import Any, get_args, get_origin

import click

from yaynay.cli.commands import Command, split_names
from yaynay.errors import OptionError, YaynayError

_NAMED = ("features", "leave_out", "groups", "time")
"""Keys of a table that have an option of their own."""
_GIVEN = ("name", "path", "target", "table")
_OUTCOMES = (0, 1, 3)
"""Exit codes that say an outcome with --exit-code; a mistake in the data ends with that of one in the options then."""
_MOST_LISTED = 40
"""Columns that an error lists."""


@click.command(
    cls=Command,
    names_files=True,
    examples=["yaynay ask houses.csv --target price", "yaynay ask houses.csv -t price --drop id,when --groups street"],
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", "-t", metavar="COLUMN", help="The column to predict; asked for in a terminal.")
@click.option(
    "--features", metavar="A,B", multiple=True, callback=split_names, help="Columns to predict from (default: all)."
)
@click.option("--drop", "leave_out", metavar="A,B", multiple=True, callback=split_names, help="Columns not to use.")
@click.option("--groups", metavar="COLUMN", help="Rows with equal cells here are not independent, as of one patient.")
@click.option("--time", metavar="COLUMN", help="Rows are ordered in time by this column; the answer is on the future.")
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, help="How FILE is read, such as missing=drop; repeatable."
)
@click.option(
    "--out", metavar="FOLDER", type=click.Path(path_type=Path), default=Path("yaynay"),
    help="Where records, runs and page go (default: ./yaynay).",
)  # fmt: skip
@click.option(
    "--most-rows", metavar="NUMBER", type=click.IntRange(min=20), show_default=False, default=10_000,
    help="Train on so many rows at most, drawn at random (default: 10000).",
)  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--quiet", "-q", "is_quiet", is_flag=True, help="Print the answer alone.")
@click.option(
    "--exit-code",
    "has_exit_code",
    is_flag=True,
    help="End with 0 for yay, 1 for nay, 3 for undecided; 2 or 4 for an error.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def ask(file: Path, target: str | None, settings: tuple[str, ...], **given: Any) -> int:
    """Is a neural network worth it over linear regression on the table in FILE: yay or nay?

    FILE is text in any dialect, compressed or not, Parquet, Feather, JSON or Excel.

    A name that holds a comma: repeat --features or --drop, with one name in each. Keys of --set are missing (impute,
    drop, refuse), na_values, na_levels, categories, dates, day_first, decimal, separator, header, encoding and sheet;
    a list is written as [a,b], as in --set 'na_values=[-999,?]'.
    """
    options = {key: given.pop(key) for key in _NAMED if key in given}
    options = {key: value for key, value in options.items() if value} | parse_settings(settings)
    try:
        chosen = target if target is not None else _choose_target(file, options)
        gc.disable()  # this process lives for seconds, and imports take a quarter longer with it
        from yaynay.asking.command import Request, run

        return run(Request(file=file, target=chosen, options=options, **given))
    except YaynayError as error:
        from yaynay.config.quoting import respell

        kind = OptionError if given["has_exit_code"] and error.exit_code in _OUTCOMES else type(error)
        raise kind(respell(str(error), "command")) from error
    except KeyboardInterrupt:
        print("interrupted; the same command goes on with what is trained", file=sys.stderr)
        raise


def parse_settings(words: tuple[str, ...]) -> dict[str, Any]:
    """Options of a table from KEY=VALUE words.

    Raises:
        OptionError: A key is unknown, or a value cannot be read.
    """
    if not words:
        return {}
    from yaynay.config.datasets import File

    kinds = {key: field.annotation for key, field in File.model_fields.items() if key not in _GIVEN}
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise OptionError(
                f"option '--set': '{word}' has no value; allowed: KEY=VALUE, as missing=drop; write it so"
            )
        if key not in kinds:
            nearest = difflib.get_close_matches(key, kinds, n=1, cutoff=0.5)
            advice = f"did you mean '{nearest[0]}'?" if nearest else "choose one of them"
            raise OptionError(f"option '--set': '{key}' is unknown; allowed: {', '.join(kinds)}; {advice}")
        settings[key] = _parse(key, text, kinds[key])
    return settings


def _parse(key: str, text: str, kind: Any) -> Any:
    """A value of --set: a list, a yes or no, or a text."""
    from yaynay.config.quoting import read_list, read_text

    if get_origin(kind) is list:
        try:
            return read_list(text)
        except ValueError:
            raise OptionError(
                f"option '--set': {key}={text} is not a list; allowed: [a,b]; quote what holds a comma or a bracket, "
                f"as in --set '{key}=[a,\"b, c\"]'"
            ) from None
    if bool in get_args(kind):
        value = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}.get(text.lower())
        return text if value is None else value
    return read_text(text)


def _choose_target(file: Path, options: dict[str, Any]) -> str:
    """Ask for the target in a terminal.

    Raises:
        OptionError: There is none to ask.
    """
    from yaynay.data.listing import list_columns

    columns = list_columns(file, **options)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        names = [repr(name) for name in columns]
        more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
        listed = f"{', '.join(names[:_MOST_LISTED])}{more}"
        raise OptionError(f"option '--target': none given; allowed: {listed}; name the column to predict")
    width = min(40, max(map(len, columns)))
    click.echo(f"{file} has {len(columns)} columns:")
    for name, kind in columns.items():
        click.echo(f"  {name:{width}}  {kind}")
    while True:
        name = str(click.prompt("Which column is to be predicted")).strip()
        if name in columns:
            return name
        click.echo(f"no column '{name}'{_nearest(name, list(columns))}")


def _nearest(name: str, names: list[str]) -> str:
    by_case = {known.casefold(): known for known in names}
    nearest = difflib.get_close_matches(name.casefold(), by_case, n=1, cutoff=0.5)
    return f"; did you mean '{by_case[nearest[0]]}'?" if nearest else ""
