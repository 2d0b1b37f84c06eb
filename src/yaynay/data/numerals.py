"""Numbers that are not plain: decimal commas, thousands separators, percent and currency signs.

This module goes with each saved model, so it imports nothing but NumPy and pandas.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Decimal = Literal["point", "comma"]

_CURRENCY = "$\u20ac\u00a3\u00a5\u20b9"
_BLANKS = "[\u00a0\u2007\u2009\u202f]"
_PATTERNS: dict[Decimal, str] = {
    "point": r"[+-]?(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "comma": r"[+-]?(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?",
}
_SPACED = r"[+-]?[1-9][0-9]{0,2}(?:[ '][0-9]{3})+(?:[.,][0-9]*)?"


NUMBER = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf(?:inity)?))"
"""A plain number."""
PLAIN = re.compile(NUMBER)


@dataclass(frozen=True, eq=False)
class Numerals:
    """Texts of a column that are all numbers, in at least one reading.

    Attributes:
        bare: The texts without signs of percent and currency, and without blanks or apostrophes between digits.
        readings: What the comma and the point may be: "point" for a decimal point, "comma" for a decimal comma.
        has_comma, has_point: Whether they occur.
        currency: The currency sign that was taken off.
        is_spaced: Whether blanks or apostrophes stood between digits.
        n_signed: How many texts had a percent sign.
    """

    bare: pd.Series
    readings: tuple[Decimal, ...]
    has_comma: bool
    has_point: bool
    currency: str
    is_spaced: bool
    n_signed: int

    @property
    def proves(self) -> Decimal | None:
        """The reading that this column alone allows, where a comma or a point shows it."""
        return self.readings[0] if len(self.readings) == 1 and (self.has_comma or self.has_point) else None

    def values(self, reading: Decimal) -> Floats:
        """The numbers of the texts."""
        texts = self.bare.str.replace("," if reading == "point" else ".", "", regex=False)
        texts = texts.str.replace(",", ".", regex=False) if reading == "comma" else texts
        return texts.to_numpy(dtype=object).astype(np.float64)

    def describe(self, reading: Decimal) -> str:
        """What was recognised, in words."""
        words = ["percent"] * bool(self.n_signed) + [f"amounts in {self.currency}"] * bool(self.currency)
        words += ["blanks or apostrophes between thousands"] * self.is_spaced
        if reading == "comma":
            words += ["decimal commas"] * self.has_comma + ["points between thousands"] * self.has_point
        else:
            words += ["commas between thousands"] * self.has_comma
        return ", ".join(words) or "minus signs of typography"


def parse_plain(levels: Sequence[str]) -> tuple[Floats, int | None]:
    """Plain numbers, which are what a programmer would type, and the first text that is none.

    >>> parse_plain(["1", "-2.5", "1_000"])
    (array([ 1. , -2.5,  nan]), 2)
    """
    is_plain = [PLAIN.fullmatch(text) is not None for text in levels]
    values = np.array([float(text) if fits else np.nan for text, fits in zip(levels, is_plain, strict=True)])
    return values, None if all(is_plain) else is_plain.index(False)


def parse_numerals(levels: Sequence[str]) -> Numerals | None:
    """Texts as numbers, or None where one of them is no number in either reading.

    >>> found = parse_numerals(["1.234,5", "-0,5"])
    >>> found.readings, found.values("comma").tolist(), found.describe("comma")
    (('comma',), [1234.5, -0.5], 'decimal commas, points between thousands')
    >>> parse_numerals(["$1,200", "$300"]).readings
    ('point', 'comma')
    >>> parse_numerals(["12 %", "Oslo"])
    """
    texts = pd.Series(levels, dtype="str")
    for pattern, plain in ((_BLANKS, " "), ("\u2212", "-"), ("\u2019", "'"), (r"^\((.*[0-9].*)\)$", r"-\1")):
        texts = texts.str.replace(pattern, plain, regex=True)
    n_signed = int(texts.str.endswith("%").sum())
    texts = texts.str.replace(r" *%$", "", regex=True)
    marks = [mark for mark in _CURRENCY if texts.str.contains(mark, regex=False).any()]
    if len(marks) > 1:
        return None
    if marks:
        sign = re.escape(marks[0])
        texts = texts.str.replace(rf"^([+-]?) *{sign} *", r"\1", regex=True)
        texts = texts.str.replace(rf" *{sign}$", "", regex=True)
    is_spaced = texts.str.fullmatch(_SPACED)
    if is_spaced.any():
        texts = texts.mask(is_spaced, texts.str.replace("[ ']", "", regex=True))
    readings = tuple(reading for reading, pattern in _PATTERNS.items() if texts.str.fullmatch(pattern).all())
    if not readings or not len(texts):
        return None
    return Numerals(
        bare=texts,
        readings=readings,
        has_comma=bool(texts.str.contains(",", regex=False).any()),
        has_point=bool(texts.str.contains(".", regex=False).any()),
        currency="".join(marks),
        is_spaced=bool(is_spaced.any()),
        n_signed=n_signed,
    )


def is_number_like(text: str) -> bool:
    """Whether a person would read a text as a number, in whatever spelling.

    >>> [is_number_like(text) for text in ("1,5", "0x10", "\u22125", "\u0661", "12 %", "Oslo", "A1")]
    [True, True, True, True, True, False, False]
    """
    if re.fullmatch(r"[+-]?0x[0-9a-f]+", text, re.IGNORECASE):
        return True
    bare = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    bare = re.sub(rf"[\s,_'\u2019{_CURRENCY}%]", "", bare)
    try:
        number = float(bare)
    except ValueError:
        return False
    return any(character.isdigit() for character in bare) or np.isinf(number)
