"""The first lines of an answer: what was read, and each step as it is known."""

from collections import Counter
from collections.abc import Iterator

from yaynay.config.schema import Rule
from yaynay.data.table import Table
from yaynay.reports import wording
from yaynay.reports.card import MOST_COLUMNS
from yaynay.verdict.sentences import counted

_MOST_REMARKS, _MOST_LINES = 8, 6

_KINDS = {"boolean": "yes/no column", "date": "date", "stored date": "date"}
"""What columns are called by the rule that read them, where their kind says less."""


def what_was_read(table: Table, width: int = MOST_COLUMNS) -> list[str]:
    """What a reader is shown of a table before anything is fitted.

    Rows, columns and target; kinds of columns, counted; then remarks (what was left out and why, missing cells, what
    looks suspicious), and what else was decided. Of many, the first are shown, and the others counted.

    Args:
        table: What was read.
        width: Columns of the terminal; more than 90 are not used, and fewer than 60 are taken for 60.
    """
    width = max(60, min(width, MOST_COLUMNS))
    source = table.source.removeprefix("file ") if table.source.startswith("file ") else table.name
    n_columns = len(table.frame.columns) - 1
    name, target = (wording.cut(wording.printable(text), (width - 44) // 2) for text in (source, table.target))
    left_out = sum(not entry["becomes"] for entry in table.reading)
    size = f"{counted(table.n_rows, 'row')}, {counted(n_columns + left_out, 'column')}"
    lines = [f"{name}: {size} beside the target, {target}"]
    lines.append("  " + ", ".join(_count_kinds(table)) + (f"; {left_out} left out" if left_out else ""))
    said = [*table.remarks, *table.notes]
    for remark in said[:_MOST_REMARKS]:
        lines += _wrapped(wording.printable(remark), width)
    if len(said) > _MOST_REMARKS:
        lines.append(f"  and {counted(len(said) - _MOST_REMARKS, 'more remark')}, on the page")
    return lines


def _count_kinds(table: Table) -> Iterator[str]:
    """Kinds of the features, counted: "6 numbers", "1 category of 51 levels"."""
    rules = {made: entry["rule"] for entry in table.reading for made in entry["becomes"]}
    kinds: Counter[str] = Counter()
    levels: list[int] = []
    for name, kind in table.kinds.items():
        if name == table.target:
            continue
        kinds[_KINDS.get(rules.get(name, ""), kind)] += 1
        if kind == "category":
            levels.append(int(table.frame[name].nunique()))
    for kind, count in kinds.most_common():
        if kind != "category":
            yield counted(count, kind)
            continue
        span = f"{min(levels)} to {max(levels)}" if min(levels) < max(levels) else f"{levels[0]}"
        yield f"{count} categor{'y' if count == 1 else 'ies'} of {span} level{'' if span == '1' else 's'}"


def _wrapped(text: str, width: int) -> list[str]:
    """A remark in a few lines, with an indent."""
    lines = wording.wrap(text, width - 4)
    if len(lines) > _MOST_LINES:
        last = " ".join(lines[_MOST_LINES - 1 :])
        lines = [*lines[: _MOST_LINES - 1], wording.cut(last, width - 4, at_end=True)]
    return [("    " if number else "  ") + line for number, line in enumerate(lines)]


def line_step(r2: float | None, rmse: float | None, target: str, n_parameters: int) -> str:
    """What the line gives, on one line.

    Args:
        r2: Out of fold; None where no rows were held out.
        rmse: Likewise, or of the training rows [unit of the target].
        target: Its name.
        n_parameters: Coefficients, the intercept among them.

    Example:
        >>> line_step(0.9214, 12.3456, "price", 9)
        'line: R2 0.921, RMSE 12.35 (price), 9 parameters'
        >>> line_step(None, 12.3456, "price", 9)
        'line: RMSE 12.35 on the training rows (price), 9 parameters'
    """
    unit = wording.cut(wording.printable(target), 30)
    error = f"RMSE {wording.number(rmse)}"
    fit = f"{error} on the training rows" if r2 is None else f"R2 {wording.r2(r2)}, {error}"
    return f"line: {fit} ({unit}), {counted(n_parameters, 'parameter')}"


def gate_step(p_value: float | None, rule: Rule) -> str:
    """What the gate says, on one line.

    Args:
        p_value: The gate's; None for a table too small for it.
        rule: What its p is held against, and its number of draws.

    Example:
        >>> rule = Rule(alpha=0.05, delta=0.01, delta_nay=0.02, n_draws=1999)
        >>> gate_step(0.32, rule), gate_step(0.0005, rule)
        ('straight line? p = 0.320: nothing against it', 'straight line? p <= 0.0005: the relation is not linear')
    """
    if p_value is None:
        return "straight line? too few rows to say"
    said = "the relation is not linear" if p_value <= rule.alpha else "nothing against it"
    return f"straight line? {wording.p_value(p_value, rule.n_draws)}: {said}"
