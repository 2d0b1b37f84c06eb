"""`yaynay.ask`: the question for Python."""

import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any, cast

from yaynay.asking import grid
from yaynay.asking.answer import Answer, answer
from yaynay.asking.folder import FOLDER, Folder
from yaynay.config.quoting import respell
from yaynay.data.reading import read_arrays, read_file, read_frame
from yaynay.data.table import Table
from yaynay.errors import OptionError, YaynayError, redact
from yaynay.records.store import Store
from yaynay.sweep import server
from yaynay.tracking.settings import restoring


def ask(
    data: Any,
    y: Any = None,
    *,
    target: str | None = None,
    track: bool | None = None,
    out: str | Path = FOLDER,
    most_rows: int = grid.MOST_ROWS,
    **options: Any,
) -> Answer:
    """Is a neural network worth it over linear regression on this data?

    The line, ridge and networks of one to three hidden layers are trained on the same folds; a test that trains no
    network says whether the relation is a straight line at all; docs/verdict.md says how both become an answer.

    Args:
        data: A DataFrame (pandas, Polars, Arrow or any other that exchanges its columns), the path of a file, or, with
            `y`, an array (n_rows, n_features).
        y: Target, (n_rows,), where `data` is an array.
        target: Name of the column to predict, where `data` is no array.
        track: Keep records and MLflow runs in `out`; None: where an MLflow tracking URI is set.
        out: Folder for both; nothing is written elsewhere.
        most_rows: Networks are trained on so many rows at most, drawn at random.
        options: How the table is read: features, drop, groups, time, missing, na_values, na_levels, categories, dates,
            day_first, decimal; and of a file separator, header, encoding.

    Returns:
        The answer.

    Raises:
        DataError: The data cannot be used as it is.
        OptionError: An option is wrong.
        MachineError: Something outside data and options is missing.

    Warns:
        UserWarning: The answer is there, but MLflow's store or the disk did not take it.

    Example:
        >>> import numpy as np, pandas as pd, yaynay
        >>> area = np.linspace(20, 200, 40)
        >>> noise = np.random.default_rng(0).normal(size=40)
        >>> answer = yaynay.ask(pd.DataFrame({"area": area, "price": 3 * area + 20 * noise}), target="price")
        >>> answer.outcome
        'nay'
        >>> answer.predict(pd.DataFrame({"area": [100]})).shape
        (1,)
    """
    server.warm_up()
    try:
        table, dataset = _read(data, y, target, options)
        if _is_tracked() if track is None else track:
            with restoring():
                kept = Folder(Path(out))
                given = kept.answer(table, dataset, _Silent(), style="python", most_rows=most_rows)
                try:
                    kept.finish(given)
                except (YaynayError, OSError) as error:  # the answer is there
                    warnings.warn(redact(f"the answer is not kept in full: {error}"), stacklevel=2)
                return given
        with tempfile.TemporaryDirectory(prefix="yaynay-") as folder:
            return answer(table, dataset, Store(Path(folder)), _Silent(), style="python", most_rows=most_rows)
    except YaynayError as error:
        raise type(error)(respell(str(error), "python")) from None


def _read(data: Any, y: Any, target: str | None, options: dict[str, Any]) -> tuple[Table, dict[str, Any]]:
    """The table, and where it is from."""
    options = dict(options)
    if "drop" in options:
        options["leave_out"] = options.pop("drop")
    options = {name: [value] if name in _LISTS and isinstance(value, str) else value for name, value in options.items()}
    if y is not None:
        if options or target is not None:
            raise OptionError("option 'y': arrays have no column names; allowed: y alone, or a DataFrame and target")
        return read_arrays(data, y), {"name": "frame", "target": "y"}
    if target is None:
        raise OptionError("option 'target': none given; allowed: the name of a column, or arrays X and y; give one")
    if isinstance(data, str | os.PathLike):
        path = os.fspath(data)
        return read_file(path, target, **options), {"name": "csv", "path": path, "target": target, **options}
    return read_frame(data, target, **options), {"name": "frame", "target": target, **options}


_LISTS = ("features", "leave_out", "categories", "na_values", "na_levels")


def _is_tracked() -> bool:
    """Whether the user has told MLflow, or its environment, where runs go."""
    mlflow = cast(Any, sys.modules.get("mlflow"))
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or (mlflow is not None and mlflow.is_tracking_uri_set())


class _Silent:
    """Waits for the end."""

    def on_line(self, *_: object) -> None: ...

    def on_gate(self, *_: object) -> None: ...

    def on_networks(self, *_: object) -> None: ...
