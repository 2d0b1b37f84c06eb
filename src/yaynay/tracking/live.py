"""Writes records to MLflow while a sweep runs, in a thread beside it."""

import queue
import threading
from collections.abc import Iterable, Sequence
from types import TracebackType

from yaynay.errors import MachineError
from yaynay.records.record import Record
from yaynay.records.store import Sweep
from yaynay.tracking.dataset import dataset_input
from yaynay.tracking.parent import open_parent
from yaynay.tracking.runs import Runs, split
from yaynay.tracking.store import connect
from yaynay.tracking.sync import add_children, check_sweeps

_PAUSE = 2.0
"""Time between two batches: a database commits about a hundred times a second, for all its writers [s]."""


class Writer:
    """Writes runs as their records appear. What it does not manage to write, `sync` writes at the end.

    Args:
        sweeps: Whose runs will come.
        experiment: Name of the MLflow experiment.

    Raises:
        MachineError: The store does not answer, or the user deleted the run of a sweep in it.
    """

    def __init__(self, sweeps: Sequence[Sweep], experiment: str) -> None:
        check_sweeps(sweeps, experiment)
        self.experiment = experiment
        self.sweeps = {(sweep.about["table_sha256"], sweep.about["plan_sha256"]): sweep for sweep in sweeps}
        self.records: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self.is_closing = threading.Event()
        self.is_cut_short = False
        self.bug: Exception | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Writer":
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until all is written; a sweep that is interrupted is closed as KILLED."""
        self.is_cut_short = kind is not None
        self.is_closing.set()
        self.records.put(None)
        self.thread.join(timeout=5.0 if self.is_cut_short else threading.TIMEOUT_MAX)  # None: not for Ctrl-C
        if self.bug is not None and error is None:
            raise self.bug

    def add(self, records: Iterable[Record]) -> None:
        """Hand over records that are in their store."""
        for record in records:
            self.records.put(record)

    def _work(self) -> None:
        n_runs = sum(len(sweep.about["runs"]) for sweep in self.sweeps.values())
        try:
            with connect(self.experiment, n_runs) as runs:
                self._write_until_end(runs)
        except MachineError:
            return  # the records wait, and the sync at the end reports it
        except Exception as error:  # of ours; whoever waits for the thread hears of it
            self.bug = error

    def _write_until_end(self, runs: Runs) -> None:
        datasets = {key: dataset_input(sweep.data()[0]) for key, sweep in self.sweeps.items()}
        parents = {key: open_parent(runs, sweep, datasets[key]) for key, sweep in self.sweeps.items()}
        is_over = False
        while not is_over:
            batch = [self.records.get()]
            self.is_closing.wait(_PAUSE)
            while not self.records.empty():
                batch.append(self.records.get())
            is_over = None in batch
            for key, sweep in self.sweeps.items():
                mine = [record.key for record in batch if record and _data(record) == key]
                for part in split(mine, runs.n_at_once):
                    if not self.is_cut_short:
                        add_children(runs, sweep, part, parents[key], datasets[key])
        for parent in parents.values():
            runs.client.set_terminated(parent, "KILLED" if self.is_cut_short else "FINISHED")


def _data(record: Record) -> tuple[str, str]:
    return record.table["sha256"], record.plan["sha256"]
