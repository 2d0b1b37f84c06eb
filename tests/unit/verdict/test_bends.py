"""Where a relation bends is said only where the gate says that it does, and names the feature that was bent."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from unit.concluded import make_table

from yaynay.data.table import Table
from yaynay.models import least_squares
from yaynay.verdict import gate as gates
from yaynay.verdict import kernels
from yaynay.verdict.bends import SHAPES, Bend, find_bend


def bend(table: Table, alpha: float = 0.05) -> Bend | None:
    x = least_squares.impute(table.x, np.arange(table.n_rows))
    return find_bend(table, gates.measure(x, table.y, n_draws=199, groups=table.groups), alpha)


def test_the_bent_feature_is_named_with_what_its_curve_explains() -> None:
    found = bend(make_table(200, ["a", "b", "income"]))
    assert found is not None
    assert found.feature == "income"
    assert found.share is not None
    assert 0.5 < found.share <= 1
    assert SHAPES["additive_wide"] in found.shapes


def test_nothing_is_said_of_a_straight_line_or_without_a_gate() -> None:
    assert bend(make_table(200, curve=0.0)) is None
    assert find_bend(make_table(12), None, 0.05) is None


def test_features_that_act_together_are_not_blamed_one_by_one() -> None:
    rng = np.random.default_rng(4)
    x = rng.choice([-1.0, 1.0], size=(300, 3)) + 0.1 * rng.normal(size=(300, 3))
    y = x @ [1.0, 1.0, 1.0] + 2 * x[:, 0] * x[:, 1] + 0.3 * rng.normal(size=300)
    found = bend(Table("toy", pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y), "y", "made here"))
    assert found is not None
    assert (found.feature, found.share) == (None, None)
    assert found.shapes


def test_the_only_feature_is_named_even_where_its_curve_may_be_chance() -> None:
    table = make_table(60, ["x"], curve=0.0)
    gate = gates.Gate(0.01, dict.fromkeys(kernels.NAMES, 0.01), 3.0, 60, 2, 199)
    found = find_bend(table, gate, 0.05)
    assert found is not None
    assert (found.feature, found.share) == ("x", None)


def test_unequal_noise_alone_names_a_feature_no_more_often_than_alpha_says() -> None:
    gate = gates.Gate(0.01, dict.fromkeys(kernels.NAMES, 0.01), 3.0, 150, 4, 199)
    named = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(150, 3))
        y = x.sum(axis=1) + np.abs(x[:, 0]) ** 1.5 * rng.normal(size=150)
        table = Table("toy", pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y), "y", "made here")
        found = find_bend(table, gate, 0.05)
        named += found is not None and found.feature is not None
    assert named <= 20  # 10 are expected; more than 20 has a chance of 0.1 %


def test_a_thousand_features_and_many_rows_are_looked_at_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    from yaynay.verdict import bends

    calls: list[int] = []
    score = bends._score
    monkeypatch.setattr(bends, "_score", lambda *some: calls.append(1) or score(*some))
    table = make_table(400, [f"x{number}" for number in range(100)], curve=2.0)
    found = bend(table)
    assert found is not None
    assert found.feature == "x99"
    assert len(calls) == 100 + 20


def test_the_rows_of_one_group_count_once() -> None:
    """Each row twenty times is no more evidence than once, if the groups say so."""
    rng = np.random.default_rng(11)
    x, noise = rng.normal(size=30), rng.normal(size=30)
    frame = pd.DataFrame({"x": x, "z": rng.normal(size=30), "y": x + 0.12 * x**2 + noise})
    many = pd.concat([frame] * 20, ignore_index=True)
    gate = gates.Gate(0.01, dict.fromkeys(kernels.NAMES, 0.01), 3.0, 600, 3, 199)
    table = Table("toy", many, "y", "made here")
    grouped = dataclasses.replace(table, groups=np.tile(np.arange(30), 20))
    alone, together = (find_bend(some, gate, 0.05) for some in (table, grouped))
    assert alone is not None
    assert together is not None
    assert alone.feature is not None
    assert together.feature is None


@pytest.mark.parametrize("cells", [[0.0, 1.0], [3.0, 3.0]])
def test_features_that_cannot_bend_are_not_named(cells: list[float]) -> None:
    table = make_table(100, ["a", "b"], curve=0.0)
    frame = table.frame.assign(a=np.tile(cells, 50), b=1.0)
    gate = gates.Gate(0.01, {}, 3.0, 100, 2, 199)
    found = find_bend(dataclasses.replace(table, frame=frame), gate, 0.05)
    assert found == Bend((), None, None)


def test_every_kernel_of_the_gate_has_words() -> None:
    assert set(SHAPES) == set(kernels.NAMES)
