from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yaynay.data.blocks import equal_row_blocks
from yaynay.data.plan import Plan, make_plan
from yaynay.data.reading import read_file
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.records import job_notes
from yaynay.records.export import export
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.storage import read_arrays, write_arrays, write_json
from yaynay.verdict.sweeps import Joined


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "records")


@pytest.fixture
def table() -> Table:
    return Table("toy", pd.DataFrame({"x": np.arange(30.0), "y": np.arange(30.0) ** 2}), "y", "made here")


@pytest.fixture
def plan(table: Table) -> Plan:
    return make_plan(np.arange(30), table.sha256, 1, n_repeats=1)


def record(key: str = "a", score: float = 1.0) -> Record:
    return Record(
        key=key,
        status="finished",
        configuration={"model": {"depth": 1}},
        table={"name": "toy"},
        plan={},
        scores={"test/rmse": score},
        arrays={"predictions": np.arange(6.0).reshape(2, 3)},
        weights={"layer0.weight": np.ones((4, 1, 1), dtype=np.float32)},
        run={"started_at": 1.5},
    )


def test_a_record_survives_writing_and_reading(store: Store) -> None:
    store.write(record())
    found = store.read("a")
    assert (found.scores, found.run, found.configuration) == (
        {"test/rmse": 1.0},
        {"started_at": 1.5},
        record().configuration,
    )
    np.testing.assert_array_equal(found.arrays["predictions"], record().arrays["predictions"])
    assert found.weights["layer0.weight"].dtype == np.float32


def test_scores_of_a_run_that_ended_come_without_arrays(store: Store) -> None:
    store.write(record())
    store.write_failure(replace(record("b"), status="failed", scores={}, arrays={}, weights={}))
    found = [store.read_ended_scores(key) for key in "abc"]
    assert [ended and ended.status for ended in found] == ["finished", "failed", None]
    assert found[0] is not None
    assert (found[0].scores, found[0].arrays, found[0].weights) == ({"test/rmse": 1.0}, {}, {})


def test_the_first_record_of_a_key_stays(store: Store) -> None:
    store.write(record(score=1.0))
    store.write(record(score=2.0))
    assert store.read("a").scores == {"test/rmse": 1.0}
    assert [path.name for path in (store.folder / "runs").iterdir()] == ["a"]


def test_a_record_is_there_whole_or_not_at_all(store: Store) -> None:
    broken = record()
    broken.scores["test/rmse"] = float("nan")  # JSON refuses it in the middle of writing
    with pytest.raises(ValueError, match="JSON"):
        store.write(broken)
    assert not store.has("a")
    assert list((store.folder / "runs").iterdir()) == []


def test_a_damaged_record_is_named(store: Store) -> None:
    store.write(record())
    (store.path("a") / "arrays.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a readable record"):
        store.read("a")


def test_the_same_runs_are_the_same_sweep(store: Store, table: Table, plan: Plan) -> None:
    store.write_table(table, plan)
    sweeps = set()
    for _ in range(2):
        for key in ("b", "a"):
            job_notes.put(store, "s", [job_notes.make_note(key, table, plan, {})])
        (sweep,) = store.write_sweeps(job_notes.take(store, "s"), {"started_at": 1.0})
        sweeps.add(sweep.key)
    assert len(sweeps) == 1
    assert sweep.about["runs"] == ["a", "b"]
    assert [found.key for found in store.sweeps()] == [sweep.key]


def test_the_same_runs_of_which_others_were_asked_for_are_another_sweep(store: Store, table: Table, plan: Plan) -> None:
    sweeps = [
        store.write_sweeps(
            [
                job_notes.make_note(key, table, plan, {"is_baseline": key in baselines})
                for key in ("torch", "least_squares", "ridge")
            ],
            {"started_at": 1.0},
        )[0]
        for baselines in (["least_squares", "ridge"], ["least_squares"])
    ]
    assert [sweep.n_configurations for sweep in sweeps] == [1, 2]
    assert len(store.sweeps()) == 2


def test_jobs_are_taken_once(store: Store, table: Table, plan: Plan) -> None:
    job_notes.put(store, "s", [job_notes.make_note("a", table, plan, {"overrides": ["x=1"]})])
    job_notes.put(store, "s", [{"error": "bad"}])
    assert len(job_notes.take(store, "s")) == 2
    assert job_notes.take(store, "s") == []


def test_notes_that_nobody_will_take_are_removed_and_those_of_a_running_sweep_are_not(store: Store) -> None:
    for sweep, owners in {"ended": ["a", "b"], "running": ["a", "here"], "unknown": [""]}.items():
        for number, owner in enumerate(owners):
            job_notes.put(store, sweep, [{"key": number}], owner)
    (store.folder / "jobs" / "earlier").mkdir()
    (store.folder / "jobs" / "earlier" / "0.json").write_text("[{}]\n")
    (store.folder / "jobs" / "starting").mkdir()
    job_notes.remove_abandoned(store, lambda owner: owner in ("a", "b"))
    assert {folder.name for folder in (store.folder / "jobs").iterdir()} == {"running", "starting", "unknown"}
    assert len(job_notes.take(store, "running")) == 2


def test_table_and_plan_come_back(store: Store, table: Table, plan: Plan) -> None:
    store.write_table(table, plan)
    found, folds = store.read_table(plan.sha256, table.sha256)
    assert (found.sha256, folds.sha256) == (table.sha256, plan.sha256)


def test_an_exported_sweep_is_a_store_of_its_own(store: Store, table: Table, plan: Plan, tmp_path: Path) -> None:
    store.write_table(table, plan)
    store.write(record("a"))
    store.write(record("other"))
    job_notes.put(store, "s", [job_notes.make_note("a", table, plan, {})])
    (sweep,) = store.write_sweeps(job_notes.take(store, "s"), {"started_at": 1.0})
    for _ in range(2):
        export(sweep, tmp_path / "results" / "toy")
    copy = Store(tmp_path / "results" / "toy")
    assert copy.read("a").scores == {"test/rmse": 1.0}
    assert not copy.has("other")
    assert copy.sweeps()[0].data()[0].sha256 == table.sha256


def test_json_refuses_what_is_not_finite(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("inf")})
    assert not (tmp_path / "a.json").exists()


def test_arrays_keep_their_kind(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.safetensors", {"t": np.arange(6.0).reshape(2, 3).T})
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.safetensors")["t"], np.arange(6.0).reshape(2, 3).T)


def test_what_was_said_of_a_file_belongs_to_the_sweep_and_not_to_the_content(tmp_path: Path) -> None:
    rows = [f"{row % 11}.5,{row * row % 7}" for row in range(30)]
    numbered = ["id,x,y", *(f"{100 + 7 * number},{row}" for number, row in enumerate(rows))]
    files = {"a": ["x,y", *rows], "b": numbered, "c": ["x,y", *rows, "3.5,"]}
    store, sweeps = Store(tmp_path), {}
    for name, lines in files.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
        table = read_file(tmp_path / f"{name}.csv", "y")
        plan = make_plan(equal_row_blocks(table), table.sha256, table.n_features, n_repeats=1)
        store.write_table(table, plan)
        for said in (table, replace(table, name="same")):
            (sweep,) = store.write_sweeps([job_notes.make_note("k", said, plan, {})], {"started_at": 1.0})
            sweeps[name, said.name] = sweep
    assert len(list((tmp_path / "tables").iterdir())) == 1
    assert len({sweep.key for sweep in sweeps.values()}) == 6, "another reading is another sweep"
    for name, wanted in {"a": (0, ""), "b": (0, "left out: 'id'"), "c": (1, "1 of 31 rows were dropped")}.items():
        for as_called in (name, "same"):
            table, _ = sweeps[name, as_called].data()
            assert table.n_dropped == wanted[0]
            assert wanted[1] in " ".join(table.remarks)
            assert ("left out" in str(table.remarks), "dropped" in str(table.remarks)) == (name == "b", name == "c")
    joined = Joined.of([sweeps["a", "same"], sweeps["b", "same"]])
    assert "left out: 'id'" in joined.data()[0].remarks[0], "the newest says what was read"


def test_several_readings_of_one_content_are_one_sweep_in_any_order(tmp_path: Path) -> None:
    notes: list[dict] = [
        {"key": key, "table": "t", "table_sha256": "a", "plan_sha256": "b", "reading": {"remarks": [key]}}
        for key in "kl"
    ]
    keys = [Store(tmp_path).write_sweeps(some, {"started_at": 1.0})[0].key for some in (notes, notes[::-1])]
    assert keys[0] == keys[1]
