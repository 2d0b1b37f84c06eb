"""Numbers that are not plain: decimal commas, thousands separators, percent and currency signs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yaynay.data.cells import Floats

Decimal = Literal["point", "comma"]

_CURRENCY = "$\u20ac\u00a3\u00a5\u20b9"
_BLANKS = "[\u00a0\u2007\u2009\u202f]"
_PATTERNS: dict[Decimal, str] = {
    "point": r"^[+-]?(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$",
    "comma": r"^[+-]?(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?$",
}
_SPACED = r"^([+-]?[1-9][0-9]{0,2}(?:[ '][0-9]{3})+)([.,][0-9]*)?$"


@dataclass(frozen=True, eq=False)
class Numerals:
    """Texts of a column that are all numbers, in at least one reading.

    Attributes:
        bare: The texts without signs of percent and currency, and without blanks or apostrophes between digits.
        readings: What the comma and the point may be: "point" for a decimal point, "comma" for a decimal comma.
        has_comma, has_point: Whether they occur.
        signs: What was taken off, and the blanks and apostrophes between digits, in words.
        n_signed: How many texts had a percent sign.
    """

    bare: pa.Array
    readings: tuple[Decimal, ...]
    has_comma: bool
    has_point: bool
    signs: tuple[str, ...]
    n_signed: int

    @property
    def proves(self) -> Decimal | None:
        """The reading that this column alone allows, where a comma or a point shows it."""
        return self.readings[0] if len(self.readings) == 1 and (self.has_comma or self.has_point) else None

    def values(self, reading: Decimal) -> Floats:
        """The numbers of the texts."""
        texts = pc.replace_substring(self.bare, "," if reading == "point" else ".", "")
        texts = pc.replace_substring(texts, ",", ".") if reading == "comma" else texts
        return pc.replace_substring_regex(texts, r"^\+", "").cast(pa.float64()).to_numpy(zero_copy_only=False)

    def describe(self, reading: Decimal) -> str:
        """What was recognised, in words."""
        words = list(self.signs)
        if reading == "comma":
            words += ["decimal commas"] * self.has_comma + ["points between thousands"] * self.has_point
        else:
            words += ["commas between thousands"] * self.has_comma
        return ", ".join(words) or "minus signs of typography"


def parse_numerals(levels: Sequence[str]) -> Numerals | None:
    """Texts as numbers, or None where one of them is no number in either reading.

    >>> found = parse_numerals(["1.234,5", "-0,5"])
    >>> found.readings, found.values("comma").tolist(), found.describe("comma")
    (('comma',), [1234.5, -0.5], 'decimal commas, points between thousands')
    >>> parse_numerals(["$1,200", "$300"]).readings
    ('point', 'comma')
    >>> parse_numerals(["12 %", "Oslo"])
    """
    texts = pc.replace_substring_regex(pa.array(levels, pa.string()), _BLANKS, " ")
    texts = pc.replace_substring_regex(texts, "\u2212", "-")
    texts = pc.replace_substring_regex(texts, "\u2019", "'")
    signs: list[str] = []
    texts = pc.replace_substring_regex(texts, r"^\((.*[0-9].*)\)$", r"-\1")
    percent = pc.match_substring_regex(texts, r"%$")
    n_signed = pc.sum(percent.cast(pa.int64())).as_py() or 0
    texts = pc.replace_substring_regex(texts, r" *%$", "")
    marks = [mark for mark in _CURRENCY if pc.any(pc.match_substring(texts, mark)).as_py()]
    if len(marks) > 1:
        return None
    if marks:
        sign = re.escape(marks.pop())
        texts = pc.replace_substring_regex(texts, rf"^([+-]?) *{sign} *", r"\1")
        texts = pc.replace_substring_regex(texts, rf" *{sign}$", "")
        signs.append(f"amounts in {sign.removeprefix(chr(92))}")
    is_spaced = pc.match_substring_regex(texts, _SPACED)
    if pc.any(is_spaced).as_py():
        signs.append("blanks or apostrophes between thousands")
        texts = pc.if_else(is_spaced, pc.replace_substring_regex(texts, "[ ']", ""), texts)
    readings = tuple(
        reading for reading, pattern in _PATTERNS.items() if pc.all(pc.match_substring_regex(texts, pattern)).as_py()
    )
    if not readings or not len(texts):
        return None
    return Numerals(
        bare=texts,
        readings=readings,
        has_comma=bool(pc.any(pc.match_substring(texts, ",")).as_py()),
        has_point=bool(pc.any(pc.match_substring(texts, ".")).as_py()),
        signs=tuple(["percent"] * bool(n_signed) + signs),
        n_signed=n_signed,
    )


def is_number_like(text: str) -> bool:
    """Whether a person would read a text as a number, in whatever spelling.

    >>> [is_number_like(text) for text in ("1,5", "0x10", "\u22125", "\u0661", "12 %", "Oslo", "A1")]
    [True, True, True, True, True, False, False]
    """
    import unicodedata

    if re.fullmatch(r"[+-]?0x[0-9a-f]+", text, re.IGNORECASE):
        return True
    bare = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    bare = re.sub(rf"[\s,_'\u2019{_CURRENCY}%]", "", bare)
    try:
        number = float(bare)
    except ValueError:
        return False
    return any(character.isdigit() for character in bare) or np.isinf(number)
