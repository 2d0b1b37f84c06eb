"""Line, gate, networks, verdict: the answer for one table, and what a reader does with it."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import yaynay
from yaynay.asking import grid
from yaynay.config.quoting import Style, respell
from yaynay.config.schema import Rule
from yaynay.data.table import Table
from yaynay.errors import DataError, OptionError
from yaynay.models import least_squares
from yaynay.models.least_squares import Line
from yaynay.models.ols import LeastSquares
from yaynay.records import serving
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.reports import answer_json, card, notebook
from yaynay.sweep.run import train_table
from yaynay.verdict import conclusion as conclusions
from yaynay.verdict.comparison import Comparison, compare
from yaynay.verdict.conclusion import Conclusion, test_shape
from yaynay.verdict.gate import Gate
from yaynay.verdict.model import Outcome

ModelName = Literal["line", "ridge", "network"]
_BACKENDS = {"line": "least_squares", "ridge": "ridge"}


class Watcher(Protocol):
    """Hears each part of an answer as soon as it is known."""

    def on_line(self, table: Table, line: Line[LeastSquares]) -> None:
        """The line is fitted."""

    def on_gate(self, gate: Gate | None, rule: Rule) -> None:
        """The shape is tested; None for a table that is too small."""

    def on_networks(self, sweep: Sweep, n_trained: int, seconds: float) -> None:
        """The networks are there; so many had no record and were trained, which took so long [s]."""


@dataclass(frozen=True, eq=False)
class Answer:
    """Is a neural network worth it over linear regression on this table: yay, nay or undecided?

    Attributes:
        conclusion: All that the answer rests on.
        comparison: Lines and network side by side.
    """

    conclusion: Conclusion
    comparison: Comparison

    @property
    def outcome(self) -> Outcome:
        """ "yay", "nay" or "undecided"."""
        return self.conclusion.verdict.outcome

    @property
    def sentence(self) -> str:
        """The answer for a reader who knows no statistics."""
        return self.conclusion.verdict.sentence

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know about the table first."""
        return self.conclusion.verdict.remarks

    def predict(self, data: Any, model: ModelName | None = None) -> NDArray[np.float64]:
        """Predictions for new rows, by a model that learnt from all rows of the table.

        Args:
            data: Rows with the columns of the table, as a DataFrame, or as an array (n_rows, n_features) where arrays
                were given; the target may be missing.
            model: "line", "ridge" or "network"; None for the one that the answer advises: the network after a yay, and
                otherwise the line.

        Returns:
            (n_rows,) [unit of the target].

        Raises:
            DataError: A column is missing, or a cell is not what it holds.
            OptionError: There is no such model.
        """
        return serving.predict(self.conclusion.table, self.record(model), _frame(data, self.conclusion.table))

    def record(self, model: ModelName | None = None) -> Record:
        """The run behind a model, with its weights; `model` as in `predict`.

        Raises:
            OptionError: There is none of that name.
        """
        name = ("network" if self.outcome == "yay" else "line") if model is None else model
        found = self._record_of(name)
        if found is None:
            known = [other for other in (*_BACKENDS, "network") if self._record_of(other)]
            raise OptionError(f"option 'model': no {name!r} was trained; allowed: {', '.join(known)}; choose one")
        return found

    def _record_of(self, name: object) -> Record | None:
        if not isinstance(name, str):
            return None
        winner = self.conclusion.winner
        if name == "network":
            return winner if winner is not None and winner.parsed.is_network else None
        finished = self.conclusion.finished
        return next((record for record in finished if record.parsed.backend.name == _BACKENDS.get(name)), None)

    def to_frame(self) -> pd.DataFrame:
        """A row per model, by name: errors and gain with their intervals, p and cost, as in `comparison.ModelRow`."""
        rows: dict[str, dict[str, Any]] = {}
        for row in self.comparison.models:
            values = {name: value for name, value in vars(row).items() if name not in ("name", "rmse", "gain")}
            for name in ("rmse", "gain"):
                for part in ("value", "low", "high"):
                    values[name if part == "value" else f"{name}_{part}"] = getattr(getattr(row, name), part, None)
            rows[row.name] = values
        frame = pd.DataFrame.from_dict(rows, orient="index")
        # a column that has no value, or not in each row, holds None
        return frame.astype({name: float for name in frame if name != "what" and frame[name].dtype == object})

    def to_dict(self) -> dict[str, Any]:
        """What `yaynay ask --json` prints; docs/how-to/ask.md describes its schema."""
        return json.loads(self.to_json())

    def to_json(self, paths: Mapping[str, str] | None = None, seconds: float | None = None) -> str:
        """As `to_dict`, as text.

        Args:
            paths: Where report, runs, model and records are; None where nothing was written.
            seconds: From the question to the answer; None for the time of the fits [s].
        """
        if seconds is None:
            seconds = sum(record.run["fit_seconds"] for record in self.conclusion.records)
        about: dict[str, Any] = {"paths": paths or {}, "seconds": seconds, "version": yaynay.__version__}
        return answer_json.answer_json(self.conclusion, self.comparison, **about)

    def save(self, path: str | Path) -> Path:
        """Write the advised model as an MLflow model, with the answer beside it as answer.json.

        Args:
            path: A new folder.

        Returns:
            The folder; `mlflow.pyfunc.load_model` reads it.

        Raises:
            OptionError: It exists.
        """
        from yaynay.asking.folder import save

        return save(self, Path(path))

    def __repr__(self) -> str:
        return card.card(self.conclusion, self.comparison, None)

    def _repr_html_(self) -> str:
        return notebook.html(self.conclusion, self.comparison)


def _frame(data: Any, table: Table) -> pd.DataFrame:
    """New rows by name; columns of an array are those of the table in order."""
    from yaynay.data.frames import to_pandas

    names = [name for name in table.kinds if name != table.target]
    is_series = hasattr(data, "to_frame") and len(names) > 1
    is_list = isinstance(data, Sequence) and not isinstance(next(iter(data), None), str | Mapping)
    if is_list or (hasattr(data, "__array__") and not hasattr(data, "columns") and not is_series):
        rows = _array(data)
        if rows.ndim == 1 and len(names) == 1:
            rows = rows[:, np.newaxis]
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise OptionError(f"data: an array of shape {rows.shape}; allowed: (n_rows, {len(names)}); reshape it")
        return pd.DataFrame(rows, columns=names)
    return to_pandas(data)


def _array(data: Any) -> NDArray:
    try:
        return np.asarray(data)
    except (ValueError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"data: {type(data).__name__} cannot be read as an array ({reason}); allowed: numbers in rows of one "
            "length; convert it"
        ) from None


def _respell(conclusion: Conclusion, style: Style) -> Conclusion:
    """A conclusion whose sentence, notes and remarks spell options as their reader types them; stored ones stay."""

    def spelt(said: Sequence[str]) -> tuple[str, ...]:
        return tuple(respell(text, style) for text in said)

    table, verdict = conclusion.table, conclusion.verdict
    reading = tuple({**entry, "note": respell(entry["note"], style)} for entry in table.reading)
    shown = replace(table, notes=spelt(table.notes), remarks=spelt(table.remarks), reading=reading)
    sentence, doubts = respell(verdict.sentence, style), spelt(verdict.doubts)
    verdict = replace(verdict, sentence=sentence, remarks=spelt(verdict.remarks), doubts=doubts)
    return replace(conclusion, table=shown, verdict=verdict)


def answer(
    table: Table,
    dataset: dict[str, Any],
    store: Store,
    watcher: Watcher,
    *,
    most_rows: int,
    style: Style,
    has_bar: bool = False,
    conclude: Callable[[Sweep, Rule, str], Conclusion] = conclusions.conclude,
) -> Answer:
    """Answer the question for a table.

    Args:
        table: The data.
        dataset: Where it is from: the group `dataset` of a configuration.
        store: Where the records go.
        watcher: Hears line and gate as soon as they are known.
        most_rows: Networks are trained on so many rows at most.
        style: How remarks spell the options that they advise.
        has_bar: Show a bar while they are, on a terminal.
        conclude: What concludes the sweep.
    """
    rule = grid.rule()
    some = grid.sample(table, most_rows)
    plan = grid.draw_plan(some)
    with threadpool_limits(1):  # the workers need the other cores, and these products are small
        watcher.on_line(some, least_squares.fit(some, plan))
        watcher.on_gate(test_shape(some, rule), rule)
    clock = time.perf_counter()
    sweep, n_trained = train_table(grid.make_jobs(dataset, some, plan), store, has_bar=has_bar)
    watcher.on_networks(sweep, n_trained, time.perf_counter() - clock)
    conclusion = conclude(sweep, rule, some.name)
    conclusion = _respell(conclusion, style)
    return Answer(conclusion, compare(conclusion))
