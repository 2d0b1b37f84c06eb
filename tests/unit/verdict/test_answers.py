"""What runs gave beside what was published: right, wrong, missing, and not what least squares gives."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

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
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.sweep import fit
from yaynay.verdict.answers import find_answers
from yaynay.verdict.sweeps import find_tables, find_worked

SLOPE = {"value": 1.16969697, "within": 1e-8}
Trained = tuple[Table, Plan, Record]


@pytest.fixture(scope="module")
def trained() -> Trained:
    """The ten points, with one run."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        composed = compose("config", ["experiment=scatter_10"])
    values: Any = OmegaConf.to_container(composed, resolve=True)
    configuration = schema.parse(values)
    table, plan = prepare.make(configuration.dataset, configuration.plan)
    (record,) = fit.train([configuration], table, plan)
    return table, plan, record


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
    store.export(plain, tmp_path / "results" / "sweeps" / "scatter_10")
    store.export(worked, tmp_path / "results" / "worked" / "scatter_10")
    for folder in (store.folder, tmp_path / "results"):
        assert [found.key for found in find_tables(folder).values()] == [plain.key]
        assert [found.key for found in find_worked(folder)] == [worked.key]
    assert [found.key for found in find_tables(tmp_path / "results" / "sweeps").values()] == [plain.key]
    assert [found.key for found in find_worked(tmp_path / "results" / "worked")] == [worked.key]
    shutil.rmtree(tmp_path / "results")
    assert find_worked(tmp_path / "results") == []
