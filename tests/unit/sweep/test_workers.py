"""A fleet that fails: each of its configurations alone, and an exception that is sent between processes."""

import errno
import logging
import multiprocessing
import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from unit.sweep.test_fit import configure

from yaynay.data import prepare
from yaynay.errors import MachineError
from yaynay.records.store import Store
from yaynay.sweep import fit, workers
from yaynay.sweep.partition import FleetSpec

BAD = 1
"""The seed that fails."""


class TwoPartError(Exception):
    """Cannot be sent to another process: pickle gives it one argument."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(left + right)


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], workers.Outcome]:
    """Train a fleet of three lines, of which one ends with an error."""
    configurations = [configure("dataset=engel", "backend=least_squares", f"seed={seed}") for seed in range(3)]
    table, plan = prepare.make(configurations[0].dataset, configurations[0].plan)
    store, train_all = Store(tmp_path), fit.train
    store.write_table(table, plan)

    def run(error: BaseException) -> workers.Outcome:
        def fail(asked: Any, *others: Any) -> Any:
            if BAD in [configuration.seed for configuration in asked]:
                raise error
            return train_all(asked, *others)

        monkeypatch.setattr(fit, "train", fail)
        return workers.train_fleet(FleetSpec(tuple(configurations), table.sha256, plan.sha256), store)

    return run


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        (TwoPartError("a", "b"), "TwoPartError: ab"),
        (SystemExit(0), "training asked the process to exit with code 0"),
        (MachineError("no GPU"), "no GPU"),
        (PermissionError(errno.EACCES, "denied", "x"), "PermissionError: [Errno 13] denied: 'x'"),
    ],
)
def test_one_configuration_fails_for_itself_and_says_why(
    train: Callable[[BaseException], workers.Outcome], error: BaseException, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "yaynay"):
        records, errors = train(error)
    assert [record.status for record in records] == ["finished", "finished"]
    (told,) = pickle.loads(pickle.dumps(errors)).values()  # noqa: S301 - our own
    assert str(told) == said
    assert type(error).__name__ in caplog.text  # its traceback


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_where_nothing_can_be_written_the_sweep_ends(
    train: Callable[[BaseException], workers.Outcome], code: int
) -> None:
    with pytest.raises(OSError, match="full"):
        train(OSError(code, "full", "records"))


def test_configurations_that_are_halved_together_fail_together_and_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configurations = [
        configure("dataset=engel", "model.depth=1", "trainer.halving=2", f"seed={seed}") for seed in range(3)
    ]
    table, plan = prepare.make(configurations[0].dataset, configurations[0].plan)
    store = Store(tmp_path)
    store.write_table(table, plan)
    tries: list[int] = []

    def fail(asked: Any, *others: Any) -> Any:
        tries.append(len(asked))
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(fit, "train", fail)
    spec = FleetSpec(tuple(configurations), table.sha256, plan.sha256)
    records, errors = workers.train_fleet(spec, store)
    assert (records, tries) == ([], [3])
    assert {key: str(error) for key, error in errors.items()} == dict.fromkeys(
        spec.keys(table, plan), "ZeroDivisionError: by zero"
    )


def test_where_no_process_may_be_started_it_trains_in_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a worker of `multiprocessing.Pool`."""
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    both = tuple(configure("dataset=engel", "model.depth=1", f"seed={seed}") for seed in range(2))
    monkeypatch.setattr(workers, "run_here", lambda specs, _: iter([specs]))
    specs = [FleetSpec(both, "", "")]
    assert next(iter(workers.run(specs, Store(tmp_path), 2))) == specs
    with workers.beside(os.getpid) as done:
        assert done.result() == os.getpid()


def test_what_is_done_beside_ends_with_its_block() -> None:
    before, started = multiprocessing.active_children(), []

    def fail() -> None:
        with workers.beside(time.sleep, 60) as done:
            while not done.running():
                time.sleep(0.01)
            started.extend(process for process in multiprocessing.active_children() if process not in before)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [process.is_alive() for process in started] == [False]
    with workers.beside(os.getpid) as done:
        assert done.result() != os.getpid()
