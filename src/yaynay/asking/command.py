"""`yaynay ask` in a terminal: what was read, each step as it is known, and a card at the end."""

import json
import webbrowser
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaynay.asking import memory

if TYPE_CHECKING:
    from yaynay.asking.answer import Answer
    from yaynay.data.table import Table
    from yaynay.models.least_squares import Line
    from yaynay.models.ols import LeastSquares
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
    if not request.file.is_file():
        from yaynay.errors import DataError

        raise DataError(f"{request.file}: no such file; give the path of a table")
    key = memory.make_key(request.file, {"target": request.target, "most_rows": request.most_rows, **request.options})
    shown = _recall(request, key) or _ask(request, key)
    if request.opens:
        webbrowser.open(Path(shown["report"]).absolute().as_uri())
    return EXIT_CODES[shown["outcome"]] if request.has_exit_code else 0


def _recall(request: Request, key: str) -> dict[str, Any] | None:
    """What was shown when the same was asked before, shown again."""
    from yaynay.data.names import table_name

    shown = memory.recall(request.out / table_name(request.file), key)
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
    from yaynay.data.reading import read_file
    from yaynay.reports.card import what_was_read

    screen, folder = _Screen(request), Folder(request.out)
    table = read_file(request.file, request.target, **request.options)
    for line in what_was_read(table):
        screen.say(line)
    dataset = {"name": "csv", "path": str(request.file), "target": request.target, **request.options}
    given = folder.answer(table, dataset, screen, most_rows=request.most_rows, is_silent=screen.is_silent)
    shown = screen.show(given, request)
    screen.end(shown)
    folder.finish(given)
    memory.remember(request.out / table.name, key, shown)
    return shown


class _Screen:
    """What a terminal or a pipe is shown."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.is_silent = request.is_json or request.is_quiet
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)
        if not self.is_silent:
            print(line, flush=True)

    def on_line(self, table: "Table", line: "Line[LeastSquares]") -> None:
        from yaynay.reports.card import line_step

        self.say(line_step(table, line))

    def on_gate(self, gate: "Gate | None") -> None:
        from yaynay.reports.card import gate_step

        self.say(gate_step(gate))

    def show(self, given: "Answer", request: Request) -> dict[str, Any]:
        """The texts of an answer."""
        from yaynay.reports import answer_json
        from yaynay.reports.card import Paths, card

        folder = request.out / given.conclusion.table.name
        paths = Paths(
            report=str(folder / "index.html"),
            runs=f"yaynay ui {request.out}",
            predict=f'mlflow.pyfunc.load_model("{folder / "model"}").predict(rows)',
        )
        return {
            "outcome": given.outcome,
            "report": paths.report,
            "lines": self.lines,
            "card": card(given.conclusion, given.comparison, paths),
            "colored": card(given.conclusion, given.comparison, paths, color=True),
            "json": answer_json.make(given.conclusion, given.comparison, asdict(paths)).model_dump(mode="json"),
        }

    def end(self, shown: dict[str, Any]) -> None:
        """The last screen."""
        from yaynay.reports.color import has_color

        if self.request.is_json:
            print(json.dumps(shown["json"], indent=1, ensure_ascii=False), flush=True)
            return
        if not self.is_silent:
            print()
        print(shown["colored" if has_color() else "card"], flush=True)
