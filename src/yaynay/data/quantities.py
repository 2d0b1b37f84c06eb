"""What the cells of a column say: numbers in any spelling, dates, or neither of them throughout."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from yaynay.config.quoting import override
from yaynay.data.columns import quote
from yaynay.data.dates import is_date_like, parse_dates
from yaynay.data.descriptions import TRUTH, Description, apply
from yaynay.data.numerals import Decimal, Numerals, is_number_like, parse_numerals
from yaynay.data.raw import RawColumn, Texts
from yaynay.errors import DataError

MOST_TRIED = 10_000
"""Of more different texts than these, some say what most of them are meant to be."""


@dataclass(frozen=True)
class Context:
    """What a rule knows besides the column.

    Attributes:
        name: The column.
        role: "asked" for a feature that was named in the options, "time" for what orders the rows.
        numerals: Its texts as numbers, where all of them can be read so.
        decimal: What the file's commas and points are, where the options or another column say it.
        day_first: Whether days come before months, where the options say it.
        dates: What becomes of dates.
        missing: Spellings of missing cells besides the usual ones.
        levels: Spellings of missing cells that are levels of a category.
        locate: The file and where a row is in it.
    """

    name: str
    role: Literal["feature", "asked", "target", "time"]
    numerals: Numerals | None
    decimal: Decimal | None
    day_first: bool | None
    dates: Literal["elapsed", "parts", "leave_out"]
    missing: tuple[str, ...]
    levels: tuple[str, ...]
    locate: Callable[[int], str]


@dataclass(frozen=True, eq=False)
class Reading:
    """What a rule made of a column.

    Attributes:
        columns: What it becomes: number as float64 or texts as objects, by name; empty where it is left out.
        note: What was recognised or decided, where that is not plain to see.
        remark: The same, where a verdict should repeat it.
        rule: The rule's name.
        cells: How its cells are read; None where it is left out.
    """

    columns: dict[str, NDArray] = field(default_factory=dict)
    note: str = ""
    remark: str = ""
    rule: str = ""
    cells: Description | None = None

    @classmethod
    def by(cls, cells: Description, column: RawColumn, note: str = "", remark: str = "") -> "Reading":
        """A column read by a description."""
        return cls(apply(cells, column), note, remark, cells=cells)


def boolean(column: RawColumn, context: Context) -> Reading | None:
    if column.texts is None or not column.texts.levels or column.kind:
        return None
    if not {level.lower() for level in column.texts.levels} <= set(TRUTH):
        return None
    return Reading.by(Description(context.name, "boolean", context.missing), column)


def stored_date(column: RawColumn, context: Context) -> Reading | None:
    if column.kind not in ("days", "hours"):
        return None
    return _as_date(column, Description(context.name, "date", unit=column.kind), context)


def plain_number(column: RawColumn, context: Context) -> Reading | None:
    if column.numbers is None:
        return None
    note = "durations, read in days" if column.kind == "duration" else ""
    return replace(Reading.by(Description(context.name, "number", context.missing), column), note=note)


def numeral(column: RawColumn, context: Context) -> Reading | None:
    """Numbers with decimal commas, thousands separators, percent or currency signs."""
    texts, numerals = column.texts, context.numerals
    if texts is None or numerals is None or numerals.n_signed not in (0, len(texts.levels)):
        return None
    reading = context.decimal if context.decimal in numerals.readings else numerals.readings[0]
    if context.decimal is None and len(numerals.readings) > 1 and numerals.has_comma:
        level = next(number for number, text in enumerate(texts.levels) if "," in text)
        point, comma = (numerals.values(one)[level] for one in ("point", "comma"))
        raise DataError(
            f"{context.locate(texts.first_row(level))}, column {quote(context.name)}: {quote(texts.levels[level])} may "
            f"be {point:.15g} (a comma between thousands) or {comma:.15g} (a decimal comma); the file does not say "
            "which; set dataset.decimal=point or dataset.decimal=comma"
        )
    cells = Description(
        context.name,
        "numeral",
        context.missing,
        decimal=reading,
        is_percent=numerals.n_signed > 0,
        currency=numerals.currency,
        is_whole=reading == "comma" and numerals.has_point and not numerals.has_comma,
    )
    return Reading.by(cells, column, f"read {numerals.describe(reading)}")


def date(column: RawColumn, context: Context) -> Reading | None:
    texts = column.texts
    if texts is None or bool(column.kind):
        return None
    dates = parse_dates(texts.levels, context.day_first)
    if dates is None:
        return None
    if dates.is_ambiguous and (context.dates != "leave_out" or context.role != "feature"):
        raise DataError(
            f"{context.locate(texts.first_row(0))}, column {quote(context.name)}: {quote(texts.levels[0])} may begin "
            "with the day or with the month, and so may every cell of the column; set dataset.day_first=true or "
            "dataset.day_first=false, or dataset.dates=leave_out"
        )
    unit: Literal["days", "hours"] = "hours" if dates.is_clock else "days"
    cells = Description(context.name, "date", context.missing, day_first=dates.day_first, unit=unit)
    return _as_date(column, cells, context)


def _as_date(column: RawColumn, cells: Description, context: Context) -> Reading:
    name = context.name
    if context.role == "target":
        raise DataError(
            f"{context.locate(0)}, column {quote(name)}: the target is a date or time; it must be a number; choose "
            "another target, or write it as a number, such as days since the first"
        )
    if context.dates == "leave_out" and context.role == "feature":
        return Reading(note="dates or times, as asked for")
    if cells.unit == "hours":
        return Reading.by(cells, column, f"a time of day, read as {quote(f'{name} (hours)')}")
    cells = replace(cells, has_parts=context.dates == "parts")
    made = ", ".join(map(quote, apply(cells, column)))
    return Reading.by(cells, column, f"dates, read as {made}; days count from 1970", f"dates are read as {made}")


def _mostly(texts: Texts, is_meant: Callable[[str], bool]) -> bool:
    """Whether at least half of the cells are meant to be something, by some of the texts where there are many."""
    step = max(1, -(-len(texts.levels) // MOST_TRIED))
    levels, counts = texts.levels[::step], texts.counts[::step]
    return sum(count for level, count in zip(levels, counts, strict=True) if is_meant(level)) >= counts.sum() / 2 > 0


def mixed(column: RawColumn, context: Context) -> Reading | None:
    """Neither number, date nor category: most cells are numbers or dates, but not all."""
    texts = column.texts
    if texts is None or bool(column.kind):
        return None
    kinds: list[tuple[str, Callable[[str], bool]]] = [
        ("number", is_number_like),
        ("date", is_date_like),
    ]
    for kind, is_meant in kinds:
        if _mostly(texts, is_meant):
            odd = _first_odd(texts, kind, is_meant, context.decimal)
            row, text = texts.first_row(odd), texts.levels[odd]
            shows_itself = text.isprintable() and (text.isascii() or not is_number_like(text))
            cell = quote(text) if shows_itself else ascii(text)
            what = "plain number" if kind == "number" else "date in the form of the others"
            said = (
                f"most of the column's cells are {kind}s; correct it; where it stands for a missing cell, set "
                f"{override('dataset.na_values', [text])}, and where it is a class, set "
                f"{override('dataset.categories', [context.name])}"
            )
            if kind == "number" and any(level.endswith("%") for level in texts.levels):
                said = "some of the column's cells are percentages and some are not; write all of them in one way"
            raise DataError(f"{context.locate(row)}, column {quote(context.name)}: {cell} is not a {what}, but {said}")
    return None


def _first_odd(texts: Texts, kind: str, is_meant: Callable[[str], bool], decimal: Decimal | None) -> int:
    """The first text that is not of a kind; where all look like it, the first that is not spelt like most."""
    levels = texts.levels
    usual = [levels[int(np.argmax([parse_dates([text], None) is not None for text in levels[:100]]))]]

    def reads(some: list[str]) -> bool:
        if kind == "date":
            return parse_dates([*usual, *some], None) is not None
        found = parse_numerals(some)
        return found is not None and (decimal or "point") in found.readings

    odd = next((number for number, text in enumerate(levels) if not is_meant(text)), None)
    for start in range(0, len(levels) if odd is None else 0, 1000):
        if not reads(levels[start : start + 1000]):
            odd = next((number for number in range(start, len(levels)) if not reads([levels[number]])), None)
            break
    if odd is None and kind == "number":  # percentages, or another currency
        is_signed = np.array([text.endswith("%") for text in levels])
        is_usual = bool((texts.counts * np.where(is_signed, 1, -1)).sum() > 0)
        odd = int(np.argmax(is_signed != is_usual))
    return odd or 0
