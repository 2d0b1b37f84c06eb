"""`yaynay ask` in a terminal: what was read, each step as it is known, and a card at the end."""

import os
import shlex
import shutil
import sys
import time
import webbrowser
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaynay.asking import memory
from yaynay.data.locations import check_file
from yaynay.errors import redact
from yaynay.reports.color import wants_color
from yaynay.tracking.address import sqlite_path, tracking_uri

if TYPE_CHECKING:
    from yaynay.asking.answer import Answer
    from yaynay.config.schema import Rule
    from yaynay.data.table import Table
    from yaynay.models.least_squares import Line
    from yaynay.models.ols import LeastSquares
    from yaynay.records.store import Sweep
    from yaynay.verdict.gate import Gate

EXIT_CODES = {"yay": 0, "nay": 1, "undecided": 3}
"""With --exit-code."""


@dataclass(frozen=True)
class Request:
    """A question as it was typed.

    Attributes:
        file, target: The table.
        options: How it is read: keys of `config.datasets.File`.
        out: Folder for everything that is written.
        is_json: Print one JSON object instead of steps and card.
        is_quiet: Print the card alone.
        has_exit_code: End with the outcome's exit code.
        opens: Open the page in a browser.
        most_rows: Networks are trained on so many rows at most.
    """

    file: Path
    target: str
    options: dict[str, Any]
    out: Path
    is_json: bool = False
    is_quiet: bool = False
    has_exit_code: bool = False
    opens: bool = False
    most_rows: int = 10_000


def run(request: Request) -> int:
    """Answer, show and keep; the exit code.

    Raises:
        DataError: The file cannot be used as it is.
        OptionError: An option is wrong.
        MachineError: MLflow's store cannot be used.
    """
    check_file(request.file)
    asked = {"target": request.target, "most_rows": request.most_rows, "width": _width(), **request.options}
    key = memory.make_key(request.file, request.out, asked)
    shown = _recall(request, key) or _ask(request, key)
    if request.opens:
        webbrowser.open(Path(shown["report"]).absolute().as_uri())
    return EXIT_CODES[shown["outcome"]] if request.has_exit_code else 0


def _recall(request: Request, key: str) -> dict[str, Any] | None:
    """What was shown when the same was asked before, shown again."""
    shown = memory.recall(request.out, memory.name_table(request.out, request.file), key)
    if shown is None:
        return None
    screen = _Screen(request)
    for line in shown["lines"]:
        screen.say(line)
    screen.end(shown)
    return shown


def _ask(request: Request, key: str) -> dict[str, Any]:
    from yaynay.sweep import server

    server.warm_up()
    from yaynay.asking.folder import Folder
    from yaynay.config.quoting import respell
    from yaynay.data.reading import read_file
    from yaynay.reports.read import what_was_read

    screen, folder = _Screen(request), Folder(request.out, "--out")
    name = memory.name_table(request.out, request.file)
    table = read_file(request.file, request.target, table=name, **request.options)
    notes, remarks = ([respell(text, "command") for text in said] for said in (table.notes, table.remarks))
    for line in what_was_read(replace(table, notes=tuple(notes), remarks=tuple(remarks))):
        screen.say(line)
    dataset = {"name": "csv", "path": str(request.file), "target": request.target, "table": name, **request.options}
    most = request.most_rows
    given = folder.answer(table, dataset, screen, style="command", most_rows=most, has_bar=not screen.is_silent)
    shown = screen.write(given)
    screen.end(shown)
    folder.finish(
        given, lambda written, is_whole: memory.remember(written, key if is_whole else "", request.file, shown)
    )
    return shown


class _Screen:
    """What a terminal or a pipe is shown."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.is_silent = request.is_json or request.is_quiet
        self.lines: list[str] = []
        self.started = time.perf_counter()

    def say(self, line: str) -> None:
        """Show a line, and keep it."""
        self.lines.append(line)
        if not self.is_silent:
            print(line, flush=True)

    def on_line(self, table: "Table", line: "Line[LeastSquares]") -> None:
        from yaynay.reports.read import line_step

        metrics = line.folds.metrics(table.y)
        rmse = metrics.get("test/rmse", metrics["train/rmse"])
        self.say(line_step(metrics.get("test/r2"), rmse, table.target, table.n_features + 1))

    def on_gate(self, gate: "Gate | None", rule: "Rule") -> None:
        from yaynay.reports.read import gate_step

        self.say(gate_step(None if gate is None else gate.p_value, rule))

    def on_networks(self, sweep: "Sweep", n_trained: int, seconds: float) -> None:
        from yaynay.verdict.sentences import counted

        trained = f"in {seconds:.1f} s" if n_trained else "from records"
        self.say(f"networks: {counted(sweep.n_configurations, 'configuration')} {trained}")

    def write(self, given: "Answer") -> dict[str, Any]:
        """The texts of an answer."""
        from yaynay.reports.card import Paths, card

        out, is_named = self.request.out, bool(os.environ.get("MLFLOW_TRACKING_URI", "").strip())
        folder, uri = memory.table_folder(out, given.conclusion.table.name), tracking_uri()
        files = {
            "report": str(folder / "index.html"),
            "runs": (uri if sqlite_path(uri) else redact(uri)) if is_named else str(out / "mlflow.db"),
            "model": str(folder / "model"),
            "records": str(out / "records"),
        }
        paths = Paths(
            report=files["report"],
            runs="yaynay ui" if is_named else f"yaynay ui {shlex.quote(str(out))}",
            predict=f"mlflow.pyfunc.load_model({files['model']!r}).predict(rows)",
        )
        cards = {
            name: card(given.conclusion, given.comparison, paths, color=color, width=_width())
            for name, color in (("card", False), ("colored", True))
        }
        seconds = time.perf_counter() - self.started
        return cards | {
            "outcome": given.outcome,
            "report": files["report"],
            "lines": self.lines,
            "json": given.to_json(files, seconds),
        }

    def end(self, shown: dict[str, Any]) -> None:
        """The last screen."""
        if self.request.is_json:
            print(shown["json"], flush=True)
            return
        if not self.is_silent:
            print()
        print(shown["colored" if wants_color(sys.stdout) else "card"], flush=True)


def _width() -> int:
    """Columns of the terminal; a pipe has room."""
    return shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 120
