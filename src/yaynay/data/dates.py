"""Dates and times as numbers: days since 1970, hours of a day.

This module goes with each saved model, so it imports nothing but NumPy.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

DAY, HOUR, MINUTE, SECOND = 86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000
"""[microseconds]"""

_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]+)?))?(?: ?(?P<half>[AaPp][Mm]))?"
_ZONE = r"(?: ?(?:Z|UTC|(?P<zone>[+-][0-9]{2}:?[0-9]{2})))?"
_AFTER = rf"(?:(?:[Tt]| +){_CLOCK}{_ZONE})?"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAME = r"(?P<name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})\.?"
_YEAR = r"(?P<year>[0-9]{4}|[0-9]{2})"
_FORMS = (
    r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})(?:[-/.](?P<day>[0-9]{1,2}))?" + _AFTER,
    rf"(?P<first>[0-9]{{1,2}})[-/.](?P<second_part>[0-9]{{1,2}})[-/.]{_YEAR}" + _AFTER,
    rf"(?P<day>[0-9]{{1,2}})[ -]{_NAME}[ ,-]+{_YEAR}" + _AFTER,
    rf"{_NAME} (?P<day>[0-9]{{1,2}}),? {_YEAR}" + _AFTER,
)
_MARK = re.compile("[-/.: ]")
_PATTERNS = [re.compile(form) for form in (_CLOCK, *_FORMS)]


@dataclass(frozen=True, eq=False)
class Dates:
    """Texts of a column that are all dates, or all times of a day.

    Attributes:
        values: Days since 1970-01-01 (by the clock's own zone, UTC where one is stated) or hours, (n_texts,).
        is_clock: Whether they are times of a day.
        is_ambiguous: Whether day and month could be the other way round in every one of them.
        day_first: Whether days come first, where that was found; None where the form leaves no choice.
    """

    values: Floats
    is_clock: bool = False
    is_ambiguous: bool = False
    day_first: bool | None = None


def parse_dates(levels: Sequence[str], day_first: bool | None) -> Dates | None:
    """Texts as dates, all in one form; None where one of them is none.

    Args:
        levels: The texts.
        day_first: Whether 1/2/2020 is the first of February; None for what all texts together allow.

    Example:
        >>> parse_dates(["1970-01-02", "1970-01-01T12:00:00Z"], None).values.tolist()
        [1.0, 0.5]
        >>> parse_dates(["1/2/1970", "31/1/1970"], None).values.tolist()
        [31.0, 30.0]
        >>> parse_dates(["1/2/1970", "2/3/1970"], None).is_ambiguous
        True
    """
    if not levels or not all(_MARK.search(text) for text in levels):
        return None
    for pattern in _PATTERNS:
        found = [pattern.fullmatch(text) for text in levels[:1]]
        found = [pattern.fullmatch(text) for text in levels] if found[0] else found
        if None not in found:
            return _read(_Parts(found, pattern), day_first, all(text.partition(".")[0].isdigit() for text in levels))
    return None


def _read(parts: "_Parts", day_first: bool | None, is_pointed: bool) -> Dates | None:
    if "year" not in parts:
        hours, is_there = _day_time(parts)
        return Dates(hours / HOUR, is_clock=True) if is_there.all() else None
    if "first" not in parts:
        days = _days(parts, _month(parts), parts.whole("day", 1))
        return None if np.isnan(days).any() else Dates(days)
    both = parts.whole("first"), parts.whole("second_part")
    # only days are followed by a point
    orders = (True, False) if day_first is None and not is_pointed else (day_first is not False,)
    tried = {first: _days(parts, both[first], both[not first]) for first in orders}
    possible = {first: days for first, days in tried.items() if not np.isnan(days).any()}
    if not possible:
        return None
    first, days = next(iter(possible.items()))
    if len(possible) == 1:
        return Dates(days, day_first=first)
    return Dates(days, is_ambiguous=not np.array_equal(days, possible[not first]))


class _Parts:
    """The named parts of texts that all fit one pattern."""

    def __init__(self, found: Sequence[re.Match[str] | None], pattern: re.Pattern[str]) -> None:
        self._found, self._names = found, pattern.groupindex

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def texts(self, name: str) -> list[str]:
        """A part of each text; empty where it is not there."""
        if name not in self._names:
            return [""] * len(self._found)
        return [match[name] or "" for match in self._found if match]

    def whole(self, name: str, empty: int = 0) -> Whole:
        """A part of each text as a whole number; `empty` where it is not there."""
        return np.array([int(part) if part else empty for part in self.texts(name)])


def is_date_like(text: str) -> bool:
    """Whether a text looks like a date or time, even if there is no such day.

    >>> [is_date_like(text) for text in ("2024-02-30", "1/2/24", "12:30", "3 May 2024", "Oslo", "7")]
    [True, True, True, True, False, False]
    """
    return any(pattern.fullmatch(text) for pattern in _PATTERNS)


def _month(parts: _Parts) -> Whole:
    if "name" not in parts:
        return parts.whole("month")
    return np.array([_MONTHS.index(name[:3].lower()) + 1 for name in parts.texts("name")])


def _days(parts: _Parts, month: Whole, day: Whole) -> Floats:
    """Days since 1970-01-01; NaN where there is no such day."""
    year = parts.whole("year")
    is_short = np.array([len(text) == 2 for text in parts.texts("year")])
    year = np.where(is_short, year + np.where(year < 69, 2000, 1900), year)
    is_there = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = ((year - 1970) * 12 + np.where(is_there, month, 1) - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (np.where(is_there, day, 1) - 1)
    is_there &= dates.astype("datetime64[M]") == months
    zones = [text.replace(":", "") for text in parts.texts("zone")]
    zone = np.array([int(f"{text[0]}1") * (int(text[1:3]) * 60 + int(text[3:])) if text else 0 for text in zones])
    since, is_time = _day_time(parts)
    days = (dates.astype(np.int64) * DAY + since - zone * MINUTE) / DAY
    return np.where(is_there & is_time, days, np.nan)


def _day_time(parts: _Parts) -> tuple[Whole, NDArray[np.bool_]]:
    """How much of a day has passed [microseconds], and whether there is such a time."""
    hour, minute = parts.whole("hour"), parts.whole("minute")
    second = np.array([float(text or 0) for text in parts.texts("second")])
    half = np.array([text.lower() for text in parts.texts("half")])
    hour = np.where(half == "", hour, hour % 12 + 12 * (half == "pm"))
    since = hour * HOUR + minute * MINUTE + np.rint(second * SECOND).astype(np.int64)
    return since, (hour < 25) & (minute < 60) & (second < 61)


def calendar(days: Floats) -> dict[str, NDArray]:
    """Year, month and day of the week of days since 1970-01-01; NaN or None where a day is missing.

    >>> {name: values.tolist() for name, values in calendar(np.array([0.5, np.nan])).items()}
    {'year': [1970.0, nan], 'month': ['01', None], 'weekday': ['4 Thursday', None]}
    """
    names = ["1 Monday", "2 Tuesday", "3 Wednesday", "4 Thursday", "5 Friday", "6 Saturday", "7 Sunday"]
    is_there, nothing = np.isfinite(days), np.array(None, dtype=object)
    whole = np.floor(np.where(is_there, days, 0)).astype(np.int64)
    months = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    month = np.array([f"{number:02}" for number in range(1, 13)], dtype=object)[months % 12]
    weekday = np.array(names, dtype=object)[(whole + 3) % 7]
    return {
        "year": np.where(is_there, months // 12 + 1970.0, np.nan),
        "month": np.where(is_there, month, nothing),
        "weekday": np.where(is_there, weekday, nothing),
    }
