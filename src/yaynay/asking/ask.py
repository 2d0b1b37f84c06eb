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
from yaynay.asking.given import check_most_rows, check_track, read_given
from yaynay.config.quoting import respell
from yaynay.errors import YaynayError, redact
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
        data: A DataFrame (pandas, Polars, Arrow or any other that exchanges its columns) or the path of a file; or,
            with `y`, an array (n_rows, n_features) or a DataFrame of features.
        y: Target, (n_rows,), where `data` has none.
        target: Name of the column to predict, where `data` has it.
        track: Keep records and MLflow runs in `out`; None: where an MLflow tracking URI is set.
        out: Folder for both; nothing is written elsewhere.
        most_rows: Networks are trained on so many rows at most, drawn at random; 20 or more.
        options: How the table is read: features, drop, groups, time, missing, na_values, na_levels, categories, dates,
            day_first, decimal; table, its name; and of a file separator, header, encoding and sheet.

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
        check_track(track)
        most_rows = check_most_rows(most_rows)
        table, dataset = read_given(data, y, target, options)
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


def _is_tracked() -> bool:
    """Whether the user has told MLflow, or its environment, where runs go."""
    mlflow = cast(Any, sys.modules.get("mlflow"))
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or (mlflow is not None and mlflow.is_tracking_uri_set())


class _Silent:
    """Waits for the end."""

    def on_line(self, *_: object) -> None: ...

    def on_gate(self, *_: object) -> None: ...

    def on_networks(self, *_: object) -> None: ...
