"""What a column is: one list of rules, tried in this order on all rows; the first that fits decides."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from yaynay.data import quantities
from yaynay.data.columns import POOL, quote
from yaynay.data.descriptions import Description
from yaynay.data.quantities import Context, Reading
from yaynay.data.raw import RawColumn
from yaynay.errors import DataError

MOST_LEVELS = 100
"""A category keeps at most this many levels; the others are pooled."""

POOLED_FROM, RARE = 20, 5
"""In a category of more than 20 levels, those with fewer than 5 rows are pooled."""

FEW_ROWS = 20
"""With fewer rows, any column of whole numbers may look like a row number or identifier, so none is left out."""

_INDEX_NAME = re.compile(r"|Unnamed: ?\d+(_level_\d+)?|__index_level_\d+__|index|level_\d+|rownames?|row\.names")
_ID_NAME = re.compile(r"(?i:(?:.*[_ .-])?(?:id|uuid|guid|rowid|row[_ ]?(?:number|nr|no)|nr|no|#))|.*[a-z]I[Dd]")

Rule = Callable[[RawColumn, Context], Reading | None]


def _unusable(column: RawColumn, context: Context) -> Reading | None:
    if not column.unusable:
        return None
    if context.role != "feature":
        raise DataError(
            f"{context.locate(0)}, column {quote(context.name)}: holds {column.unusable}; allowed: numbers and text; "
            "convert it or choose another column"
        )
    return Reading(note=f"holds {column.unusable}")


def _empty(column: RawColumn, context: Context) -> Reading | None:
    is_empty = column.missing.total() == column.n_rows > 0
    return Reading(note="every cell is missing") if is_empty and context.role == "feature" else None


def _index(column: RawColumn, context: Context) -> Reading | None:
    if context.role != "feature":
        return None
    is_index = column.is_index or _INDEX_NAME.fullmatch(context.name)
    return Reading(note="row labels") if is_index else None


def _row_number(column: RawColumn, context: Context) -> Reading | None:
    numbers = column.numbers
    if context.role != "feature" or numbers is None or len(numbers) < FEW_ROWS or column.kind:
        return None
    first, last = numbers.min(), numbers.max()
    if first not in (0, 1) or last - first != len(numbers) - 1 or len(np.unique(numbers)) < len(numbers):
        return None
    return Reading(note=f"numbers the rows, {first:.0f} to {last:.0f}")


def _identifier(column: RawColumn, context: Context) -> Reading | None:
    numbers = column.numbers
    if context.role != "feature" or numbers is None or len(numbers) < FEW_ROWS or column.kind:
        return None
    is_named = _ID_NAME.fullmatch(context.name)
    is_one = is_named and (numbers == np.floor(numbers)).all() and len(np.unique(numbers)) == len(numbers)
    return Reading(note="an identifier, different in every row") if is_one else None


def _classes(column: RawColumn, context: Context) -> Reading | None:
    """A target of texts: two classes are 0 and 1."""
    if context.role != "target" or column.texts is None:
        return None
    levels = sorted({column.texts.levels[code] for code in np.unique(column.texts.codes) if code >= 0})
    if len(levels) != 2:
        listed = ", ".join(map(quote, levels[:3])) + ", ..." * (len(levels) > 3)
        raise DataError(
            f"{context.locate(0)}, column {quote(context.name)}: the target is text ({listed}); it must be a number, "
            "or one of two classes; choose another target"
        )
    values = np.array([float(level == levels[1]) for level in column.texts.levels])
    said = f"the target is 0 where it is {quote(levels[0])}, and 1 where it is {quote(levels[1])}"
    return Reading({context.name: column.texts.spread(values)}, note=said, remark=said)


def _category(column: RawColumn, context: Context) -> Reading | None:
    if column.texts is None:
        return None
    texts = column.texts.keep(context.levels)
    counts = {level: int(count) for level, count in zip(texts.levels, texts.counts, strict=True) if count}
    kept = set(counts)
    if len(counts) > POOLED_FROM:
        common = sorted((-count, level) for level, count in counts.items() if count >= RARE)
        kept = {level for _, level in common[:MOST_LEVELS]}
    n_cells = sum(counts.values())
    too_many = len(counts) > max(2, n_cells / 2) and not (column.kind == "category" and len(counts) <= POOLED_FROM)
    if too_many or 2 * sum(counts[level] for level in kept) < n_cells:
        return None
    n_pooled = len(counts) - len(kept)
    pooled = sorted(set(counts) - kept) if n_pooled > 1 else []
    cells = Description(
        context.name,
        "category",
        context.missing,
        levels=tuple(sorted(set(counts) - set(pooled))),
        pooled=tuple(pooled),
    )
    said = f"{n_pooled} rare levels of {quote(context.name)} are one level, {quote(POOL)}" if n_pooled > 1 else ""
    return Reading.by(cells, replace(column, texts=texts), said, said)


def _text(column: RawColumn, context: Context) -> Reading | None:
    if column.texts is None:
        return None
    n_levels, n_rows = len(column.texts.levels), len(column.texts.codes)
    said = f"an identifier or free text: {n_levels} different texts in {n_rows} rows"
    if context.role == "asked":
        raise DataError(
            f"{context.locate(0)}, column {quote(context.name)}: {said}; the levels of a category come back in many "
            "rows; take it out of dataset.features"
        )
    return Reading(note=said)


RULES: dict[str, Rule] = {
    "unusable": _unusable,
    "empty": _empty,
    "index": _index,
    "row number": _row_number,
    "identifier": _identifier,
    "boolean": quantities.boolean,
    "stored date": quantities.stored_date,
    "number": quantities.plain_number,
    "numeral": quantities.numeral,
    "date": quantities.date,
    "mixed": quantities.mixed,
    "classes": _classes,
    "category": _category,
    "text": _text,
}
"""The rules by name, in the order in which they are tried."""


def apply(column: RawColumn, context: Context) -> Reading:
    """The reading of the first rule that fits.

    Raises:
        DataError: Two readings are possible, or the cells contradict each other.
    """
    for name, rule in RULES.items():
        if (reading := rule(column, context)) is not None:
            return replace(reading, rule=name)
    raise AssertionError("the last rule fits every column")
