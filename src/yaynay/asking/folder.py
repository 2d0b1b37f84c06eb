"""The folder that a question leaves: records, MLflow runs, and a page and a model for each table.

yaynay/records/                 what each run left
yaynay/mlflow.db                the runs, unless MLFLOW_TRACKING_URI names another store
yaynay/tables/TABLE/index.html  the page, with its pictures
yaynay/tables/TABLE/model/      the advised model, as MLflow keeps models
yaynay/tables/TABLE/asked.json  what was shown, to show it again (`memory`)
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from yaynay.asking.answer import Answer, Watcher, answer
from yaynay.asking.memory import ASKED, table_folder
from yaynay.data.table import Table
from yaynay.errors import MachineError, OptionError
from yaynay.records.store import Store
from yaynay.storage import rooted, write_json
from yaynay.sweep import workers
from yaynay.tracking.settings import restoring
from yaynay.verdict.conclusion import Conclusion

FOLDER = "yaynay"
"""Where a question is kept unless another folder is named: beside the user's own files."""


@dataclass(frozen=True)
class Folder:
    """Where questions are kept.

    Args:
        path: Made when something is first written.
        option: How its reader names it.
    """

    path: Path
    option: str = "out"

    def answer(self, table: Table, dataset: dict[str, Any], watcher: Watcher, **options: Any) -> Answer:
        """As `answer.answer`, with records that stay, and with earlier looks at the table.

        Raises:
            OptionError: The folder cannot be written, or holds something else where the table's page and model go.
        """
        from yaynay.sweep.summary import conclude_sweep
        from yaynay.tracking.preload import preload

        self._make()
        self._check(table_folder(self.path, table.name))
        preload()
        with rooted(self.path):
            store = Store(self.path / "records")
            return answer(table, dataset, store, watcher, conclude=conclude_sweep, **options)

    def finish(self, given: Answer, leave: Callable[[Path, bool], object] | None = None) -> None:
        """Write page, model and MLflow runs of an answer.

        Args:
            given: What `answer` gave.
            leave: Writes more into the table's folder; it is told whether everything else is there.

        Raises:
            MachineError: MLflow's store cannot be used; page and model are there. Or these cannot be replaced.
            OptionError: The table's folder was not written by a question.
        """
        from yaynay.tracking.parent import Result
        from yaynay.tracking.sync import sync

        conclusion, failed = given.conclusion, None
        folder, experiment = self._table(given), conclusion.finished[0].parsed.tracking.experiment
        with rooted(self.path), _aside(folder) as aside:
            aside.mkdir()
            with workers.beside(_write_page, conclusion, aside) as page:
                _save(given, aside / "model")

                def copy_pictures(to: Path) -> None:
                    page.result()
                    shutil.copytree(aside / "pictures", to, dirs_exist_ok=True)

                try:
                    sync([Result.of(conclusion, copy_pictures)], experiment)
                except MachineError as error:
                    failed = error
                page.result()
            if leave is not None:
                leave(aside, failed is None)
            self._check(folder)
            _exchange(aside, folder)
        if failed is not None:
            raise failed

    def _table(self, given: Answer) -> Path:
        """The folder of an answer's table; what is around it is made."""
        folder = table_folder(self.path, given.conclusion.table.name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    def _make(self) -> None:
        """Make the folder, hidden from Git: one that the user made is theirs to hide."""
        try:
            is_new = not self.path.is_dir()
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                if is_new:
                    (self.path / ".gitignore").write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise _cannot_write(self.option, self.path, error) from error

    def _check(self, folder: Path) -> None:
        """Refuse to replace what no question wrote."""
        is_ours = any((folder / name).is_file() for name in (ASKED, "model/answer.json"))
        if folder.exists() and not is_ours and not (folder.is_dir() and not any(folder.iterdir())):
            raise OptionError(
                f"option '{self.option}': {folder} is there, and was not written by yaynay ask; allowed: a folder "
                "without it; choose another, or move it away"
            )


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Where to write a table's folder, while no other process writes the same."""
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    with lock, tempfile.TemporaryDirectory(prefix=".part-", dir=folder.parent, ignore_cleanup_errors=True) as made:
        yield Path(made) / folder.name


def _exchange(new: Path, folder: Path) -> None:
    """Move a folder to where an older one may be; the older one stays whole where that fails."""
    old = new.with_name(".old")
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise MachineError(
            f"{folder}: cannot be replaced ({error.strerror}) and is as it was; close what is open in it, and ask again"
        ) from error


def _write_page(conclusion: Conclusion, folder: Path) -> None:
    from yaynay.reports import page, plots

    name, pictures = conclusion.table.name, folder / "pictures"
    pictures.mkdir()
    drawn = [path.relative_to(folder) for path in plots.draw(conclusion, pictures)]
    verdicts = {name: conclusion.verdict}
    plots.draw_overview(verdicts, folder / page.OVERVIEW)
    plots.draw_all_depths({name: conclusion}, folder / page.DEPTHS)
    text = page.render(verdicts, {name: conclusion.timings}, {name: drawn}, None)
    (folder / "index.html").write_text(text, encoding="utf-8")


def save(given: Answer, path: Path) -> Path:
    """Write an answer's advised model, and the answer; as `Answer.save`."""
    try:
        if path.exists():
            raise OptionError(f"{path}: is there already; allowed: a new folder; choose another name, or remove it")
        path.parent.mkdir(parents=True, exist_ok=True)
        with restoring():
            _save(given, path)
    except OSError as error:
        raise _cannot_write("path", path, error) from error
    return path


def _save(given: Answer, path: Path) -> None:
    from yaynay.tracking.model import save_model

    save_model(path, given.conclusion.table, given.record())
    write_json(path / "answer.json", given.to_dict())


def _cannot_write(option: str, path: Path, error: OSError) -> OptionError:
    reason = "it is a file" if path.is_file() else error.strerror or type(error).__name__
    return OptionError(
        f"option '{option}': {path} cannot be written ({reason}); allowed: a folder in a writable place; choose another"
    )
