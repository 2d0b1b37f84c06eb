"""Answers of worked examples in the terminal, on the page and in MLflow's description."""

import dataclasses
import shutil
from pathlib import Path

from unit.verdict.test_answers import SLOPE, Trained, sweep
from unit.verdict.test_answers import trained as trained

from yaynay.records.store import Store
from yaynay.reports import page, worked
from yaynay.verdict.answers import BACKENDS, UNFINISHED, Answer


def answer(
    example: str = "theano_points",
    backend: str = "torch",
    quantity: str = "slope",
    ours: float | None = 0.28268078,
    published: float = 0.28268078,
    within: float = 1e-8,
) -> Answer:
    is_right = ours is not None and abs(ours - published) <= within
    return Answer(example, backend, quantity, published, within, ours, 0.28268068, is_right)


def test_a_line_holds_a_quantity_and_a_column_a_backend() -> None:
    answers = [answer(backend=backend, quantity=name) for backend in BACKENDS[:3] for name in ("slope", "intercept")]
    lines = worked.text_table(answers).splitlines()
    assert lines[1].split() == ["example", "quantity", "published", *BACKENDS[:3], "least", "squares"]
    assert lines[3].split() == ["theano_points", "slope", *["0.28268078"] * 4, "0.28268068"]
    assert lines[4].split() == ["intercept", *["0.28268078"] * 4, "0.28268068"]
    assert lines[-1] == "1 worked example: 6 of 6 figures as published"


def test_a_wrong_figure_is_marked_and_a_missing_one_is_a_dash() -> None:
    table = worked.text_table([answer(ours=0.3), answer(backend="pytensor", ours=None), answer("other")])
    assert table.splitlines()[3].split() == [
        "theano_points",
        "slope",
        "0.28268078",
        "0.30000000",
        "!",
        "-",
        "!",
        "0.28268068",
    ]
    assert table.splitlines()[4].split() == ["other", "slope", "0.28268078", "0.28268078", "-", "0.28268068"]
    assert table.endswith("2 worked examples: 1 of 3 figures as published; ! marks the others")


def test_a_figure_of_least_squares_is_the_same() -> None:
    assert worked.rows([answer(published=0.2827, within=0.01)])[0].least_squares == "same"


def test_a_figure_that_no_line_has_is_a_dash() -> None:
    (row,) = worked.rows([dataclasses.replace(answer(ours=None), least_squares=None)])
    assert (row.cells(), row.least_squares) == (["- !"], "-")


def test_a_run_that_has_not_ended_has_a_column_and_counts(tmp_path: Path, trained: Trained) -> None:
    unfinished = dataclasses.replace(answer(backend=UNFINISHED, ours=None), least_squares=None)
    lines = worked.text_table([answer(), unfinished]).splitlines()
    assert lines[1].split() == ["example", "quantity", "published", "torch", "unfinished", "least", "squares"]
    assert lines[3].split()[3:] == ["0.28268078", "-", "!", "0.28268068"]
    assert lines[-1].startswith("1 worked example: 1 of 2 figures as published")
    made = sweep(Store(tmp_path / "worked" / "scatter_10"), trained, slope=SLOPE)
    shutil.rmtree(made.store.path(trained[2].key))
    (tmp_path / "reports").mkdir()
    section = worked.write(tmp_path / "worked", tmp_path / "reports")  # with a picture of the data alone
    assert section is not None
    assert section.count.startswith("1 worked example: 0 of 1 figures as published")


def test_several_runs_of_one_backend_have_a_line_each() -> None:
    rows = worked.rows([answer(ours=0.1), answer(), answer(backend="pytensor")])
    assert [row.cells() for row in rows] == [["0.10000000 !", "0.28268078"], ["0.28268078", "-"]]


def test_the_table_fits_a_hundred_columns() -> None:
    names = ("n" * 80, "tensorflow_line")
    for backends, ours, shown in ((BACKENDS[:3], -0.3, "-0.30000000 !"), (BACKENDS[:4], 0.28268078, "0.28268078")):
        answers = [answer(name, backend, "correlation", ours=ours) for name in names for backend in backends]
        lines = worked.text_table(answers).splitlines()
        assert max(map(len, lines)) <= 100
        assert lines[3].count(shown) >= len(backends)


def test_the_description_of_a_sweep_is_a_table() -> None:
    lines = worked.markdown([answer(), answer(backend="pytensor", ours=0.3)]).splitlines()
    assert lines[0] == "**1 of 2 figures as published**"
    assert lines[-1] == "| slope | 0.28268078 | 1e-08 | 0.28268078 | 0.30000000 ! | 0.28268068 |"


def test_the_report_has_a_table_a_picture_and_a_section(tmp_path: Path, trained: Trained) -> None:
    sweep(Store(tmp_path / "worked" / "scatter_10"), trained, slope=SLOPE)
    reports = tmp_path / "reports"
    reports.mkdir()
    section = worked.write(tmp_path / "worked", reports)
    assert section is not None
    assert section.pictures == {"scatter_10": "worked/scatter_10/fit.png"}
    assert (reports / "worked" / "scatter_10" / "fit.png").read_bytes().startswith(b"\x89PNG")
    assert (reports / "worked.txt").read_text().endswith("1 worked example: 1 of 1 figures as published\n")
    html = page.render({}, {}, {}, section)
    assert '<h2 id="worked">Worked examples</h2>' in html
    assert 'src="worked/scatter_10/fit.png"' in html
    assert html.count("<td>1.16969697</td>") == 2


def test_without_worked_examples_the_page_has_no_section(tmp_path: Path) -> None:
    assert worked.write(tmp_path / "nowhere", tmp_path) is None
    assert (tmp_path / "worked.txt").read_text() == ""
    assert "Worked examples" not in page.render({}, {}, {}, None)
