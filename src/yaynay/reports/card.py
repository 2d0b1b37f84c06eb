"""The last screen: an answer in at most 15 lines of a terminal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yaynay.reports import wording
from yaynay.reports.phrases import equation_lines, is_doubted, model_cells, remarks, say_bend
from yaynay.reports.terminal import STYLES, paint
from yaynay.verdict.comparison import Comparison
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.model import Verdict
from yaynay.verdict.sentences import advice, counted

MOST_LINES, MOST_COLUMNS = 15, 90
_LABEL = 9
"""Columns of the labels at the left."""
_DIM = "2"
_COSTS = ("trained in", "parameters")
"""Columns of the table that are set to the right."""


@dataclass(frozen=True)
class Paths:
    """Where an answer's parts are, as a reader types them; they are shown whole, for half a path is of no use.

    Attributes:
        report: The page.
        runs: What shows the runs.
        predict: What predicts with the model.
    """

    report: str
    runs: str
    predict: str


def card(
    conclusion: Conclusion,
    comparison: Comparison,
    paths: Paths | None,
    *,
    color: bool = False,
    width: int = MOST_COLUMNS,
) -> str:
    """What was found, what to do, and where the rest is.

    Args:
        conclusion: What the sweep shows.
        comparison: Its models side by side.
        paths: Where the rest is; None where nothing was written.
        color: Whether to color the outcome (`color.wants_color`).
        width: Columns of the terminal; more than 90 are not used, and fewer than 60 are taken for 60.
    """
    width = max(60, min(width, MOST_COLUMNS))
    verdict = conclusion.verdict
    head = [_headline(verdict), _about(conclusion, width), _r2(comparison, verdict, width)]
    table = _table(comparison, width)
    facts = [*_say("equation", equation_lines(comparison.equation, width - _LABEL))]
    facts += _say("bend", [say_bend(comparison.bend, width - _LABEL - 62)] if comparison.bend else [])
    named = vars(paths) if paths else {}
    where = [f"{name:{_LABEL}}{wording.printable(value)}" for name, value in named.items()]
    room = MOST_LINES - len([*head, *table, *facts, *where])
    facts += _say("remark", _remark(remarks(verdict), width - _LABEL, room))
    head, table, facts = ([wording.cut(line, width, at_end=True) for line in part] for part in (head, table, facts))
    if color:
        head[0] = paint(verdict.outcome, STYLES[verdict.outcome]) + head[0].removeprefix(verdict.outcome)
        head[1], table[0] = paint(head[1], _DIM), paint(table[0], _DIM)
        facts, where = ([_paint_label(line) for line in part] for part in (facts, where))
    return "\n".join(_spaced([head, table, facts, where]))


def _spaced(parts: Sequence[Sequence[str]]) -> list[str]:
    """The parts with empty lines between them, first ones first, as far as there is room."""
    spare = MOST_LINES - sum(map(len, parts))
    lines = list(parts[0])
    for part in parts[1:]:
        lines += [""] * (spare > 0) + list(part)
        spare -= 1
    return lines


def _paint_label(line: str) -> str:
    label = re.match(r"\w*", line).group()  # type: ignore[union-attr]  # it matches the empty text too
    return paint(label, _DIM) + line.removeprefix(label) if label else line


def _say(label: str, lines: Sequence[str]) -> list[str]:
    """Lines with a label before the first."""
    return [f"{'' if number else label:{_LABEL}}{line}" for number, line in enumerate(lines)]


def _headline(verdict: Verdict) -> str:
    doubt = "; but see the remark" if is_doubted(verdict) else ""
    return f"{verdict.outcome}: {advice(verdict)}{doubt}"


def _about(conclusion: Conclusion, width: int) -> str:
    """The table: its name, size and target, cut where names are long."""
    table, verdict = conclusion.table, conclusion.verdict
    folds = f"{verdict.n_folds} folds x {verdict.n_repeats}" if verdict.is_cross_validated else "no rows held out"
    size = f"{counted(table.n_rows, 'row')}, {counted(table.n_features, 'feature')}, {folds}; target "
    name, target = wording.printable(table.name), wording.printable(table.target)
    room = width - len(size) - 2
    target = wording.cut(target, max(room // 2, room - wording.columns(name)))
    return f"{wording.cut(name, room - wording.columns(target))}: {size}{target}"


def _r2(comparison: Comparison, verdict: Verdict, width: int) -> str:
    """Both R2, the gain in points with its interval, and the gate's p where there is room."""
    points = comparison.points
    if not comparison.is_out_of_fold:
        said = "no R2, for no rows were held out; the errors below are no forecast for new rows"
    elif points is None or comparison.r2_to is None:
        said = f"R2 {wording.r2(comparison.r2_from)} (line)"
    else:
        bounds = (wording.points(bound / 100) for bound in (points.low, points.high) if bound is not None)
        change = f"{wording.points(points.value / 100, sign=True)} points, 90 %: {' to '.join(bounds)}"
        said = f"R2 {wording.r2(comparison.r2_from)} -> {wording.r2(comparison.r2_to)} ({change})"
    if verdict.p_value is None:
        return said
    test = f"; straight line: {wording.p_value(verdict.p_value, verdict.rule.n_draws)}"
    return said + test if len(said) + len(test) <= width else said


def _table(comparison: Comparison, width: int) -> list[str]:
    """A line for each model; columns are left out from the right where there is no room."""
    rows = [[row.name, *model_cells(row)] for row in comparison.models]
    target = wording.cut(wording.printable(comparison.equation.target), 14)
    where = "(90 %)" if comparison.is_out_of_fold else "on the rows that it was fitted to"
    error = f"RMSE of {target} {where}"
    rows.insert(0, ["", error, "R2", "gain in points (90 %)", *_COSTS])
    if not comparison.is_out_of_fold:
        rows = [[*row[:2], *row[4:]] for row in rows]
    is_cost = [title in _COSTS for title in rows[0]]
    widths = [max(map(wording.columns, cells)) for cells in zip(*rows, strict=True)]
    widths[0] = _LABEL - 2
    while sum(widths) + 2 * (len(widths) - 1) > width:
        widths.pop()
    return ["  ".join(map(_pad, row, widths, is_cost)).rstrip() for row in rows]


def _pad(text: str, width: int, is_right: bool) -> str:
    blanks = " " * (width - wording.columns(text))
    return blanks + text if is_right else text + blanks


def _remark(said: Sequence[str], width: int, most_lines: int) -> list[str]:
    """The loudest remark, on as many lines as it may have, and how many more there are."""
    if not said:
        return []
    more = f" (+{len(said) - 1:,} more in the report)" if len(said) > 1 else ""
    lines = wording.wrap(wording.printable(said[0]) + more, width)
    if len(lines) > most_lines:
        last = wording.cut(" ".join(lines[most_lines - 1 :]).removesuffix(more), width - len(more), at_end=True)
        lines = [*lines[: most_lines - 1], last + more]
    return lines
