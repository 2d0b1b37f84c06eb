"""What runs gave beside what was published: right, wrong, missing, and not what least squares gives."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.cli.app import conf_folder
from yaynay.config import schema
from yaynay.data import prepare
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.records import job_notes
from yaynay.records.export import export
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.reports.plots.examples import draw_example
from yaynay.sweep import fit
from yaynay.verdict.answers import UNFINISHED, find_answers
from yaynay.verdict.sweeps import find_tables, find_worked

SLOPE = {"value": 1.16969697, "within": 1e-8}
Trained = tuple[Table, Plan, Record]


def train(*overrides: str) -> Trained:
    """The ten points, with one run."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        composed = compose("config", ["experiment=scatter_10", *overrides])
    values: Any = OmegaConf.to_container(composed, resolve=True)
    configuration = schema.parse(values)
    table, plan = prepare.make(configuration.dataset, configuration.plan)
    (record,) = fit.train([configuration], table, plan)
    return table, plan, record


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train()


def sweep(store: Store, trained: Trained, **published: Any) -> Sweep:
    table, plan, record = trained
    store.write_table(table, plan)
    (store.write if record.status == "finished" else store.write_failure)(record)
    notes = [job_notes.make_note(record.key, table, plan, {"published": published or None})]
    (made,) = store.write_sweeps(notes, {"started_at": 1.0})
    return made


def test_a_figure_within_its_margin_is_right(tmp_path: Path, trained: Trained) -> None:
    made = sweep(Store(tmp_path), trained, slope=SLOPE, correlation={"value": 0.97598055, "within": 1e-8})
    found = find_answers(made)
    assert [(answer.example, answer.backend, answer.quantity) for answer in found.answers] == [
        ("scatter_10", "torch", "slope"),
        ("scatter_10", "torch", "correlation"),
    ]
    assert all(answer.is_right and not answer.differs_from_least_squares for answer in found.answers)
    assert found.mistakes == []
    assert found.lines["torch"]["slope"] == pytest.approx(1.16969697, abs=1e-8)


def test_a_figure_outside_its_margin_is_wrong_and_named_with_both_values(tmp_path: Path, trained: Trained) -> None:
    (mistake,) = find_answers(sweep(Store(tmp_path), trained, slope=SLOPE | {"value": 1.1696971})).mistakes
    assert mistake.startswith("scatter_10, torch: slope is 1.16969697; published: 1.1696971, within 1e-08;")


def test_a_run_without_scores_has_no_right_answer(tmp_path: Path, trained: Trained) -> None:
    table, plan, record = trained
    lost = dataclasses.replace(record, status="failed", scores={}, reason="killed")
    (answer,) = find_answers(sweep(Store(tmp_path), (table, plan, lost), slope=SLOPE)).answers
    assert (answer.ours, answer.is_right) == (None, False)
    assert "slope is missing" in (answer.mistake or "")


@pytest.mark.parametrize(("backend", "is_right"), [("least_squares", True), ("ridge", False)])
def test_a_closed_form_has_answers_as_any_backend(tmp_path: Path, backend: str, is_right: bool) -> None:
    (answer,) = find_answers(sweep(Store(tmp_path), train(f"backend={backend}"), slope=SLOPE)).answers
    assert (answer.backend, answer.is_right) == (backend, is_right)
    assert answer.least_squares == pytest.approx(1.16969697, abs=1e-8)


@pytest.mark.parametrize("column", ["x", "z"])
def test_a_table_without_a_correlation_has_a_wrong_answer(tmp_path: Path, trained: Trained, column: str) -> None:
    """Its feature is constant, or it has another one."""
    table, plan, record = trained
    frame = table.frame.assign(**{column: np.ones(10) if column == "x" else np.arange(10.0) ** 2})
    changed = dataclasses.replace(table, frame=frame)
    scores = {name: value for name, value in record.scores.items() if name != "correlation"}
    run = changed, dataclasses.replace(plan, table_sha256=changed.sha256), dataclasses.replace(record, scores=scores)
    found = find_answers(sweep(Store(tmp_path), run, correlation=SLOPE))
    (answer,) = found.answers
    assert (answer.ours, answer.least_squares, answer.is_right) == (None, None, False)
    assert "correlation is missing, for this table does not have one feature that varies;" in (answer.mistake or "")
    assert draw_example(found, tmp_path).is_file()


def test_a_run_that_has_not_ended_is_missing(tmp_path: Path, trained: Trained) -> None:
    """It was interrupted, so that nothing says what it would have been trained with."""
    store, (table, plan, record) = Store(tmp_path), trained
    sweep(store, trained, slope=SLOPE)
    notes = [job_notes.make_note(key, table, plan, {"published": {"slope": SLOPE}}) for key in (record.key, "0" * 64)]
    (made,) = store.write_sweeps(notes, {"started_at": 1.0})
    found = find_answers(made)
    assert [(answer.backend, answer.is_right) for answer in found.answers] == [("torch", True), (UNFINISHED, False)]
    (mistake,) = found.mistakes
    assert mistake == (
        "scatter_10, unfinished: slope is missing, for the run has not ended; published: 1.16969697, within 1e-08; "
        "run the same command again, which resumes it"
    )


def test_a_figure_that_least_squares_does_not_give_is_seen(tmp_path: Path, trained: Trained) -> None:
    """As the tutorial whose fit had not converged."""
    (answer,) = find_answers(sweep(Store(tmp_path), trained, slope={"value": 1.2, "within": 0.031})).answers
    assert (answer.is_right, answer.differs_from_least_squares) == (True, False)
    (answer,) = find_answers(sweep(Store(tmp_path), trained, slope={"value": 1.2, "within": 0.03})).answers
    assert answer.differs_from_least_squares
    assert answer.least_squares == pytest.approx(1.16969697, abs=1e-8)


def test_a_record_is_held_against_what_is_published_now(tmp_path: Path, trained: Trained) -> None:
    """It shapes no fit, so that the record stays; but the command asks something else, which is another sweep."""
    store = Store(tmp_path)
    right, wrong, plain = (
        sweep(store, trained, **published) for published in ({"slope": SLOPE}, {"slope": SLOPE | {"value": 2.0}}, {})
    )
    assert len({right.key, wrong.key, plain.key}) == 3
    assert right.about["runs"] == wrong.about["runs"] == plain.about["runs"]
    assert [len(find_answers(made).mistakes) for made in (right, wrong)] == [0, 1]
    assert "published" not in store.read_scores(trained[2].key).configuration


def test_published_figures_of_a_damaged_sweep_are_refused(tmp_path: Path, trained: Trained) -> None:
    made = sweep(Store(tmp_path), trained, slope=SLOPE)
    path = made.path / "sweep.json"
    about = json.loads(path.read_text())
    about["published"] = {key: {"slope": {"value": "x"}} for key in about["published"]}
    path.write_text(json.dumps(about))
    with pytest.raises(DataError, match="published figures are not valid"):
        find_answers(made)


def test_worked_examples_are_found_apart_from_the_sweeps_that_are_compared(tmp_path: Path, trained: Trained) -> None:
    """In a store, in a folder of stores as an export, and in a folder of such folders as the pipeline's results."""
    store = Store(tmp_path / "records")
    worked = sweep(store, trained, slope=SLOPE)
    with pytest.raises(DataError, match="holds worked examples alone"):
        find_tables(store.folder)
    plain = sweep(store, trained)
    export(plain, tmp_path / "results" / "sweeps" / "scatter_10")
    export(worked, tmp_path / "results" / "worked" / "scatter_10")
    for folder in (store.folder, tmp_path / "results"):
        assert [found.key for found in find_tables(folder).values()] == [plain.key]
        assert [found.key for found in find_worked(folder)] == [worked.key]
    assert [found.key for found in find_tables(tmp_path / "results" / "sweeps").values()] == [plain.key]
    assert [found.key for found in find_worked(tmp_path / "results" / "worked")] == [worked.key]
    shutil.rmtree(tmp_path / "results")
    assert find_worked(tmp_path / "results") == []
