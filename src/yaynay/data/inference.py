"""What the columns of a file are, where one of them says something about the others."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from yaynay.config.datasets import Own
from yaynay.data import rules
from yaynay.data.cells import RawColumn, RawTable
from yaynay.data.descriptions import Description
from yaynay.data.numerals import Decimal, Numerals, parse_numerals
from yaynay.data.quantities import Context, Reading
from yaynay.data.remarks import say_left_out
from yaynay.errors import DataError


def infer(raw: RawTable, options: Own) -> dict[str, Reading]:
    """What each column is, by the rules of `rules`.

    Raises:
        DataError: A column can be read in two ways, or contradicts itself, or no feature is left.
    """
    numerals = {name: _find_numerals(column) for name, column in raw.columns.items()}
    decimal = options.decimal or _find_decimal(raw, numerals)
    if decimal == "comma":
        numerals |= {name: _find_numerals(raw.columns[name]) for name in _read_points_again(raw)}
    readings: dict[str, Reading] = {}
    for name, column in raw.columns.items():
        context = Context(
            name=name,
            role=_role(name, options),
            numerals=numerals[name],
            decimal=decimal,
            day_first=options.day_first,
            dates=options.dates,
            missing=tuple(map(str, options.na_values)),
            levels=tuple(options.na_levels),
            locate=lambda row: f"{options.where}{raw.locate(row)}",
        )
        readings[name] = rules.apply(column, context)
    features = {name: reading for name, reading in readings.items() if _role(name, options) in ("feature", "asked")}
    if any(reading.columns for reading in features.values()):
        return readings
    for name, reading in features.items():
        if reading.rule == "row number":  # a line over time, say
            kept = Reading.by(Description(name, "number"), raw.columns[name], "kept, as there is no other feature")
            return readings | {name: replace(kept, rule="number")}
    if not features:
        raise DataError(
            f"{options.where}: no column is left to predict from; one at least is needed; leave out fewer "
            "(dataset.leave_out), or add a column"
        )
    said, advice = say_left_out(features)
    raise DataError(
        f"{options.where}: no feature is left ({said}); one at least is needed; "
        f"{advice or 'add a column of numbers, or of texts that come back'}"
    )


def _role(name: str, options: Own) -> Literal["feature", "asked", "target", "time"]:
    if name in options.features:
        return "asked"
    return "target" if name == options.target else "time" if name == options.time else "feature"


def _find_numerals(column: RawColumn) -> Numerals | None:
    """A column's texts as numbers, where all of them can be read so and the file does not call it anything else."""
    return None if column.texts is None or column.kind else parse_numerals(column.texts.levels)


def _find_decimal(raw: RawTable, numerals: Mapping[str, Numerals | None]) -> Decimal | None:
    """What the file's commas and points are, as far as one of its columns shows."""
    proofs = [found.proves for found in numerals.values() if found]
    if "comma" in proofs:
        return "comma"
    return "point" if "point" in proofs or any(column.has_point for column in raw.columns.values()) else None


def _read_points_again(raw: RawTable) -> list[str]:
    """Numbers with points as texts, by name: beside decimal commas they may stand between thousands."""
    if raw.reread is None:
        return []
    numbers = [name for name, column in raw.columns.items() if column.numbers is not None]
    again = {
        name: column
        for name, column in raw.reread(numbers).items()
        if column.texts is not None and any("." in level for level in column.texts.levels)
    }
    raw.columns.update(again)
    return list(again)
