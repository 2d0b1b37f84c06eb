"""What is compared: all whole sweeps of a table on its newest content, folds and code, as one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from unit.invented import OPTIONS, make_record, make_table

from yaynay.data.plan import make_plan
from yaynay.errors import DataError
from yaynay.records import job_notes
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.storage import digest
from yaynay.verdict.conclusion import conclude
from yaynay.verdict.sweeps import find_tables

Write = Callable[..., Sweep]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a sweep of runs, each a backend and a depth, of which the last may not have ended."""
    store = Store(tmp_path)
    table = make_table(60, ("x",))

    def make(
        runs: Sequence[tuple[str, int]],
        started_at: float,
        seed: int = 0,
        n_lost: int = 0,
        code: str = "",
        baselines: Sequence[tuple[str, int]] = (),
    ) -> Sweep:
        plan = make_plan(np.arange(60), table.sha256, 1, n_repeats=2, seed=seed)
        store.write_table(table, plan)
        notes = []
        for number, (backend, depth) in enumerate([*runs, *baselines]):
            record: Record = make_record(table, plan, backend, depth, 0.1)
            noted = {"numerics": code} if code else {}
            record = replace(record, key=digest([record.key, plan.sha256, code]), run=record.run | noted)
            if number < len(runs) - n_lost or number >= len(runs):
                store.write(record)
            notes.append(job_notes.make_note(record.key, table, plan, {"is_baseline": number >= len(runs)}))
        (sweep,) = store.write_sweeps(notes, {"started_at": started_at})
        return sweep

    return make


NETWORKS = [("torch", 1), ("torch", 2)]
LINE = [("least_squares", 0)]


def test_a_later_sweep_of_the_line_alone_takes_no_network_away(write: Write, tmp_path: Path) -> None:
    write(NETWORKS, 1.0)
    before = conclude(find_tables(tmp_path)["toy"], OPTIONS).verdict
    write(LINE, 2.0)
    after = conclude(find_tables(tmp_path)["toy"], OPTIONS).verdict
    assert after.n_configurations == 3
    assert (after.outcome, after.gain, after.winner) == (before.outcome, before.gain, before.winner)


def test_joined_sweeps_are_the_one_that_asked_for_all_of_their_runs(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(LINE + NETWORKS[:1], 1.0)
    write(NETWORKS, 2.0)
    joined = find_tables(tmp_path)["toy"]
    assert capsys.readouterr().err == "toy: 2 sweeps are joined, 3 configurations\n"
    whole = write(LINE + NETWORKS, 3.0)
    assert (joined.key, joined.about["runs"], joined.is_whole) == (whole.key, whole.about["runs"], True)
    assert find_tables(tmp_path)["toy"].key == whole.key


def test_interrupted_sweeps_and_other_folds_are_left_out_and_named(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(NETWORKS, 1.0, seed=1)
    alone = write(LINE, 2.0)
    write(NETWORKS, 3.0, n_lost=1)
    assert {name: sweep.key for name, sweep in find_tables(tmp_path).items()} == {"toy": alone.key}
    assert capsys.readouterr().err.splitlines() == [
        f"toy: a sweep in {tmp_path} was interrupted, and is left out",
        "toy: 1 sweep is left out, on other folds; the newest counts",
    ]


def test_a_store_with_interrupted_sweeps_alone_has_nothing_to_compare(write: Write, tmp_path: Path) -> None:
    write(NETWORKS, 1.0, n_lost=1)
    with pytest.raises(DataError, match="no sweep has ended"):
        find_tables(tmp_path)


def test_what_other_code_trained_is_not_joined_and_named(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(NETWORKS, 1.0, baselines=LINE)  # from before versions were noted
    write(NETWORKS, 2.0, code="old", baselines=LINE)
    new = write(NETWORKS, 3.0, code="new", baselines=LINE)
    assert find_tables(tmp_path)["toy"].key == new.key
    assert capsys.readouterr().err == "toy: 2 sweeps are left out, on other code; the newest counts\n"
    write([("torch", 3)], 4.0, code="new", baselines=LINE)
    joined = find_tables(tmp_path)["toy"]
    assert [record.run["numerics"] for record in joined.records()] == ["new"] * 4
    assert joined.n_configurations == 3


def test_versions_are_compared_by_backend_and_with_every_newer_sweep(write: Write, tmp_path: Path) -> None:
    write(NETWORKS, 1.0, code="old")
    write(NETWORKS, 2.0, code="new")
    write(LINE, 3.0, code="another")
    joined = find_tables(tmp_path)["toy"]
    assert sorted(record.run["numerics"] for record in joined.records()) == ["another", "new", "new"]


def test_a_record_from_before_versions_were_noted_has_that_of_the_others_of_its_sweep(
    write: Write, tmp_path: Path
) -> None:
    earlier, noted = write(NETWORKS[:1], 1.0), write(NETWORKS[1:], 2.0, code="new")
    data = {name: noted.about[name] for name in ("table", "table_sha256", "plan_sha256")}
    notes = [data | {"key": key} for sweep in (noted, earlier) for key in sweep.about["runs"]]
    noted.store.write_sweeps(notes, {"started_at": 3.0})
    assert len(find_tables(tmp_path)["toy"].about["runs"]) == 2


def test_a_line_that_was_asked_for_once_is_asked_for_in_the_joined_sweep(write: Write, tmp_path: Path) -> None:
    write(NETWORKS, 1.0, baselines=LINE)
    asked = write([*NETWORKS, *LINE], 2.0)
    joined = find_tables(tmp_path)["toy"]
    assert (asked.n_configurations, joined.n_configurations, joined.key) == (3, 3, asked.key)
