"""A sweep's own run: its times, its verdict, and whether it is found again."""

from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from unit.reports.verdicts import RULE
from unit.tracking.conftest import PARITY, Swept

from yaynay.errors import MachineError
from yaynay.records.store import Store
from yaynay.tracking.live import Writer
from yaynay.tracking.runs import ended_at, milliseconds
from yaynay.tracking.store import connect
from yaynay.tracking.sync import is_there, sync


@pytest.mark.parametrize("is_live", [False, True])
def test_a_sweep_answered_from_records_took_as_long_as_its_runs(swept: Swept, is_live: bool) -> None:
    """The command that asked again came an hour later."""
    if is_live:
        with Writer([swept.sweep], "yaynay") as writer:
            writer.add(swept.records)
    parents = sync([swept.result()], "yaynay")
    with connect("yaynay") as runs:
        info = runs.client.get_run(parents[swept.sweep.key]).info
        assert info.start_time == min(milliseconds(record.run["started_at"]) for record in swept.records)
        assert info.end_time == max(ended_at(record) for record in swept.records)
        for run in runs.client.search_runs([runs.experiment_id]):
            assert run.info.end_time >= run.info.start_time


def test_a_clock_that_was_set_back_makes_no_negative_duration(swept: Swept) -> None:
    """Records of another machine may say that they ended before the sweep began."""
    swept.sweep.about["started_at"] = 2e9
    with connect("yaynay") as runs:
        early = runs.client.create_run(
            runs.experiment_id, 2_000_000_000_000, {"yaynay.sweep": swept.sweep.key, "yaynay.run": "parent"}
        )
    sync([swept.result()], "yaynay")
    with connect("yaynay") as runs:
        info = runs.client.get_run(early.info.run_id).info
        assert (info.status, info.end_time - info.start_time) == ("FINISHED", 0)


def test_a_sweep_is_there_once_it_is_synced_with_this_verdict(swept: Swept) -> None:
    result = swept.result()
    assert not is_there(swept.sweep, result.verdict, "yaynay")
    sync([result], "yaynay")
    assert is_there(swept.sweep, result.verdict, "yaynay")
    assert not is_there(swept.sweep, replace(result.verdict, outcome="nay"), "yaynay")
    assert not is_there(swept.sweep, result.verdict, "another")
    with connect("yaynay") as runs:
        runs.client.set_terminated(runs.find(swept.sweep.key)[swept.line.key].run_id, "KILLED")
    assert not is_there(swept.sweep, result.verdict, "yaynay")
    sync([result], "yaynay")
    assert is_there(swept.sweep, result.verdict, "yaynay")


def test_a_store_that_is_not_understood_holds_nothing(swept: Swept, project: Path) -> None:
    (project / "mlflow.db").write_bytes(b"something else")
    assert not is_there(swept.sweep, swept.result().verdict, "yaynay")
    (project / "mlflow.db").unlink()
    assert not is_there(swept.sweep, swept.result().verdict, "yaynay")


def test_a_verdict_that_changes_is_shown_on_the_same_run(swept: Swept, tmp_path: Path) -> None:
    (tmp_path / "drawn").mkdir()
    (tmp_path / "drawn" / "residuals.png").write_bytes(b"another picture")
    first = sync([swept.result()], "yaynay")
    changed = replace(swept.result(outcome="yay", gain=0.5), pictures=tmp_path / "drawn")
    assert sync([changed], "yaynay") == first
    with connect("yaynay") as runs:
        (run_id,) = first.values()
        run = runs.client.get_run(run_id)
        assert run.info.run_name == f"{swept.table.name}: yay (4 configurations)"
        assert (run.data.tags["verdict"], run.data.metrics["gain"]) == ("yay", 0.5)
        assert run.data.tags["backend"] == "least_squares, torch"
        assert run.data.metrics["parity/tensorflow/curves"] == 1e-6
        names = {file.path for file in runs.client.list_artifacts(run_id, "pictures")}
        assert names == {"pictures/fit.png", "pictures/residuals.png"}
        assert len(run.inputs.dataset_inputs) == 1


def test_differences_between_backends_are_shown_without_outcomes(swept: Swept) -> None:
    (run_id,) = sync([swept.result(parity=replace(PARITY, outcomes={}))], "yaynay").values()
    with connect("yaynay") as runs:
        assert runs.client.get_run(run_id).data.metrics["parity/tensorflow/curves"] == 1e-6


def test_the_current_verdict_leads_and_those_by_other_rules_are_kept_beside_it(swept: Swept) -> None:
    """Also where the verdict itself knows of no other rule, as after its history was taken back in Git."""
    strict = RULE.model_copy(update={"delta": 0.2})
    for rule, outcome in ((RULE, "yay"), (strict, "nay"), (RULE, "yay")):
        parents = sync([swept.result(rule=rule, outcome=outcome)], "yaynay")
    with connect("yaynay") as runs:
        (run_id,) = parents.values()
        tags = runs.client.get_run(run_id).data.tags
        kept = {file.path for file in runs.client.list_artifacts(run_id, "verdicts")}
    assert tags["verdict"] == "yay"
    rows = [line for line in tags["mlflow.note.content"].splitlines() if "draws | " in line]
    assert [row.split(" | ")[1] for row in rows] == ["yay", "nay"]
    assert "delta 20 %" in rows[1]
    assert kept == {f"verdicts/alpha=0.05_delta={delta}_delta_nay=0.02_n_draws=1999.json" for delta in ("0.01", "0.2")}


def test_a_sweep_is_called_what_tells_its_table_from_others(swept: Swept) -> None:
    (run_id,) = sync([replace(swept.result(), name="houses-2024")], "yaynay").values()
    with connect("yaynay") as runs:
        run = runs.client.get_run(run_id)
    assert run.info.run_name == "houses-2024: yay (4 configurations)"
    assert "houses-2024: yay" in run.data.tags["mlflow.note.content"]


def test_a_sweep_with_runs_that_have_not_ended_is_closed_without_a_verdict(swept: Swept) -> None:
    store = Store.default()
    (store.path(swept.line.key) / "record.json").unlink()
    parents = sync([swept.result()], "yaynay")
    with connect("yaynay") as runs:
        run = runs.client.get_run(parents[swept.sweep.key])
        assert run.info.status == "KILLED"
        assert "verdict" not in run.data.tags
        assert len(runs.find(swept.sweep.key)) == 4


def test_a_bug_is_not_blamed_on_the_store(project: Path, swept: Swept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Being told to move a good store away would lose it."""
    with pytest.raises(ZeroDivisionError), connect("yaynay"):
        1 / 0  # noqa: B018 - it raises
    monkeypatch.setattr("yaynay.tracking.live.dataset_input", lambda table: 1 / 0)
    with pytest.raises(ZeroDivisionError), Writer([swept.sweep], "yaynay") as writer:
        writer.add(swept.records)
    with pytest.raises(MachineError, match="it cannot be written"), connect("yaynay"):
        raise PermissionError(13, "Permission denied")


def test_only_a_damaged_store_is_to_be_moved_away(project: Path) -> None:
    with pytest.raises(MachineError, match="already active") as caught, connect("yaynay"), mlflow.start_run():
        mlflow.start_run()
    assert "move it away" not in str(caught.value)
    (project / "mlflow.db").write_bytes(b"not a database" * 99)
    with pytest.raises(MachineError, match="move it away"), connect("yaynay"):
        pass


def test_a_sweep_whose_run_was_deleted_in_the_ui_says_what_restores_it(swept: Swept) -> None:
    """Moving the store away would lose every other run."""
    (run_id,) = sync([swept.result()], "yaynay").values()
    with connect("yaynay") as runs:
        runs.client.delete_run(run_id)
    with pytest.raises(MachineError, match=r"the run of this sweep of houses was deleted; .*restore it with") as caught:
        sync([swept.result(outcome="nay")], "yaynay")
    assert "move it away" not in str(caught.value)
