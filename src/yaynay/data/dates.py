"""Dates and times as numbers: days since 1970, hours of a day."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yaynay.data.cells import Floats

_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]+)?))?(?: ?(?P<half>[AaPp][Mm]))?"
_ZONE = r"(?: ?(?:Z|UTC|(?P<zone>[+-][0-9]{2}:?[0-9]{2})))?"
_AFTER = rf"(?:(?:[Tt]| +){_CLOCK}{_ZONE})?$"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAME = r"(?P<name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})\.?"
_YEAR = r"(?P<year>[0-9]{4}|[0-9]{2})"
_FORMS = (
    r"^(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})(?:[-/.](?P<day>[0-9]{1,2}))?" + _AFTER,
    rf"^(?P<first>[0-9]{{1,2}})[-/.](?P<second_part>[0-9]{{1,2}})[-/.]{_YEAR}" + _AFTER,
    rf"^(?P<day>[0-9]{{1,2}})[ -]{_NAME}[ ,-]+{_YEAR}" + _AFTER,
    rf"^{_NAME} (?P<day>[0-9]{{1,2}}),? {_YEAR}" + _AFTER,
)
_PATTERNS = [re.compile(form) for form in (f"^{_CLOCK}$", *_FORMS)]


@dataclass(frozen=True, eq=False)
class Dates:
    """Texts of a column that are all dates, or all times of a day.

    Attributes:
        values: Days since 1970-01-01 (by the clock's own zone, UTC where one is stated) or hours, (n_texts,).
        is_clock: Whether they are times of a day.
        is_ambiguous: Whether day and month could be the other way round in every one of them.
    """

    values: Floats
    is_clock: bool = False
    is_ambiguous: bool = False


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
    texts = pa.array(levels, pa.string())
    if not len(texts) or not pc.all(pc.match_substring_regex(texts, "[-/.: ]")).as_py():
        return None
    if not (clock := pc.extract_regex(texts, f"^{_CLOCK}$")).null_count:
        hours = 24 * _day_share(clock)
        return None if np.isnan(hours).any() else Dates(hours, is_clock=True)
    for form in _FORMS:
        found = pc.extract_regex(texts, form)
        if found.null_count:
            continue
        names = [part.name for part in found.type]
        if "first" not in names:
            days = _days(found, _month(found), _number(found, "day", 1))
            return None if np.isnan(days).any() else Dates(days)
        both = [_number(found, "first"), _number(found, "second_part")]
        orders = {True: (both[1], both[0]), False: both} if day_first is None else {}
        if day_first is not None:
            orders = {day_first: (both[1], both[0]) if day_first else both}
        elif pc.all(pc.match_substring_regex(texts, r"^[0-9]+\.")).as_py():
            orders.pop(False)  # only days are followed by a point
        tried = [_days(found, month, day) for month, day in orders.values()]
        possible = [days for days in tried if not np.isnan(days).any()]
        if not possible:
            return None
        return Dates(possible[0], is_ambiguous=len(possible) > 1 and not np.array_equal(possible[0], possible[1]))
    return None


def is_date_like(text: str) -> bool:
    """Whether a text looks like a date or time, even if there is no such day.

    >>> [is_date_like(text) for text in ("2024-02-30", "1/2/24", "12:30", "3 May 2024", "Oslo", "7")]
    [True, True, True, True, False, False]
    """
    return any(pattern.fullmatch(text) for pattern in _PATTERNS)


def _number(found: pa.StructArray, name: str, empty: int = 0) -> Floats:
    """A part of each text; `empty` where it is not there."""
    if name not in [part.name for part in found.type]:
        return np.full(len(found), float(empty))
    part = found.field(name)
    part = pc.if_else(pc.equal(part, ""), str(empty), part)
    return part.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _month(found: pa.StructArray) -> Floats:
    if "name" not in [part.name for part in found.type]:
        return _number(found, "month")
    short = pc.utf8_slice_codeunits(pc.ascii_lower(found.field("name")), 0, 3)
    return pc.index_in(short, pa.array(_MONTHS)).to_numpy(zero_copy_only=False).astype(np.float64) + 1


def _days(found: pa.StructArray, month: Floats, day: Floats) -> Floats:
    """Days since 1970-01-01; NaN where there is no such day."""
    year = _number(found, "year")
    is_short = pc.equal(pc.utf8_length(found.field("year")), 2).to_numpy(zero_copy_only=False)
    year = np.where(is_short, year + np.where(year < 69, 2000, 1900), year)
    is_there = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = ((year - 1970) * 12 + np.where(is_there, month, 1) - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (np.where(is_there, day, 1) - 1).astype(np.int64)
    is_there &= dates.astype("datetime64[M]") == months
    zone = np.zeros(len(found))
    if "zone" in [part.name for part in found.type]:
        texts = pc.replace_substring(found.field("zone"), ":", "")
        zone = pc.if_else(pc.equal(texts, ""), "0", texts).cast(pa.float64()).to_numpy(zero_copy_only=False)
        zone = np.sign(zone) * (np.abs(zone) // 100 / 24 + np.abs(zone) % 100 / 1440)
    days = dates.astype(np.int64) + _day_share(found) - zone
    return np.where(is_there, days, np.nan)


def _day_share(found: pa.StructArray) -> Floats:
    """How much of a day has passed; NaN where there is no such time."""
    hour, minute, second = (_number(found, name) for name in ("hour", "minute", "second"))
    half = pc.ascii_lower(found.field("half")).to_numpy(zero_copy_only=False)
    hour = np.where(half == "", hour, hour % 12 + 12 * (half == "pm"))
    share = hour / 24 + minute / 1440 + second / 86400
    return np.where((hour < 25) & (minute < 60) & (second < 61), share, np.nan)


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
