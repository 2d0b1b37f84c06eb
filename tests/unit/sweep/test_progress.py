"""What a terminal says of a sweep that ended, or was cut short."""

import io
import sys
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from unit.invented import make_record, make_table

from yaynay.data.plan import make_plan
from yaynay.records.record import Record
from yaynay.sweep import progress as progress_module
from yaynay.sweep.progress import Progress, SweepProgress
from yaynay.tracking.runs import child


def made(key: str) -> Record:
    return Record(key, "finished", {}, {"name": "t"}, {}, {"n_members": 20.0})


def interrupt_after(n_ended: int, of: int) -> None:
    with SweepProgress(n_jobs=of, n_done=0) as progress:
        progress.add([made(str(number)) for number in range(n_ended)])
        raise KeyboardInterrupt


def test_a_whole_sweep_says_how_many_configurations_it_trained(capsys: pytest.CaptureFixture[str]) -> None:
    with SweepProgress(n_jobs=2, n_done=1) as progress:
        progress.add([made("a"), made("b")])
    assert capsys.readouterr().out.startswith("2 configurations trained, 1 had a record: 40 fits in ")


def test_an_interrupted_sweep_says_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt_after(4, of=12)
    said = capsys.readouterr().out
    assert said.startswith("4 of 12 configurations trained: 80 fits in ")
    assert said.endswith("; the same command resumes\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    table: Any = make_table(20, ["x"])
    failed = make_record(table, SimpleNamespace(sha256="p"), "torch", 1, 0.1, status="failed")  # type: ignore[arg-type]  # enough of a plan
    failed = replace(failed, reason="it fell over")
    with SweepProgress(n_jobs=2, n_done=0) as progress, Progress("one", 3):
        progress.add([failed, made("b")])
    printed = capsys.readouterr()
    assert printed.err == f"{table.name}: torch 1 x 4, adamw lr 0.1: it fell over\n"
    assert printed.out.count("\n") == 1
    assert not {"\r", "\x1b"} & set(printed.out)


def test_on_a_terminal_one_bar_shows_that_it_is_alive_and_then_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress_module, "_SECOND", 0.01)
    with SweepProgress(n_jobs=2, n_done=0):
        before, deadline = terminal.getvalue(), time.monotonic() + 60
        while len(terminal.getvalue()) <= 2 * len(before) and time.monotonic() < deadline:
            time.sleep(0.01)
    lines = [line for line in terminal.getvalue().split("\r") if line.strip()]
    assert len(lines) > 2
    assert all("0/2" in line for line in lines)
    assert "\n" not in terminal.getvalue()


@pytest.mark.parametrize(("distance", "is_said"), [(0.1234, True), (1e-3, True), (9e-4, False)])
def test_a_line_that_stays_away_from_least_squares_says_so(
    distance: float, is_said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    table = make_table(30, ["a"])
    plan = make_plan(np.arange(30), table.sha256, 1, n_repeats=1)
    run = {"fit_seconds": 1.0, "started_at": 0.0, "device": "cpu", "python": "3", "git_dirty": False, "versions": {}}
    scores = {"n_members": 4.0, "train/rmse": 1.0, "distance_to_least_squares": distance}
    record = make_record(table, plan, "torch", 0, 0.01)
    record = replace(record, scores=scores, run={**run, "git_commit": None})
    Progress("toy", 1).add([record])
    remark = (
        f"gradient descent ended {distance:.2g} away from least squares; with more trainer.max_epochs or a higher "
        "optimizer.lr it would go on"
    )
    assert capsys.readouterr().out.endswith(f"; {remark}\n") is is_said
    assert child(record, "sweep", "0").tags.get("remark") == (remark if is_said else None)
