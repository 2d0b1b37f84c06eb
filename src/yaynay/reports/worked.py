"""Answers of worked examples as people read them: in the terminal, on the page, and in MLflow."""

import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from urllib.parse import quote

from yaynay.reports.wording import NONE
from yaynay.verdict.answers import BACKENDS, UNFINISHED, Answer, find_answers
from yaynay.verdict.sweeps import find_worked

_WRONG = "!"
"""Marks a figure that is not as published."""


@dataclass(frozen=True)
class Row:
    """One quantity of one example.

    Attributes:
        published: The figure, and `within` how far a right answer may be from it.
        ours: What the run of each backend gave, in the order of `backends`.
        least_squares: "same", or what least squares gives where that is another figure.
    """

    example: str
    quantity: str
    published: str
    within: str
    ours: tuple[Answer | None, ...]
    least_squares: str

    def cells(self) -> list[str]:
        """Our figures as text; a wrong one is marked."""
        return [NONE if answer is None else figure(answer) for answer in self.ours]


@dataclass(frozen=True)
class Section:
    """What the page shows of worked examples.

    Attributes:
        count: How many figures are as published.
        backends: The columns.
        rows: One per example and quantity.
        pictures: URL of each example's picture, relative to the page.
    """

    count: str
    backends: list[str]
    rows: list[Row]
    pictures: dict[str, str]


def write(records: Path, reports: Path) -> Section | None:
    """Write worked.txt and worked/NAME/fit.png of each example into the reports folder.

    Args:
        records: Where the examples' records are.
        reports: An existing folder.

    Returns:
        What the page shows; None where there are no worked examples.
    """
    from yaynay.reports.plots.examples import draw_example

    folder = reports / "worked"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pictures: dict[str, str] = {}
    found = [find_answers(sweep) for sweep in find_worked(records)]
    for answers in found:
        name = answers.sweep.table_name
        (folder / name).mkdir(exist_ok=True)
        pictures[name] = quote(draw_example(answers, folder / name).relative_to(reports).as_posix())
    shown = [answer for answers in found for answer in answers.answers]
    (reports / "worked.txt").write_text(text_table(shown) + "\n" if shown else "", encoding="utf-8")
    return Section(count(shown), backends(shown), rows(shown), pictures) if shown else None


def backends(answers: Iterable[Answer]) -> list[str]:
    """Backends that gave an answer, and `UNFINISHED` where runs have not ended."""
    found = {answer.backend for answer in answers}
    return [name for name in (*BACKENDS, UNFINISHED) if name in found]


def rows(answers: Sequence[Answer]) -> list[Row]:
    """The answers by example and quantity; a backend with several runs of an example has several rows."""
    names = backends(answers)
    groups: dict[tuple[str, str, float, float], dict[str, list[Answer]]] = {}
    for answer in answers:
        key = (answer.example, answer.quantity, answer.published, answer.within)
        groups.setdefault(key, {name: [] for name in names})[answer.backend].append(answer)
    made = []
    for (example, quantity, published, within), found in groups.items():
        for ours in zip_longest(*found.values()):
            first = next(answer for answer in ours if answer is not None)
            made.append(Row(example, quantity, f"{published:.10g}", f"{within:g}", ours, _compare(first)))
    return made


def figure(answer: Answer) -> str:
    """What a run gave, with as many decimals as were published, and a mark where it is wrong."""
    value = NONE if answer.ours is None else _write(answer.ours, answer)
    return value if answer.is_right else f"{value} {_WRONG}"


def _compare(answer: Answer) -> str:
    """What least squares gives, beside the published figure."""
    if answer.least_squares is None:
        return NONE
    return _write(answer.least_squares, answer) if answer.differs_from_least_squares else "same"


def _write(value: float, answer: Answer) -> str:
    """A value with as many decimals as the published figure, and as its margin asks for."""
    decimals = max(len(f"{answer.published:.10g}".partition(".")[2]), math.ceil(-math.log10(answer.within)), 0)
    return f"{value:.{decimals}f}" if abs(value) < 1e9 else f"{value:.3g}"


def count(answers: Sequence[Answer]) -> str:
    """How many examples there are and how many answers are right: "2 worked examples: 6 of 6 figures as published"."""
    n_examples = len({answer.example for answer in answers})
    mark = "" if all(answer.is_right for answer in answers) else f"; {_WRONG} marks the others"
    return f"{n_examples} worked example{'' if n_examples == 1 else 's'}: {count_right(answers)}{mark}"


def count_right(answers: Sequence[Answer]) -> str:
    """How many answers are right: "6 of 6 figures as published"."""
    return f"{sum(answer.is_right for answer in answers)} of {len(answers)} figures as published"


def text_table(answers: Sequence[Answer]) -> str:
    """The answers as a terminal shows them, with a header and a closing line; up to four backends fit 100 columns."""
    header = ["example", "quantity", "published", *backends(answers), "least squares"]
    body, above = [], ""
    for row in rows(answers):
        body.append([row.example if row.example != above else "", row.quantity, row.published])
        body[-1] += [*row.cells(), row.least_squares]
        above = row.example
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    widths[0] = min(widths[0], max(8, 100 - sum(widths[1:]) - 2 * (len(widths) - 1)))
    lines = []
    for cells in (header, *body):
        padded = [f"{cell[:width]:<{width}}" for cell, width in zip(cells[:2], widths[:2], strict=True)]
        padded += [f"{cell:>{width}}" for cell, width in zip(cells[2:], widths[2:], strict=True)]
        lines.append("  ".join(padded).rstrip())
    rule = "\u2500" * max(map(len, lines))
    return "\n".join([rule, lines[0], rule, *lines[1:], rule, count(answers)])


def markdown(answers: Sequence[Answer]) -> str:
    """Description of a sweep of worked examples in MLflow."""
    header = ["quantity", "published", "within", *backends(answers), "least squares"]
    body = [[row.quantity, row.published, row.within, *row.cells(), row.least_squares] for row in rows(answers)]
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *body))
    return f"**{count_right(answers)}**\n\n{lines}\n"
