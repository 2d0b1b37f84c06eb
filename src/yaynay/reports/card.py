"""The last screen: an answer in at most 15 lines of a terminal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yaynay.reports import wording
from yaynay.reports.terminal import STYLES, paint
from yaynay.verdict.bends import Bend
from yaynay.verdict.comparison import Comparison, Equation, ModelRow, Term
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.model import Verdict
from yaynay.verdict.sentences import advice, counted
from yaynay.verdict.shrinkage import say_shrinkage

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
    conclusion: Conclusion, comparison: Comparison, paths: Paths, *, color: bool = False, width: int = MOST_COLUMNS
) -> str:
    """What was found, what to do, and where the rest is.

    Args:
        conclusion: What the sweep shows.
        comparison: Its models side by side.
        paths: Where the rest is.
        color: Whether to color the outcome (`terminal.wants_color`).
        width: Columns of the terminal; more than 90 are not used, and fewer than 60 are taken for 60.
    """
    width = max(60, min(width, MOST_COLUMNS))
    verdict = conclusion.verdict
    head = [_headline(verdict), _about(conclusion, width), _r2(comparison, verdict)]
    table = _table(comparison, width)
    facts = [*_say("line", equation_lines(comparison.equation, width - _LABEL))]
    facts += _say("bend", [say_bend(comparison.bend)] if comparison.bend else [])
    facts += _say("remark", _remark(remarks(verdict), width - _LABEL))
    head, table, facts = ([wording.cut(line, width, at_end=True) for line in part] for part in (head, table, facts))
    where = [f"{name:{_LABEL}}{wording.printable(getattr(paths, name))}" for name in ("report", "runs", "predict")]
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
    return f"{verdict.outcome}: {advice(verdict)}"


def _about(conclusion: Conclusion, width: int) -> str:
    """The table: its name, size and target, cut where names are long."""
    table, verdict = conclusion.table, conclusion.verdict
    folds = f"{verdict.n_folds} folds x {verdict.n_repeats}" if verdict.is_cross_validated else "no rows held out"
    size = f"{counted(table.n_rows, 'row')}, {counted(table.n_features, 'feature')}, {folds}; target "
    name, target = wording.printable(table.name), wording.printable(table.target)
    room = width - len(size) - 2
    target = wording.cut(target, max(room // 2, room - wording.columns(name)))
    return f"{wording.cut(name, room - wording.columns(target))}: {size}{target}"


def _r2(comparison: Comparison, verdict: Verdict) -> str:
    """Both R2, the gain in points with its interval, and the gate's p."""
    points = comparison.points
    if not comparison.is_out_of_fold:
        said = "no R2, for no rows were held out; the errors below are of the training rows"
    elif points is None or comparison.r2_to is None:
        said = f"R2 {wording.r2(comparison.r2_from)} (line)"
    else:
        gain = wording.points(points.value / 100, sign=True)
        between = f"{wording.points((points.low or 0) / 100)} to {wording.points((points.high or 0) / 100)}"
        to = wording.r2(comparison.r2_to)
        said = f"R2 {wording.r2(comparison.r2_from)} -> {to} ({gain} points, 90 %: {between})"
    if verdict.p_value is None:
        return said
    return f"{said}; straight line: {wording.p_value(verdict.p_value, verdict.rule.n_draws)}"


def model_cells(row: ModelRow) -> list[str]:
    """Error with interval, R2, gain in points with interval, seconds and parameters, as shown of a model."""
    error = wording.NONE if row.rmse is None else wording.number(row.rmse.value)
    if row.rmse is not None and row.rmse.low is not None:
        error += f" ({wording.interval(row.rmse.low, row.rmse.high)})"
    gain = wording.NONE
    if row.gain is not None:
        gain = wording.points(row.gain.value, sign=True)
        if row.gain.low is not None and row.gain.high is not None:
            gain += f" ({wording.points(row.gain.low)} to {wording.points(row.gain.high)})"
    return [error, wording.r2(row.r2), gain, wording.seconds(row.fit_seconds), wording.number(row.n_parameters)]


def _table(comparison: Comparison, width: int) -> list[str]:
    """A line for each model; columns are left out from the right where there is no room."""
    rows = [[row.name, *model_cells(row)] for row in comparison.models]
    target = wording.cut(wording.printable(comparison.equation.target), 14)
    error = f"RMSE of {target}" + (" (90 %)" if comparison.is_out_of_fold else "")
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


def equation_lines(equation: Equation, width: int = MOST_COLUMNS - _LABEL, most_lines: int = 2) -> list[str]:
    """The line's equation in at most so many lines, names cut as far as it needs.

    Args:
        equation: The line.
        width: Of a line [columns of a terminal].
        most_lines: How many.
    """
    for longest in (60, 40, 30, 24, 20, 16, 13, 11, 9, 7, 5, 4):
        lines = _join(_parts(equation, longest), width)
        if len(lines) <= most_lines:
            break
    return lines[:most_lines]


def equation_text(equation: Equation) -> str:
    """The line's equation on one line, names whole.

    >>> from yaynay.verdict.comparison import Term
    >>> terms = (Term("area", 1.04784, 0.08095, 63.6), Term("age", -0.5, None, 9.0))
    >>> print(equation_text(Equation("price", Term("intercept", -43.3, 170.2), terms, 7)))
    price = -43 (170) + 1.048 area (0.081) - 0.5000 age + 7 smaller terms (in brackets: standard errors)
    """
    return " ".join(_parts(equation, None))


def _parts(equation: Equation, longest: int | None) -> list[str]:
    """What the equation is made of, in pieces that are not broken; names of at most so many columns."""

    def shown(name: str) -> str:
        flat = wording.printable(name)
        return flat if longest is None else wording.cut(flat, longest)

    value, error = wording.with_error(equation.intercept.coefficient, equation.intercept.standard_error)
    parts = [f"{shown(equation.target)} = {value}{f' ({error})' if error else ''}"]
    parts += [_term(term, shown(term.feature)) for term in equation.terms]
    if equation.n_further:
        parts.append(f"+ {counted(equation.n_further, 'smaller term')}")
    return [*parts, "(in brackets: standard errors)"] if error else parts


def _term(term: Term, name: str) -> str:
    value, error = wording.with_error(abs(term.coefficient), term.standard_error)
    return f"{'-' if term.coefficient < 0 else '+'} {value} {name}{f' ({error})' if error else ''}"


def _join(parts: Sequence[str], width: int) -> list[str]:
    """Parts on as few lines as hold them."""
    lines = [parts[0]]
    for part in parts[1:]:
        if wording.columns(lines[-1]) + 1 + wording.columns(part) <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines


def say_bend(bend: Bend, longest: int = 32) -> str:
    """Where a relation bends, for a reader who knows no statistics.

    >>> say_bend(Bend(("a broad curve along a feature",), "income", 0.564))
    'clearest along income, where a curve explains 56 % of what the line misses'
    """
    if bend.feature is None:
        shapes = f"; seen as {bend.shapes[0]}" if bend.shapes else ""
        return f"along no single feature beyond chance{shapes}"
    name = wording.cut(wording.printable(bend.feature), longest)
    if bend.share is None:
        return f"along {name}, the only feature: {bend.shapes[0] if bend.shapes else 'a curve'}"
    return f"clearest along {name}, where a curve explains {wording.percent(bend.share)} of what the line misses"


_QUIET = ("left out: ", "dates are read", "missing cells are filled", "the line has rank")
"""How remarks begin that say what was done, and do not doubt the answer."""


def remarks(verdict: Verdict) -> list[str]:
    """What a reader must know of a table, the loudest first: what may make the answer wrong."""
    shrinkage = say_shrinkage(verdict)
    said = [*verdict.remarks, *([shrinkage] if shrinkage else [])]
    return sorted(said, key=lambda remark: remark.startswith(_QUIET) or " rare levels of " in remark)


def _remark(said: Sequence[str], width: int) -> list[str]:
    """The loudest remark on one line, and how many more there are."""
    if not said:
        return []
    more = f" (+{len(said) - 1:,} more in the report)" if len(said) > 1 else ""
    return [wording.cut(wording.printable(said[0]), width - len(more), at_end=True) + more]
