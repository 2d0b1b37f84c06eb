"""The last screen: short and narrow whatever the table, and with everything in it that a reader needs."""

import dataclasses
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from unit.concluded import conclude_table, make_frame, make_table
from unit.reports.verdicts import make_small, make_verdict

from yaynay.data.table import Table
from yaynay.reports.card import MOST_COLUMNS, MOST_LINES, Paths, card
from yaynay.reports.color import wants_color
from yaynay.reports.phrases import remarks
from yaynay.reports.terminal import STYLES
from yaynay.verdict.comparison import Comparison, Interval, compare
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.equation import Equation, Term
from yaynay.verdict.sentences import advice

PATHS = Paths("yaynay/report.html", "yaynay ui", "yaynay predict houses.csv")

CASES: dict[str, tuple[int, float | None, float]] = {
    "yay": (80, 0.6, 1.0),
    "nay": (300, 0.0, 0.0),
    "curved nay": (300, 0.0, 1.0),
    "undecided": (40, 0.02, 0.0),
    "too small": (12, 0.3, 0.0),
    "too small for the gate": (20, 0.3, 0.0),
    "no network": (60, None, 0.0),
}


@cache
def answer(case: str) -> tuple[Conclusion, Comparison]:
    n_rows, share, curve = CASES[case]
    features = [f"f{number}" for number in range(8 if "gate" in case else 3)]
    conclusion = conclude_table(make_table(n_rows, features, curve=curve), share)
    return conclusion, compare(conclusion)


def shown(case: str, **options: bool | int) -> str:
    return card(*answer(case), PATHS, **options)  # type: ignore[arg-type]


def check(text: str, width: int = MOST_COLUMNS) -> list[str]:
    lines = text.splitlines()
    assert len(lines) <= MOST_LINES
    assert max(map(cell_len, lines)) <= width
    assert not [line for line in lines if not line.isprintable()]
    return lines


@pytest.mark.parametrize(("case", "width"), list(product(CASES, (60, 80, 90, 120))))
def test_a_card_has_at_most_fifteen_lines_that_fit_and_ends_with_where_the_rest_is(case: str, width: int) -> None:
    lines = check(shown(case, width=width), min(width, MOST_COLUMNS))
    assert [line.split()[0] for line in lines[-3:]] == ["report", "runs", "predict"]
    assert lines[-1].endswith("yaynay predict houses.csv")
    conclusion, _ = answer(case)
    assert lines[0].startswith(f"{conclusion.verdict.outcome}: ")


@pytest.mark.parametrize("case", CASES)
def test_what_to_do_comes_from_the_verdict_and_is_not_cut(case: str) -> None:
    verdict = answer(case)[0].verdict
    assert shown(case, width=80).splitlines()[0] == f"{verdict.outcome}: {advice(verdict)}"


def test_a_card_holds_the_figures_of_the_comparison() -> None:
    conclusion, comparison = answer("yay")
    text = shown("yay")
    assert conclusion.verdict.outcome == "yay"
    assert re.search(r"^toy: 80 rows, 3 features, 5 folds x 2; target y$", text, re.M)
    assert comparison.points is not None
    assert re.search(
        rf"^R2 {comparison.r2_from:.3f} -> {comparison.r2_to:.3f} \(\+{comparison.points.value:.1f} points, 90 %: "
        rf"{comparison.points.low:.1f} to {comparison.points.high:.1f}\); straight line: p <= 0\.01",
        text,
        re.M,
    )
    for name in ("line", "ridge", "network"):
        row = comparison.find(name)
        assert row is not None
        assert row.rmse is not None
        figures = rf"{row.rmse.value:#.4g} \(.* to .*\) .*{row.r2:.3f} .* [\d.]+ (ms|us|s) "
        assert re.search(rf"^{name} +{figures}", text, re.M)
    assert re.search(r"^equation y = [\d.]+ \([\d.]+\) [+-] [\d.]+ f\d \([\d.]+\) ", text, re.M)
    assert re.search(r"^bend +clearest along f2: a curve explains \d+ % of what the line misses$", text, re.M)


def test_a_straight_relation_has_no_bend_and_a_small_table_no_r2() -> None:
    assert "bend" not in shown("nay")
    assert "-> " not in shown("no network")
    assert "network  " not in shown("no network")
    small = shown("too small")
    assert "no R2, for no rows were held out" in small
    assert "RMSE of y on the rows that it was fitted to  " in small
    assert "90 %" not in small


@pytest.mark.parametrize("case", CASES)
def test_colors_come_only_when_asked_and_change_no_text(case: str) -> None:
    colored = shown(case, color=True)
    outcome = answer(case)[0].verdict.outcome
    assert colored.startswith(f"\x1b[{STYLES[outcome]}m{outcome}\x1b[0m: ")
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == shown(case)
    assert "\x1b" not in shown(case)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_color_is_for_terminals_that_have_it_and_readers_who_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert wants_color(Terminal())
    assert not wants_color(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_color(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(Terminal())


NAMES = st.text(min_size=1, max_size=120).map(str.strip).filter(bool)


@settings(max_examples=40, deadline=None)
@given(st.lists(NAMES, min_size=5, max_size=5, unique=True), st.sampled_from([60, 80, 90]))
def test_names_in_any_script_are_cut_to_fit(names: Sequence[str], width: int) -> None:
    conclusion, comparison = answer("yay")
    table, target, *features = names
    terms = tuple(
        dataclasses.replace(term, feature=name) for term, name in zip(comparison.equation.terms, features, strict=True)
    )
    assert comparison.bend is not None
    renamed = dataclasses.replace(
        comparison,
        equation=dataclasses.replace(comparison.equation, target=target, terms=terms),
        bend=dataclasses.replace(comparison.bend, feature=features[0]),
    )
    frame = conclusion.table.frame.set_axis([*features, target], axis=1)
    verdict = dataclasses.replace(conclusion.verdict, remarks=(f"column {target!r}: odd", *names))
    for name, known in ((table, frame), ("toy", conclusion.table.frame)):
        about = dataclasses.replace(conclusion, table=FakeTable(name, target, known), verdict=verdict)  # type: ignore[arg-type]
        check(card(about, renamed, PATHS, width=width), width)


@dataclasses.dataclass
class FakeTable:
    """A table of any names, those included that a `Table` refuses."""

    name: str
    target: str
    frame: pd.DataFrame

    n_rows = 1_234_567
    n_features = 1_000


@pytest.mark.parametrize("sign", ["x", "\u6536", "\U0001f600", "e\u0301", "\u202e", "\x1b[2J", "[red]", "\t"])
def test_a_thousand_long_names_fit(sign: str) -> None:
    features = [f"{sign * 40}{number}" for number in range(1000)]
    terms = tuple(Term(name, -1.23456e-7, 1.2e-9, 1.0) for name in features[:3])
    _, comparison = answer("yay")
    equation = Equation(sign * 200, Term("intercept", -1.23456e9, 1.2e8), terms, 997)
    found = dataclasses.replace(comparison, equation=equation)
    conclusion = answer("yay")[0]
    table = FakeTable(sign * 300, sign * 200, conclusion.table.frame)
    about = dataclasses.replace(conclusion, table=table)  # type: ignore[arg-type]
    text = "\n".join(check(card(about, found, PATHS)))
    assert "+ 997 smaller terms (in brackets: standard errors)" in text


@pytest.mark.parametrize("value", [1e-12, 1.0, 123456.789, 1e95])
def test_values_of_any_size_fit(value: float) -> None:
    conclusion, comparison = answer("yay")
    worst = Interval(-40.0, -900.0, 820.0)
    models = tuple(
        dataclasses.replace(
            row,
            rmse=Interval(value * 1.23456, 0.0, value * 9.87654),
            r2=-1e9,
            gain=worst,
            fit_seconds=1e5,
            n_parameters=10**9,
        )
        for row in comparison.models
    )
    lines = check(card(conclusion, dataclasses.replace(comparison, models=models), PATHS))
    assert "R2 <-9.99 -> <-9.99 (<-999 points, 90 %: <-999 to >999); straight line: p" in lines[2]


def test_real_tables_with_hostile_columns_fit() -> None:
    frame = make_frame(60, ["a", "\u6536\u5165" * 30, "c\x1b[31m"], "\u4ef7\u683c" * 20)
    frame["where"] = pd.Series(["\u5317" * 50, "south=north", "w"] * 20, dtype=object)
    frame["twice"] = 2 * frame["a"]
    table = Table("\u6536" * 80, frame, "\u4ef7\u683c" * 20, "made here", remarks=("loud \x1b[2J" * 90, "second"))
    conclusion = conclude_table(table)
    lines = check(card(conclusion, compare(conclusion), PATHS))
    (remark,) = [line for line in lines if line.startswith("remark")]
    assert remark.startswith("remark   loud ?[2J")
    assert any(line.endswith("(+2 more in the report)") for line in lines)


def test_the_loudest_remark_is_not_about_what_was_left_out() -> None:
    loud = "column 'copy' puts the rows in the order of the target, without exception: it may be made from the target"
    quiet = ("left out: 'id' (numbers the rows, 1 to 80)", "dates are read as 'sold (days)'")
    assert remarks(make_verdict(remarks=(*quiet, loud)))[0] == loud
    assert remarks(make_verdict(remarks=quiet)) == list(quiet)


def test_readers_remarks_are_ranked_as_the_reader_words_them(tmp_path: object) -> None:
    """A table with an index, a date, missing cells and a copy of the target: the copy is what counts."""
    from pathlib import Path

    from yaynay.data.reading import read_file

    frame = make_frame(80, ["a", "b"], "price")
    frame["copy"] = np.exp(frame["price"] / 10)
    frame["sold"] = pd.date_range("2020-01-01", periods=80).astype(str)
    frame.loc[3, "a"] = np.nan
    path = Path(str(tmp_path)) / "houses.csv"
    frame.to_csv(path)
    table = read_file(path, "price")
    assert len(table.remarks) >= 4
    assert "order of the target" in remarks(make_verdict(remarks=table.remarks))[0]


def test_advice_is_short_and_differs_by_outcome_and_reason() -> None:
    verdicts = [
        make_verdict(),
        make_verdict(gain_low=-0.01),
        make_verdict(outcome="nay", p_value=0.3),
        make_verdict(outcome="nay", p_value=0.01),
        make_verdict(outcome="undecided", rows_needed=12_000),
        make_verdict(outcome="undecided", is_between=True),
        make_verdict(outcome="undecided", p_value=0.4),
        make_verdict(outcome="undecided", gain=None, n_candidates=0),
        make_verdict(outcome="undecided", p_value=None, rows_needed=23),
        make_small(),
    ]
    said = [advice(verdict) for verdict in verdicts]
    assert len(set(said)) == len(said)
    assert all(len(f"nay: {line}") <= 80 and "\n" not in line for line in said)
    assert [line.split()[0] for line in said] == ["use"] * 2 + ["keep"] * 8
    assert "12,000 rows" in said[4]
    assert "23 are needed" in said[-2]
    assert "20 are needed" in said[-1]


def test_a_doubt_is_in_the_first_line_and_its_remark_is_whole() -> None:
    advice = "name the column of subjects in --groups COLUMN and ask again, for neither p nor interval can be trusted"
    doubt = f"equal cells of 'who' always come with equal cells of 'age' and 'size': {advice}"
    plain = Table(
        "toy", make_frame(80, ["a", "b"]), "y", "made here", remarks=("left out: 'id'", doubt), doubts=(doubt,)
    )
    conclusion = conclude_table(plain)
    lines = check(card(conclusion, compare(conclusion), PATHS))
    assert lines[0].endswith("; but see the remark")
    said = " ".join(line.strip() for line in lines[lines.index(next(x for x in lines if x.startswith("remark"))) :])
    assert advice in said
    quiet = conclude_table(replace(plain, doubts=(), remarks=("left out: 'id'",)))
    assert "see the remark" not in card(quiet, compare(quiet), PATHS)


def test_errors_of_a_table_in_time_are_those_of_its_later_rows() -> None:
    table = Table("toy", make_frame(120, ["a"]), "y", "made here", time=np.arange(120))
    conclusion = conclude_table(table)
    first = compare(conclusion).models[0]
    errors = (conclusion.line.predictions[0] - table.y)[conclusion.plan.tested]
    assert first.rmse is not None
    assert first.rmse.value == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert first.r2 is not None
