"""The folder that a question leaves: records, MLflow runs, and a page and a model for each table.

yaynay/records/          what each run left
yaynay/mlflow.db         the runs, unless MLFLOW_TRACKING_URI names another store
yaynay/TABLE/index.html  the page, with its pictures
yaynay/TABLE/model/      the advised model, as MLflow keeps models
yaynay/TABLE/asked.json  what was shown, to show it again (`memory`)
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaynay.asking.answer import Answer, Watcher, answer
from yaynay.data.table import Table
from yaynay.errors import MachineError, OptionError
from yaynay.records.store import Store
from yaynay.storage import replacing, rooted, write_json
from yaynay.sweep import workers
from yaynay.verdict.conclusion import Conclusion

FOLDER = "yaynay"
"""Where a question is kept unless another folder is named: beside the user's own files."""


@dataclass(frozen=True)
class Folder:
    """Where questions are kept.

    Args:
        path: Made when something is first written.
    """

    path: Path

    def answer(self, table: Table, dataset: dict[str, Any], watcher: Watcher, **options: Any) -> Answer:
        """As `answer.answer`, with records that stay, and with earlier looks at the table."""
        from yaynay.sweep.summary import conclude_sweep
        from yaynay.tracking.preload import preload

        preload()
        with rooted(self.path):
            self._hide()
            store = Store(self.path / "records")
            return answer(table, dataset, store, watcher, conclude=conclude_sweep, **options)

    def finish(self, given: Answer) -> None:
        """Write page, model and MLflow runs of an answer.

        Args:
            given: What `answer` gave.

        Raises:
            MachineError: MLflow's store cannot be used; page and model are there.
        """
        from yaynay.tracking.parent import Result
        from yaynay.tracking.sync import sync

        conclusion, failed = given.conclusion, None
        folder, experiment = self.path / conclusion.table.name, conclusion.finished[0].parsed.tracking.experiment
        with rooted(self.path), replacing(folder) as aside:
            aside.mkdir()
            with workers.beside(_write_page, conclusion, aside) as page:
                save(given, aside / "model")

                def copy_pictures(to: Path) -> None:
                    page.result()
                    shutil.copytree(aside / "pictures", to, dirs_exist_ok=True)

                try:
                    sync([Result.of(conclusion, copy_pictures)], experiment)
                except MachineError as error:
                    failed = error
                page.result()
            shutil.rmtree(folder, ignore_errors=True)
        if failed is not None:
            raise failed

    def _hide(self) -> None:
        """Nothing here is for a repository."""
        ignored = self.path / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")


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
    from yaynay.tracking.model import save_model

    if path.exists():
        raise OptionError(f"{path}: is there already; allowed: a new folder; choose another name, or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, given.conclusion.table, given.record())
    write_json(path / "answer.json", given.to_dict())
    return path
