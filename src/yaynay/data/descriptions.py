"""How each raw column is read: one description, which the reader and a saved model apply alike.

This module goes with each saved model, so it imports nothing of yaynay but such modules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING as UNSET
from dataclasses import dataclass, fields
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from yaynay.data.columns import POOL, quote
from yaynay.data.dates import calendar, parse_dates
from yaynay.data.numerals import Decimal, Floats, parse_numerals, parse_plain
from yaynay.data.raw import RawColumn
from yaynay.errors import DataError

TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class Description:
    """How a raw column becomes columns of numbers or levels.

    Attributes:
        column: Its name.
        rule: What its cells are.
        missing: Spellings of a missing cell besides the usual ones.
        decimal: Of numerals: what separates the decimals.
        is_percent, currency: Of numerals: whether each text ends in a percent sign, and the currency.
        is_whole: Of numerals: whether points stand between thousands, and no cell has decimals.
        day_first: Of dates: whether days come before months, where that was decided.
        unit: Of dates: what they are counted in, days since 1970 or hours of a day.
        has_parts: Of dates: whether year, month and day of the week become columns too.
        levels: Of a category: its levels in order.
        pooled: Of a category: rare levels, which are one.
    """

    column: str
    rule: Literal["number", "boolean", "numeral", "date", "category"]
    missing: tuple[str, ...] = ()
    decimal: Decimal = "point"
    is_percent: bool = False
    currency: str = ""
    is_whole: bool = False
    day_first: bool | None = None
    unit: Literal["days", "hours"] = "days"
    has_parts: bool = False
    levels: tuple[str, ...] = ()
    pooled: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Mapping[str, Any]) -> "Description":
        """What `as_json` wrote."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in entries.items()
        }
        return cls(**given)

    def as_json(self) -> dict[str, Any]:
        """What is not as usual, ready for JSON.

        >>> Description("share", "numeral", is_percent=True).as_json()
        {'column': 'share', 'rule': 'numeral', 'is_percent': True}
        """
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        usual = {field.name: field.default for field in fields(self) if field.default is not UNSET}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if name not in usual or value != usual[name]
        }

    @property
    def words(self) -> str:
        """What its cells are, for people.

        >>> Description("share", "numeral", is_percent=True).words
        'numbers with a percent sign'
        >>> Description("town", "category", levels=("Oslo", "Rome")).words
        "texts: 'Oslo', 'Rome'"
        """
        if self.rule == "category":
            return f"texts: {', '.join(map(quote, self.levels[:5]))}{', ...' * (len(self.levels) > 5)}"
        if self.rule == "numeral":
            parts = ["points between thousands"] * self.is_whole
            parts += ["decimal commas"] * (self.decimal == "comma" and not self.is_whole)
            parts += ["a percent sign"] * self.is_percent + [f"the sign {self.currency}"] * bool(self.currency)
            return f"numbers{' with ' * bool(parts)}{' and '.join(parts)}"
        if self.rule == "date":
            return "dates" if self.unit == "days" else "times of a day"
        return {"boolean": "true or false", "number": "numbers"}[self.rule]


def apply(description: Description, column: RawColumn) -> dict[str, NDArray]:
    """The columns that a raw column becomes, by name: numbers as float64, NaN where missing, or texts and None.

    A level that the description does not know stays as it is.

    Raises:
        DataError: A cell is not what the description says; the message is "'CELL' is not ..." without the column.
    """
    name = description.column
    if description.rule == "category":
        return {name: _levels(description, column)}
    if description.rule == "date":
        values = _days(description, column)
        if description.unit == "hours":
            return {f"{name} (hours)": values}
        parts = calendar(values) if description.has_parts else {}
        return {f"{name} (days)": values} | {f"{name} ({part})": cells for part, cells in parts.items()}
    if column.texts is None:
        _check_numbers(description, column)
        return {name: column.numbers}  # type: ignore[dict-item]  # one is there
    values = {"number": _plain, "boolean": _truth, "numeral": _numerals}[description.rule](
        description, column.texts.levels
    )
    return {name: column.texts.spread(values)}


def _refuse(description: Description, said: str, advice: str = "write it so") -> NoReturn:
    raise DataError(f"{said} is none of what the column held ({description.words}); {advice}")


def _check_numbers(description: Description, column: RawColumn) -> None:
    """Check that numbers can stand for what the column held.

    Raises:
        DataError: They are dates, infinite, neither 0 nor 1, or lack the points that stood between thousands.
    """
    if column.kind in ("days", "hours"):
        _refuse(description, "a date or time", "give numbers")
    if description.rule == "number":
        return
    numbers: Floats = column.numbers  # type: ignore[assignment]
    present = numbers[~np.isnan(numbers)]
    if description.rule == "boolean" and not np.isin(present, (0, 1)).all():
        _refuse(description, f"{present[~np.isin(present, (0, 1))][0]:g}", "give true or false, or 1 or 0")
    if description.is_whole and (is_part := present != np.floor(present)).any():
        _refuse(description, f"{present[is_part][0]:g}", "read the cells as texts (dtype=str)")


def _plain(description: Description, levels: Sequence[str]) -> Floats:
    words = [str(int(TRUTH[text.lower()])) if text.lower() in TRUTH else text for text in levels]
    values, odd = parse_plain(words)
    if odd is not None:
        _refuse(description, quote(levels[odd]))
    return values


def _truth(description: Description, levels: Sequence[str]) -> Floats:
    words = TRUTH | {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}
    for text in levels:
        if text.lower() not in words:
            _refuse(description, quote(text))
    return np.array([words[text.lower()] for text in levels], dtype=np.float64)


def _numerals(description: Description, levels: Sequence[str]) -> Floats:
    found = parse_numerals(levels)
    if found is None or not _fits(description, levels):
        odd = next((text for text in levels if not _fits(description, [text])), None)
        if odd is None:
            raise DataError("amounts are in several currencies; write all of them in one")
        _refuse(description, quote(odd))
    return found.values(description.decimal)


def _fits(description: Description, levels: Sequence[str]) -> bool:
    found = parse_numerals(levels)
    if found is None or description.decimal not in found.readings:
        return not levels
    n_signed = len(levels) if description.is_percent else 0
    return found.n_signed == n_signed and found.currency in ("", description.currency)


def _days(description: Description, column: RawColumn) -> Floats:
    if column.texts is None:
        numbers: Floats = column.numbers  # type: ignore[assignment]
        if column.kind != description.unit and not np.isnan(numbers).all():
            other = {"days": "a date", "hours": "a time of day"}.get(column.kind)
            _refuse(description, other or f"{numbers[~np.isnan(numbers)][0]:g}", "give dates or texts")
        return numbers
    levels = column.texts.levels
    if not levels:
        return np.full(column.n_rows, np.nan)
    dates = parse_dates(levels, description.day_first)
    if dates is None:
        odd = next((text for text in levels if parse_dates([text], description.day_first) is None), None)
        if odd is None:
            raise DataError(f"dates are written in several forms ({quote(levels[0])}, ...); write all in one form")
        _refuse(description, quote(odd))
    if ("hours" if dates.is_clock else "days") != description.unit:
        _refuse(description, quote(levels[0]))
    if dates.is_ambiguous:
        raise DataError(
            f"{quote(levels[0])} may begin with the day or with the month, and the table did not show which; write "
            "dates as 2024-01-31"
        )
    return column.texts.spread(dates.values)


def _levels(description: Description, column: RawColumn) -> NDArray:
    """Texts of a category, rare ones pooled."""
    if column.kind in ("days", "hours"):
        _refuse(description, "a date or time", "give texts")
    texts = column.as_category().texts
    known = {*description.levels, *description.pooled}
    names: list[str] = []
    for text in texts.levels:  # type: ignore[union-attr]  # a category has texts
        if text not in known and column.texts is None:
            text = _level_of_number(description, text, column.kind == "truth")
        elif text not in known and text.removesuffix(".0") in known:  # pandas writes 1 as 1.0 beside a missing cell
            text = text.removesuffix(".0")
        names.append(POOL if text in description.pooled else text)
    return texts.spread(np.array(names, dtype=object))  # type: ignore[union-attr]


def _level_of_number(description: Description, text: str, is_truth: bool) -> str:
    """The level that a number or truth value stands for; the number itself where there is none.

    Raises:
        DataError: Levels are told apart by the spelling of one number (1 and 01).
    """
    if is_truth:
        word = "true" if text == "1" else "false"
        found = [level for level in (*description.levels, *description.pooled) if level.lower() == word]
        if found:
            return found[0]
    values = {level: parse_plain([level])[0][0] for level in (*description.levels, *description.pooled)}
    found = [level for level, value in values.items() if value == float(text)]
    if len(found) > 1:
        raise DataError(
            f"{quote(found[0])} and {quote(found[1])} are different levels of one number; read the cells as texts "
            "(dtype=str)"
        )
    return found[0] if found else text
