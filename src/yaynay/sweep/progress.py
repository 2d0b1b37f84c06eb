"""What a terminal shows about a fit: a bar while it runs, and a line when it has ended."""

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from tqdm import tqdm

from yaynay.models.training_state import TrainingState
from yaynay.records.record import Record
from yaynay.verdict.sentences import counted

_SECOND = 1.0
"""How often a sweep's bar shows the time, which says that it is alive while its first fleets train [s]."""


class SweepProgress:
    """Fits of a whole sweep: how many are done, how fast, the time left, and how many failed.

    Args:
        n_jobs: Configurations to train.
        n_done: Configurations that had a record before.
        has_bar: Show a bar, on a terminal.
        says_end: Print a line at the end.
    """

    def __init__(self, n_jobs: int, n_done: int, *, has_bar: bool = True, says_end: bool = True) -> None:
        self.says_end = says_end
        self.n_ended = self.n_failed = self.n_fits = 0
        self.started = time.perf_counter()
        self.n_jobs, self.n_done = n_jobs, n_done
        self.bar = tqdm(total=n_jobs, unit="configuration", leave=False, disable=not (has_bar and sys.stderr.isatty()))
        self.has_ended = threading.Event()
        if not self.bar.disable:
            threading.Thread(target=self._tick, daemon=True).start()

    def _tick(self) -> None:
        while not self.has_ended.wait(_SECOND):
            self.bar.refresh()

    def __enter__(self) -> "SweepProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.has_ended.set()
        self.bar.close()
        if not self.says_end:
            return
        seconds = time.perf_counter() - self.started
        had = f", {self.n_done} had a record" if self.n_done else ""
        rate = f" ({self.n_fits / seconds:.0f} a second)" if self.n_fits else ""
        failed = f", {self.n_failed} failed" if self.n_failed else ""
        trained = "" if self.n_ended == self.n_jobs else f"{self.n_ended} of "
        trained += counted(self.n_jobs, "configuration")
        resume = "" if self.n_ended == self.n_jobs else "; the same command resumes"
        print(
            f"{trained} trained{had}: {counted(self.n_fits, 'fit')} in {seconds:.1f} s{rate}{failed}{resume}",
            flush=True,
        )

    def add(self, records: Sequence[Record]) -> None:
        """Count a fleet's records, and name at once those without scores."""
        self.n_ended += len(records)
        for record in records:
            if record.status != "finished":
                self.n_failed += 1
                self.bar.write(f"{record.table['name']}: {record.name}: {record.reason}", file=sys.stderr)
        self.n_fits += int(sum(record.scores.get("n_members", 0) for record in records))
        seconds = time.perf_counter() - self.started
        self.bar.set_postfix_str(f"{self.n_fits / seconds:.0f} fits/s, {self.n_failed} failed", refresh=False)
        self.bar.update(len(records))


class Progress:
    """A bar over epochs on a terminal; elsewhere only the last line.

    Args:
        title: What is trained.
        max_epochs: Where the bar ends, unless every network stops earlier.
    """

    def __init__(self, title: str, max_epochs: int) -> None:
        self.title = title
        self.bar = tqdm(total=max_epochs, desc=title, unit="epoch", leave=False, disable=not sys.stderr.isatty())

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.close()

    def on_epoch(self, state: TrainingState) -> None:
        """Show an epoch's end."""
        self.bar.set_postfix_str(
            f"{int(state.is_active.sum())} of {len(state.is_active)} networks training", refresh=False
        )
        self.bar.update()

    def add(self, records: Sequence[Record]) -> None:
        """Print the result; a run without scores is reported at the command's end."""
        (record,) = records
        self.bar.close()
        if record.status != "finished":
            return
        scores = [f"{name} {record.scores[name]:.4g}" for name in ("val/rmse", "test/rmse") if name in record.scores]
        scores = scores or [f"train/rmse {record.scores['train/rmse']:.4g}"]
        n_members = int(record.scores["n_members"])
        seconds = record.run["fit_seconds"]
        remark = f"; {record.remark}" if record.remark else ""
        print(f"{self.title}: {n_members} fits in {seconds:.1f} s, {', '.join(scores)}{remark}", flush=True)
