"""What a terminal shows of a fit: a bar while it runs, and a line when it has ended."""

import sys
from types import TracebackType

from tqdm import tqdm

from yaynay.fleet import Course
from yaynay.records import Record


class Progress:
    """A bar over epochs on a terminal; nothing but the last line elsewhere.

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

    def on_epoch(self, course: Course) -> None:
        """Show an epoch's end."""
        self.bar.set_postfix_str(
            f"{int(course.is_active.sum())} of {len(course.is_active)} networks train", refresh=False
        )
        self.bar.update()

    def say_end(self, record: Record) -> None:
        """Print what came out."""
        self.bar.close()
        seconds = record.run["fit_seconds"]
        if record.status != "finished":
            print(f"{self.title}: {record.reason}", file=sys.stderr, flush=True)
            return
        shown = [f"{name} {record.scores[name]:.4g}" for name in ("val/rmse", "test/rmse") if name in record.scores]
        shown = shown or [f"train/rmse {record.scores['train/rmse']:.4g}"]
        n_members = int(record.scores["n_members"])
        print(f"{self.title}: {n_members} fits in {seconds:.1f} s, {', '.join(shown)}", flush=True)
