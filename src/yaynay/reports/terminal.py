"""The verdicts as a table in the terminal and in verdicts.txt."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from yaynay.reports import wording
from yaynay.verdict.model import Outcome, Verdict

STYLES: dict[Outcome, str] = {"yay": "1;38;5;166", "nay": "1;38;5;32", "undecided": "1;90"}
"""Codes of ECMA-48: bold, and a color."""


@dataclass(frozen=True)
class _Column:
    """A column of the table: what it shows of a table's name and verdict."""

    title: str
    show: Callable[[str, Verdict], str]
    is_number: bool = True
    is_error: bool = False


_COLUMNS = (
    _Column("outcome", lambda _, verdict: verdict.outcome, is_number=False),
    _Column("table", lambda name, _: wording.printable(name), is_number=False),
    _Column("gain in R2 (90 %)", lambda _, verdict: wording.gain(verdict), is_number=False),
    _Column("p", lambda _, verdict: wording.probability(verdict.p_value)),
    _Column("rmse: line", lambda _, verdict: _error(verdict, verdict.rmse_linear), is_error=True),
    _Column("ridge", lambda _, verdict: _error(verdict, verdict.rmse_ridge), is_error=True),
    _Column("network", lambda _, verdict: _error(verdict, verdict.rmse_network), is_error=True),
)
_NAME = 1
"""The column that is cut where there is too little room."""
_LEAST_NAME, _GAP = 9, "  "


def paint(text: str, code: str) -> str:
    """Text in a style of ECMA-48, which ends with it."""
    return f"\x1b[{code}m{text}\x1b[0m"


def text_table(verdicts: Mapping[str, Verdict], color: bool = False, width: int = 100) -> str:
    """The verdicts as a terminal shows them: a header, one line for each table, and a closing count.

    What they say in words is on the page.

    Args:
        verdicts: By table.
        color: Whether to color the outcomes, unless the environment has NO_COLOR.
        width: Longest line [characters]; where it has too little room, the errors are left out and names are cut.
    """
    rows = wording.in_order(verdicts)
    for columns in (_COLUMNS, [column for column in _COLUMNS if not column.is_error]):
        cells = [[column.title for column in columns], *([column.show(*row) for column in columns] for row in rows)]
        widths = [max(map(wording.columns, texts)) for texts in zip(*cells, strict=True)]
        others = sum(widths) - widths[_NAME] + len(_GAP) * (len(widths) - 1)
        if others + _LEAST_NAME <= width:
            break
    widths[_NAME] = min(widths[_NAME], max(_LEAST_NAME, width - others))
    lines = [_GAP.join(map(_fit, texts, columns, widths)).rstrip() for texts in cells]
    if color and not os.environ.get("NO_COLOR"):
        lines[1:] = [_paint(line, verdict.outcome) for line, (_, verdict) in zip(lines[1:], rows, strict=True)]
    ruler = "\u2500" * (others + widths[_NAME])
    return "\n".join([ruler, lines[0], ruler, *lines[1:], ruler, wording.count(verdicts)])


def _fit(text: str, column: _Column, width: int) -> str:
    """A cell of this many columns of a terminal, in which some characters take two."""
    text = wording.cut(text, width)
    blanks = " " * (width - wording.columns(text))
    return blanks + text if column.is_number else text + blanks


def _paint(line: str, outcome: Outcome) -> str:
    return paint(outcome, STYLES[outcome]) + line.removeprefix(outcome)


def _error(verdict: Verdict, rmse: float | None) -> str:
    """An error on rows that were held out; those on training rows are no forecast, and are on the page."""
    return wording.number(rmse if verdict.is_cross_validated else None)
