import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from yaynay.verdict.selection import nested_error, selection_score


def test_each_split_takes_the_settings_that_its_inner_folds_prefer() -> None:
    first, second = (
        SimpleNamespace(arrays={"inner_mse": np.array(inner), "fold_mse": np.array(outer)})
        for inner, outer in (([1.0, 9.0], [4.0, 100.0]), ([2.0, 3.0], [100.0, 16.0]))
    )
    records: Any = [first, second]
    error = nested_error(records)
    assert error.folds.tolist() == [2.0, 4.0]
    assert error.rmse == pytest.approx(np.sqrt(10))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [({"val/rmse": 2.0, "train/rmse": 1.0}, 2.0), ({"train/rmse": 1.0}, 1.0), ({}, math.inf)],
)
def test_inner_folds_choose_training_rows_where_there_are_none_and_no_score_never(
    scores: dict[str, float], expected: float
) -> None:
    record: Any = SimpleNamespace(scores=scores)
    assert selection_score(record) == expected
