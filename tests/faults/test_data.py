"""Data that cannot be used as it is, from the command's line to the verdict; how files are read is in unit/."""

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faults.judged import configure, judge

from yaynay.cli.pipeline import check_untracked
from yaynay.config import schema
from yaynay.data import prepare
from yaynay.data.plan import Plan, make_plan
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.models import least_squares
from yaynay.records import job_notes
from yaynay.records.store import Store
from yaynay.storage import read_json
from yaynay.sweep import fit
from yaynay.verdict import looks
from yaynay.verdict.conclusion import conclude
from yaynay.verdict.effect import check_same
from yaynay.verdict.model import Look

Refused = Callable[..., str]
NOISE = np.random.default_rng(0).normal(size=100)
ROWS = [row * 7 % 60 for row in range(60)]
"""In no order, of which there would be a remark."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "records")


def write(folder: Path, header: str, rows: object, name: str = "mine.csv") -> Path:
    path = folder / name
    lines = [",".join(map(str, row)) for row in rows]  # type: ignore[attr-defined]
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


FAULTS = {
    "d1": ("a,y\n1,1\n,2\n3,3\n4,4\n", "column 'a': 1 missing cell (line 3)"),
    "d2": ("a,y\n1,1\ninf,2\n3,3\n4,4\n", "column 'a': 1 infinite cell (line 3)"),
    "d3": ("a,y\n1,1\noops,2\n3,3\n4,4\n", ":3, column 'a': 'oops' is not a plain number"),
    "d4": ("a;y\n1,234;1\n2,345;2\n3,456;4\n", ":2, column 'a': '1,234' may be 1234 (a comma between thousands)"),
    "d5": ("a,y\n1,5\n2,5\n3,5\n", "column 'y': the target is constant"),
    "d6": ("a,a,y\n1,1,1\n2,2,2\n3,3,4\n", "columns 'a' and 'a' have the same name"),
    "d7": ("a,y\n1,2\n", "1 rows; at least 3 are needed"),
    "d10": ("a,y\n1,1e300\n2,-1e300\n3,3e299\n", "column 'y': the target reaches 1.0e+300"),
    "d12": ("a,price\n1,1\n2,2\n3,4\n", "no column 'y'; columns: 'a', 'price'"),
    "d13": ("a,y\n0,1,1\n1,2,2\n2,3,3\n", ":2: 3 fields where the header has 2"),
    "d14": ("a,y\n1,2\n\0,3\n3,5\n", ":3: not text: NUL at byte 9"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_bad_data_ends_the_command_with_code_3_and_one_line(refused: Refused, tmp_path: Path, case: str) -> None:
    content, shown = FAULTS[case]
    path = tmp_path / "mine.csv"
    path.write_text(content)
    own = ["dataset=csv", f"dataset.path={path}", "dataset.target=y", "dataset.missing=refuse"]
    for words in (["train", *own], ["train", "-m", *own, "model.depth=0,1"], ["generate", *own])[
        : 1 + 2 * (case == "d1")
    ]:
        line = refused(3, *words)
        assert line.startswith(str(path))
        assert shown in line


def test_d1_dropped_rows_are_counted_in_the_verdict(tmp_path: Path, store: Store) -> None:
    path = write(tmp_path, "a,y", [(row if row % 10 else "", row + NOISE[row]) for row in ROWS])
    _, found = judge(path, "dataset.missing=drop", store=store)
    assert found.verdict.n_dropped == 6
    assert found.verdict.remarks == ("6 of 60 rows were dropped: a cell was missing",)


def test_d5_a_constant_feature_is_named_and_gets_no_p_value(tmp_path: Path, store: Store) -> None:
    record, found = judge(write(tmp_path, "a,k,y", [(2 * row, 7, row + NOISE[row]) for row in ROWS]), store=store)
    assert "constant or given by other columns: 'k'" in found.verdict.remarks[0]
    assert record.line is not None
    assert [coefficient["p"] for coefficient in record.line["coefficients"]] == [None] * 3
    assert found.verdict.p_value is not None


def test_d8_more_columns_than_rows_get_no_verdict_and_claim_no_fit(tmp_path: Path, store: Store) -> None:
    rng = np.random.default_rng(1)
    header = ",".join([*(f"x{column}" for column in range(40)), "y"])
    record, found = judge(write(tmp_path, header, rng.normal(size=(30, 41))), store=store)
    assert found.verdict.outcome == "undecided"
    assert "at least 84 are needed" in found.verdict.sentence
    assert "% of the variance" not in found.verdict.sentence
    assert record.line is not None
    assert all(
        coefficient["standard_error"] is None and coefficient["p"] is None
        for coefficient in record.line["coefficients"]
    )


def test_d9_collinear_columns_are_named_without_p_values_and_still_predict(tmp_path: Path, store: Store) -> None:
    rows = [(2 * row, NOISE[row], 4 * row + 3, row + NOISE[-row]) for row in ROWS]
    record, found = judge(write(tmp_path, "a,b,c,y", rows), store=store)
    assert record.line is not None
    assert (record.line["rank"], record.line["dependent"]) == (3, ["c"])
    assert {coefficient["p"] for coefficient in record.line["coefficients"]} == {None}
    assert "rank 3 of 4; constant or given by other columns: 'c'" in found.verdict.remarks[0]
    assert record.scores["test/r2"] > 0.9


@pytest.mark.parametrize(("x_scale", "y_scale"), [(1e300, 1), (1e-300, 1), (1e16, 1e-16), (1, 1e97), (1, 1e-97)])
def test_d10_coefficients_are_right_at_any_scale(tmp_path: Path, store: Store, x_scale: float, y_scale: float) -> None:
    plain = [(row - 30, NOISE[row], 3 * (row - 30) - 2 * NOISE[row] + NOISE[-1 - row] / 9) for row in range(50)]
    scaled = [(f"{a * x_scale:.17g}", b, f"{y * y_scale:.17g}") for a, b, y in plain]
    found = [
        judge(write(tmp_path, "a,b,y", rows, f"{name}.csv"), store=store)[0].line
        for name, rows in (("plain", plain), ("scaled", scaled))
    ]
    ours, theirs = ([coefficient["value"] for coefficient in line["coefficients"]] for line in found if line)
    factors = np.array([y_scale, y_scale / x_scale, y_scale])
    np.testing.assert_allclose(theirs / factors, ours, rtol=1e-6)


def test_d10_a_coefficient_beyond_floating_point_is_refused(call: Callable, tmp_path: Path) -> None:
    path = write(tmp_path, "a,y", [(f"{row * 7 % 60 + 1}e-320", f"{row + NOISE[row]}e90") for row in range(60)])
    done = call("train", "backend=least_squares", "dataset=csv", f"dataset.path={path}", "dataset.target=y")
    assert (done.code, len(done.errors)) == (3, 1)
    assert done.errors[0].startswith("error: least squares: a coefficient exceeds 1.8e308; rescale that column")


@pytest.mark.parametrize(
    "words",
    [
        ["dataset=csv", "dataset.path={0},{1}"],
        ["dataset=csv", "dataset.path={1},{0}"],
        ["dataset=engel,csv", "++dataset.path={1}"],
    ],
)
def test_a_list_of_files_of_which_one_is_missing_is_told_before_any_is_trained(
    call: Callable, tmp_path: Path, words: list[str]
) -> None:
    there = write(tmp_path, "a,y", [(row * 7 % 11, row + NOISE[row]) for row in range(60)])
    own = [word.format(there, tmp_path / "gone.csv") for word in words]
    done = call("train", "-m", *own, "++dataset.target=y", "backend=least_squares")
    assert (done.code, done.written, len(done.errors)) == (3, set(), 1)
    assert "gone.csv: no such file" in done.errors[0]


@pytest.mark.parametrize("options", [["dataset.leave_out=[y]"], ["dataset.groups=y"]])
def test_d12_a_target_with_another_role_is_a_wrong_option(refused: Refused, tmp_path: Path, options: list[str]) -> None:
    path = write(tmp_path, "a,y", [(1, 2), (2, 3), (3, 5)])
    line = refused(2, "train", "dataset=csv", f"dataset.path={path}", "dataset.target=y", *options)
    assert "'y' has another role already" in line


def test_d15_rounded_whole_numbers_are_told_in_the_verdict(tmp_path: Path, store: Store) -> None:
    rows = [(2**53 + 1 + 2**40 * row, row + NOISE[row]) for row in ROWS]
    _, found = judge(write(tmp_path, "a,y", rows), store=store)
    assert found.verdict.remarks == ("column 'a': 60 whole numbers beyond 2**53 were rounded",)


def test_d16_many_rows_are_fitted_from_parts_as_few_are_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3)) * [1e8, 1, 1e-3] + [5, 0, 1]
    x = np.column_stack([x, 2 * x[:, 1] - x[:, 2], np.full(300, 7.0)])
    y = x[:, :3] @ [1e-8, 2, 3e3] + rng.normal(size=300)
    plan = make_plan(np.arange(300), "none", 5, n_repeats=2)
    at_once = least_squares.score(x, y, plan)
    monkeypatch.setattr(least_squares, "_TALL", 100)
    from_parts = least_squares.score(x, y, plan)
    for name in ("predictions", "train_mse", "inner_mse", "fold_mse", "whole"):
        np.testing.assert_allclose(getattr(from_parts, name), getattr(at_once, name), rtol=1e-9)


def trained(path: Path, store: Store) -> tuple[Table, Plan, schema.Configuration, str]:
    configuration = configure(path)
    table, plan = prepare.make(configuration.dataset, configuration.plan)
    (record,) = fit.train([configuration], table, plan)
    store.write_table(table, plan)
    store.write(record)
    return table, plan, configuration, record.key


def test_d17_a_file_that_changes_during_a_sweep_gets_two_verdicts_never_one(tmp_path: Path, store: Store) -> None:
    found = []
    for shift in (0, 1):
        path = write(tmp_path, "a,y", [(row, row * (1 + shift) + NOISE[row]) for row in range(60)])
        found.append(trained(path, store))
    jobs = [job_notes.make_note(key, table, plan, {}) for table, plan, _, key in found]
    sweeps = store.write_sweeps(jobs, {"started_at": 1.0})
    assert len(sweeps) == 2
    assert {conclude(sweep, found[0][2].verdict).verdict.table_sha256 for sweep in sweeps} == {
        table.sha256 for table, *_ in found
    }
    with pytest.raises(DataError, match="only records on the same table and plan can be compared"):
        check_same(found[0][0], found[0][1], [store.read(found[1][3])])


def test_d17_what_generate_wrote_is_not_used_for_a_file_that_changed(workplace: Path) -> None:
    path = write(workplace, "a,y", [(row, row + NOISE[row]) for row in range(60)])
    configuration = configure(path)
    prepare.generate(configuration.dataset, configuration.plan)
    write(workplace, "a,y", [(row, NOISE[row]) for row in range(60)])
    table, _ = prepare.load_or_make(configuration.dataset, configuration.plan)
    np.testing.assert_array_equal(table.y, NOISE[:60])


@pytest.mark.parametrize("name", ["sine", "IRIS", "csv"])
def test_a_file_named_like_a_table_of_ours_has_folders_of_its_own(workplace: Path, name: str) -> None:
    path = write(workplace, "a,y", [(row, row + NOISE[row]) for row in range(60)], f"{name}.csv")
    configuration = configure(path)
    table, _, folder = prepare.generate(configuration.dataset, configuration.plan)
    assert (table.name, folder) == (f"{name}-file", workplace / "data" / "tables" / f"{name}-file")


OUTCOMES = ("nay", "undecided", "yay")


class TestASecondLook:
    def test_with_other_folds_says_what_was_concluded_before(self, tmp_path: Path, store: Store) -> None:
        path = write(tmp_path, "a,y", [(row, row + NOISE[row]) for row in range(60)])
        found = [judge(path, f"plan.seed={seed}", store=store)[1].verdict for seed in (0, 1, 2)]
        assert [len(verdict.earlier_looks) for verdict in found] == [0, 1, 2]
        assert "look" not in found[0].sentence
        assert "look 2 at this table with other folds: before, it was undecided." in found[1].sentence
        assert "look 3 at this table with other folds: before, it was undecided, then undecided." in found[2].sentence
        assert found[2].earlier_looks == tuple(Look(verdict.plan_sha256, "undecided") for verdict in found[:2])

    def test_with_more_seeds_or_repeats_counts_too(self, tmp_path: Path, store: Store) -> None:
        path = write(tmp_path, "a,y", [(row, row + NOISE[row]) for row in range(60)])
        words = ("plan.n_seeds=1", "plan.n_seeds=2", "plan.n_repeats=2")
        assert ["look" in judge(path, word, store=store)[1].verdict.sentence for word in words] == [
            False,
            True,
            True,
        ]

    def test_at_the_same_plan_with_another_answer_says_the_first_one(self, tmp_path: Path, store: Store) -> None:
        path = write(tmp_path, "a,y", [(row, row + NOISE[row]) for row in range(60)])
        judged = judge(path, store=store)[1]  # a line alone, which is not an answer
        answers = [replace(judged.verdict, n_candidates=2, outcome=outcome) for outcome in OUTCOMES]
        sentences = [looks.note(answer, store.folder / "looks").sentence for answer in answers]
        first = "But the first verdict on these folds, of another sweep or rule, was nay."
        assert [first in sentence for sentence in sentences] == [False, True, True]

    def test_at_the_same_plan_is_none_however_often(self, tmp_path: Path, store: Store) -> None:
        path = write(tmp_path, "a,y", [(row, row + NOISE[row]) for row in range(60)])
        sentences = [
            judge(path, f"plan.seed={seed}", f"seed={again}", store=store)[1].verdict.sentence
            for seed, again in itertools.product((0, 1), (0, 1))
        ]
        assert ["look" in sentence for sentence in sentences] == [False, False, True, True]


def test_of_two_plans_the_newest_is_compared_and_the_pipelines_reports_stay(call: Callable, workplace: Path) -> None:
    path = write(workplace, "a,y", [(row, row + NOISE[row]) for row in range(60)])
    for seed in (0, 1):
        judge(path, f"plan.seed={seed}", store=Store(workplace / "records"))
    done = call("compare")
    assert done.code == 0, done.errors
    assert done.errors == [f"{path.stem}: 1 sweep is left out, on other folds; the newest counts"]
    assert f"records/reports/pictures/{path.stem}/fit.png" in done.written
    assert not (workplace / "reports").exists()
    (verdict,) = read_json(workplace / "records" / "reports" / "verdicts.json").values()
    assert (verdict["rmse_network"], verdict["n_parameters_network"]) == (None, None)  # a line is not a network
    done = call("report")
    assert done.code == 0, done.errors
    assert "records/reports/index.html" in done.written


def test_files_of_one_name_are_told_apart_in_all_that_is_written(call: Callable, workplace: Path) -> None:
    for year, slope in (("2023", 1), ("2024", 2)):
        (workplace / year).mkdir()
        path = write(workplace / year, "a,y", [(row, slope * row + NOISE[row]) for row in range(60)], "sales.csv")
        judge(path, store=Store(workplace / "records"))
    assert call("compare").code == call("report").code == 0
    reports = workplace / "records" / "reports"
    names = ["sales-2023", "sales-2024"]
    assert sorted(read_json(reports / "verdicts.json")) == sorted(read_json(reports / "metrics.json")) == names
    assert sorted(folder.name for folder in (reports / "pictures").iterdir()) == names
    rows = [line.split()[1] for line in (reports / "verdicts.txt").read_text().splitlines() if "undecided " in line]
    assert sorted(row for row in rows if row in names) == names
    page = (reports / "index.html").read_text()
    assert all(f">{name}</a>" in page for name in names)


def test_a_file_that_was_edited_is_one_table_with_its_newest_content(call: Callable, workplace: Path) -> None:
    for n_rows in (60, 50):
        path = write(workplace, "a,y", [(row, row + NOISE[row]) for row in range(n_rows)])
        judge(path, store=Store(workplace / "records"), started_at=100.0 - n_rows)
    done = call("compare")
    assert done.errors == [f"{path.stem}: 1 sweep is left out, on other data; the newest counts"]
    ((name, verdict),) = read_json(workplace / "records" / "reports" / "verdicts.json").items()
    assert (name, verdict["n_rows"]) == (path.stem, 50)


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("compare", "reports=reports"),
        ("compare", "reports=reports/pictures"),
        ("compare", "reports=data"),
        ("report", "reports=reports"),
        ("train", "results=results"),
    ],
)
def test_what_dvc_tracks_is_written_by_the_pipeline_alone(
    refused: Callable, workplace: Path, command: str, word: str
) -> None:
    shutil.copy(Path(__file__).parents[2] / "dvc.yaml", workplace)
    key = word.partition("=")[0]
    assert f"option '{key}': '{word.partition('=')[2]}' is written by the pipeline alone" in refused(2, command, word)


def test_dvc_itself_may_write_what_it_tracks(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(Path(__file__).parents[2] / "dvc.yaml", workplace)
    check_untracked("records/reports", "reports")
    monkeypatch.setenv("DVC_STAGE", "compare")
    check_untracked("reports", "reports")
