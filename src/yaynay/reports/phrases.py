"""What card, JSON and notebook say of an answer in the same words: models, the line, where it bends, and remarks."""

from collections.abc import Sequence

from yaynay.reports import wording
from yaynay.verdict.bends import Bend
from yaynay.verdict.comparison import ModelRow
from yaynay.verdict.equation import Equation, Term
from yaynay.verdict.model import Verdict
from yaynay.verdict.sentences import counted
from yaynay.verdict.shrinkage import say_shrinkage


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


def equation_lines(equation: Equation, width: int, most_lines: int = 2) -> list[str]:
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

    >>> from yaynay.verdict.equation import Term
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


def say_bend(bend: Bend, longest: int = 60) -> str:
    """Where a relation bends, for a reader who knows no statistics; a name is cut to so many columns.

    >>> say_bend(Bend(("a broad curve along a feature",), "income", 0.564))
    'clearest along income: a curve explains 56 % of what the line misses'
    """
    if bend.feature is None:
        shapes = f"; seen as {bend.shapes[0]}" if bend.shapes else ""
        return f"along no single feature beyond chance{shapes}"
    name = wording.cut(wording.printable(bend.feature), longest)
    if bend.share is None:
        return f"along {name}, the only feature: {bend.shapes[0] if bend.shapes else 'a curve'}"
    return f"clearest along {name}: a curve explains {wording.percent(bend.share)} of what the line misses"


_LOUD = ("may be made from the target", "may be their sum", "far from all others")
"""What remarks say that may make an answer wrong."""
_QUIET = ("left out: ", "dates are read", "rows are sorted by", "missing cells are filled", "the line has rank")
"""How remarks begin that say what was done, and do not doubt the answer."""


def is_doubted(verdict: Verdict) -> bool:
    """Whether a remark says that the answer may be wrong, as it is about rows that hang together or a leak."""
    return bool(verdict.doubts) or any(mark in remark for remark in verdict.remarks for mark in _LOUD)


def remarks(verdict: Verdict) -> list[str]:
    """What a reader must know of a table, the loudest first: what may make the answer wrong."""
    shrinkage = say_shrinkage(verdict)
    said = [*verdict.remarks, *([shrinkage] if shrinkage else [])]
    return sorted(said, key=lambda remark: _loudness(remark, verdict))


def _loudness(remark: str, verdict: Verdict) -> int:
    if remark in verdict.doubts or any(mark in remark for mark in _LOUD):
        return 0
    return 2 if remark.startswith(_QUIET) or " rare levels of " in remark else 1
