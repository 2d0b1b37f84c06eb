"""What a terminal says of a sweep that ended, or was cut short."""

import pytest

from yaynay.records.record import Record
from yaynay.sweep.progress import SweepProgress


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
