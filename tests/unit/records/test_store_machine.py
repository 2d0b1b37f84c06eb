"""A store of records through any history of writes, faults in them, failures, sweeps and reads."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from yaynay.records import folders, job_notes
from yaynay.records import store as records
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.storage import file_digest

pytestmark = pytest.mark.usefixtures("timed", "histories")

KEYS = st.sampled_from("abcde")


def made(key: str, score: float, status: str = "finished") -> Record:
    return Record(
        key=key,
        status=status,
        configuration={},
        table={},
        plan={},
        scores={"test/rmse": score},
        arrays={"predictions": np.array([score])},
        weights={"layer0.weight": np.array([[score]])},
        reason=None if status == "finished" else "it failed",
    )


class _FaultError(Exception):
    """The process would have died here."""


class StoreMachine(RuleBasedStateMachine):
    """Beside the store, what it should hold: the first score of each key, failures, sweeps and noted jobs."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder)
        self.scores: dict[str, float] = {}
        self.failures: dict[str, float] = {}
        self.sweeps: dict[str, frozenset[str]] = {}
        self.noted: dict[str, list[str]] = {}

    @rule(key=KEYS, score=st.floats(-5, 5))
    def write(self, key: str, score: float) -> None:
        self.store.write(made(key, score))
        self.scores.setdefault(key, score)

    @rule(key=KEYS, score=st.floats(-5, 5), step=st.integers(0, 4))
    def die_while_writing(self, key: str, score: float, step: int) -> None:
        """A write that ends at any of its steps leaves the store as it was."""
        n_writes = 0

        def counted(path: Path, *what: object) -> None:
            nonlocal n_writes
            if n_writes == step:
                raise _FaultError
            n_writes += 1
            (write_json if path.suffix == ".json" else write_arrays)(path, *what)  # type: ignore[operator]  # one of two

        write_json, write_arrays = records.write_json, records.write_arrays
        with pytest.MonkeyPatch.context() as patch:
            for module in (records, folders):
                patch.setattr(module, "write_json", counted)
            patch.setattr(records, "write_arrays", counted)
            with pytest.raises(_FaultError):
                self.store.write(made(key, score))

    @rule(key=KEYS, score=st.floats(-5, 5))
    def fail(self, key: str, score: float) -> None:
        self.store.write_failure(made(key, score, "failed"))
        self.failures[key] = score

    @rule(keys=st.frozensets(KEYS, min_size=1), table=st.sampled_from(["one", "two"]))
    def ask(self, keys: frozenset[str], table: str) -> None:
        data = {"table": table, "table_sha256": table, "plan_sha256": "plan"}
        jobs = [data | {"key": key} for key in sorted(keys)] * 2
        (sweep,) = self.store.write_sweeps(jobs, {"started_at": len(self.sweeps)})
        self.sweeps[sweep.key] = keys

    @rule(name=st.sampled_from(["s1", "s2"]), key=KEYS)
    def note(self, name: str, key: str) -> None:
        job_notes.put(self.store, name, [{"key": key}])
        self.noted[name] = sorted({*self.noted.get(name, []), key})

    @rule(name=st.sampled_from(["s1", "s2"]))
    def take(self, name: str) -> None:
        assert sorted(job["key"] for job in job_notes.take(self.store, name)) == self.noted.pop(name, [])

    @rule()
    def open_again(self) -> None:
        self.store = Store(self.folder)

    @invariant()
    def holds_what_was_first_written_and_nothing_else(self) -> None:
        for key in "abcde":
            assert self.store.has(key) == (key in self.scores)
            ended = self.store.read_ended(key)
            if key in self.scores:
                assert ended is not None
                assert (ended.status, ended.scores["test/rmse"]) == ("finished", self.scores[key])
                assert ended.arrays["predictions"] == self.scores[key]
                assert ended.weights["layer0.weight"] == self.scores[key]
                folder = self.store.path(key)
                checksums = json.loads((folder / folders.CHECKSUMS).read_text())
                assert checksums == {
                    path.name: file_digest(path) for path in folder.iterdir() if path.name != folders.CHECKSUMS
                }
            elif key in self.failures:
                assert ended is not None
                assert (ended.status, ended.scores["test/rmse"]) == ("failed", self.failures[key])
            else:
                assert ended is None

    @invariant()
    def has_each_sweep_once(self) -> None:
        found = {sweep.key: frozenset(sweep.about["runs"]) for sweep in self.store.sweeps()}
        assert found == self.sweeps
        for sweep in self.store.sweeps():
            ended = self.sweeps[sweep.key] & (self.scores.keys() | self.failures.keys())
            assert sweep.has_ended_runs() == bool(ended)

    @invariant()
    def leaves_nothing_half_written(self) -> None:
        assert [path.name for path in self.folder.rglob(".*")] == []

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestStore = StoreMachine.TestCase


@pytest.fixture
def histories(times: Callable[[int, int], int]) -> None:
    """How many histories are tried."""
    TestStore.settings = settings(max_examples=times(60, 300))
