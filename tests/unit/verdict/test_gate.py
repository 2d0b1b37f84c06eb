import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from yaynay.errors import DataError
from yaynay.verdict import bootstrap, gate, kernels
from yaynay.verdict.serial import Rows

Floats = NDArray[np.float64]
N_DRAWS = 499
LOWEST = 1 / (N_DRAWS + 1)


def draw(n_rows: int = 120, n_features: int = 2, seed: int = 0) -> tuple[Floats, Floats]:
    """Features in [-1, 1] and standard normal noise."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n_rows, n_features)), rng.normal(size=n_rows)


def laplace(a: Floats, b: Floats) -> Floats:
    return np.exp(-np.abs(a[:, None] - b[None]).sum(axis=2))


def p_value(x: Floats, y: Floats, **options: object) -> float:
    return gate.measure(x, y, n_draws=N_DRAWS, **options).p_value  # type: ignore[arg-type]  # the options of measure


@pytest.mark.parametrize(
    "curve",
    [
        lambda x: 2 * x[:, 0] ** 2,
        lambda x: np.sin(2 * np.pi * x[:, 0]),
        lambda x: np.where(x[:, 0] > 0.3, 1.5, 0.0),
        lambda x: np.maximum(3 * x[:, 0], 0),
        lambda x: 2 * x[:, 0] * x[:, 1],
    ],
    ids=["quadratic", "sine", "step", "hinge", "interaction"],
)
def test_sees_a_curve(curve) -> None:  # type: ignore[no-untyped-def]  # a lambda from above
    x, noise = draw()
    assert p_value(x, x @ [3.0, -2.0] + curve(x) + 0.3 * noise) == LOWEST


def test_sees_no_curve_in_lines() -> None:
    rejected = 0
    for seed in range(20):
        x, noise = draw(60, seed=seed)
        rejected += p_value(x, x @ [3.0, -2.0] + 0.3 * noise) <= 0.05
    assert rejected <= 4  # of 20 at 5 %: more has probability .003


def test_sees_a_curve_in_fifty_rows_of_one_feature() -> None:
    x, noise = draw(50, 1)
    assert p_value(x, x[:, 0] + np.sin(3 * x[:, 0]) + 0.1 * noise) == LOWEST


def test_the_line_itself_does_not_matter() -> None:
    x, noise = draw()
    y = x[:, 0] ** 2 + 0.5 * noise
    plain, tilted = (
        gate.measure(x, y, n_draws=N_DRAWS),
        gate.measure(x, y + x @ [7.0, -3.0] + 5, n_draws=N_DRAWS),
    )
    assert tilted.statistic == pytest.approx(plain.statistic, rel=1e-6)


@pytest.mark.parametrize("unit", [1e-300, 2.0**-20, 1e12, 1e300])
def test_units_do_not_matter(unit: float) -> None:
    x, noise = draw()
    y = x[:, 0] ** 2 + noise
    plain = gate.measure(x, y, n_draws=N_DRAWS)
    for scaled in (
        gate.measure(x, -unit * y, n_draws=N_DRAWS),
        gate.measure(x * [unit, 1.0], y, n_draws=N_DRAWS),
        gate.measure(x * [1.0, -unit], y, n_draws=N_DRAWS),
    ):
        assert scaled.p_value == pytest.approx(plain.p_value, abs=1e-9)
        assert scaled.statistic == pytest.approx(plain.statistic, rel=1e-6)


def test_the_origin_does_not_matter() -> None:
    x, noise = draw()
    y = x[:, 0] ** 2 + noise
    moved = gate.measure(x + np.array([1e6, -50.0]), y - 1e6, n_draws=N_DRAWS)
    assert moved.statistic == pytest.approx(gate.measure(x, y, n_draws=N_DRAWS).statistic, rel=1e-4)


def test_the_order_of_features_does_not_matter() -> None:
    x, noise = draw(n_features=3)
    y = x[:, 0] ** 2 + noise
    assert p_value(x[:, [2, 0, 1]], y) == p_value(x, y)


def test_same_seed_same_answer() -> None:
    x, noise = draw()
    assert gate.measure(x, noise, seed=3) == gate.measure(x, noise, seed=3)
    assert gate.measure(x, noise, seed=0).p_value != gate.measure(x, noise, seed=1).p_value


def test_says_what_it_did() -> None:
    x, noise = draw()
    result = gate.measure(x, noise)
    assert (result.n_rows, result.rank, result.n_draws) == (120, 3, 1999)
    assert set(result.kernel_p_values) == {"relu_1", "relu_4", "gaussian", "additive_wide", "additive_narrow"}
    assert all(0 < p <= 1 for p in result.kernel_p_values.values())
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.p_value = 0.0  # type: ignore[misc]


def test_dependent_and_constant_columns_add_no_rank() -> None:
    x, noise = draw()
    y = x[:, 0] ** 2 + 0.3 * noise
    padded = np.column_stack([x, x[:, 0] - 2 * x[:, 1], np.full(len(y), 7.0), x[:, 0]])
    result = gate.measure(padded, y, n_draws=N_DRAWS)
    assert result.rank == 3
    assert result.p_value == LOWEST
    constant = np.column_stack([x, np.full(len(y), 7.0)])
    assert gate.measure(constant, y, n_draws=N_DRAWS) == gate.measure(x, y, n_draws=N_DRAWS)


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_an_exact_line_has_p_one(offset: float) -> None:
    x, _ = draw()
    result = gate.measure(x + offset, (x + offset) @ [3.0, -2.0] + 1)
    assert result.p_value == 1.0
    assert set(result.kernel_p_values.values()) == {1.0}


def test_a_constant_target_has_p_one() -> None:
    x, _ = draw()
    assert p_value(x, np.full(120, 0.1)) == 1.0


def test_features_that_all_are_constant_leave_nothing_to_see() -> None:
    _, noise = draw()
    result = gate.measure(np.ones((120, 2)), noise, n_draws=N_DRAWS)
    assert (result.rank, result.p_value) == (1, 1.0)


def test_two_values_of_x_can_show_no_curve() -> None:
    _, noise = draw()
    dummy = (np.arange(120)[:, None] % 2).astype(np.float64)
    assert p_value(dummy, dummy[:, 0] + noise) == 1.0


def test_three_values_of_x_can() -> None:
    _, noise = draw()
    level = (np.arange(120)[:, None] % 3).astype(np.float64)
    assert p_value(level, (level[:, 0] - 1) ** 2 + 0.3 * noise) == LOWEST


def test_an_outlying_row_cannot_carry_the_test() -> None:
    rejected = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, noise = rng.lognormal(sigma=1.5, size=(60, 1)), rng.normal(size=60)
        noise[np.argmax(x)] = 8.0 * (-1) ** seed
        rejected += p_value(x, x[:, 0] + noise) <= 0.05
    assert rejected <= 4


def test_groups_share_a_sign() -> None:
    alone_rejects = together_rejects = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(20), 5)
        x = rng.normal(size=(20, 1))[group] + 0.1 * rng.normal(size=(100, 1))
        y = rng.normal(size=20)[group] + 0.3 * rng.normal(size=100)
        alone_rejects += p_value(x, y) <= 0.05
        together_rejects += p_value(x, y, groups=100 - group) <= 0.05
    assert alone_rejects >= 9  # what a group shares looks like a curve
    assert together_rejects <= 3


def test_groups_of_one_row_change_nothing() -> None:
    x, noise = draw()
    assert p_value(x, noise, groups=np.arange(120)) == p_value(x, noise)


def walks(seed: int, n_rows: int = 150) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=n_rows).cumsum()[:, None], rng.normal(size=n_rows).cumsum()


def test_in_order_of_time_random_walks_are_no_curve() -> None:
    as_rows = in_time = 0
    for seed in range(20):
        x, y = walks(seed)
        as_rows += p_value(x, y) <= 0.05
        in_time += p_value(x, y, times=np.arange(150)) <= 0.05
    assert as_rows >= 14  # of rows taken for independent, most are
    assert in_time <= 4


def test_in_order_of_time_a_curve_is_still_seen() -> None:
    x, noise = draw(200, 1)
    carried = noise.copy()
    for row in range(1, 200):
        carried[row] += 0.5 * carried[row - 1]
    y = x[:, 0] + 2 * x[:, 0] ** 2 + 0.5 * carried
    assert p_value(x, y, times=np.arange(200)) == LOWEST


def test_the_order_of_the_file_does_not_matter_beside_that_of_time() -> None:
    x, noise = draw(200, 2)
    y, order = noise.cumsum(), np.random.default_rng(1).permutation(200)
    plain = gate.measure(x, y, n_draws=N_DRAWS, times=np.arange(200))
    mixed = gate.measure(x[order], y[order], n_draws=N_DRAWS, times=np.arange(200)[order])
    assert mixed.statistic == pytest.approx(plain.statistic, rel=1e-6)


def test_rows_of_one_time_share_a_sign() -> None:
    rejected = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        time = np.repeat(np.arange(100), 4)
        x, y = rng.normal(size=100)[time][:, None], rng.normal(size=100)[time] + 0.3 * rng.normal(size=400)
        rejected += p_value(x, y, times=time) <= 0.05
    assert rejected <= 3


def test_an_exact_line_in_time_has_p_one() -> None:
    x, _ = walks(0)
    assert p_value(x, 3 * x[:, 0] + 1, times=np.arange(150)) == 1.0


def test_too_few_blocks_of_time_are_refused() -> None:
    x, noise = draw(40, 2)
    with pytest.raises(DataError, match="gate: 10 blocks of rows in time"):
        gate.measure(x, noise, times=np.arange(40))


def test_large_series_are_tested_on_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_ROWS", 500)
    x, noise = draw(2000, 2)
    end = gate.measure(x[1500:], noise[1500:], n_draws=N_DRAWS, times=np.arange(500))
    assert gate.measure(x, noise, n_draws=N_DRAWS, times=np.arange(2000)) == end


def test_too_few_rows_are_refused_with_what_is_needed() -> None:
    x, noise = draw(gate.MIN_FREEDOM + 1, 1)
    with pytest.raises(DataError, match=rf"gate: {len(x)} rows .* {len(x) + 1} rows or more; add 1 or"):
        gate.measure(x, noise)
    x, noise = draw(gate.MIN_FREEDOM + 2, 1)
    assert 0 < p_value(x, noise) <= 1


def test_too_few_groups_are_refused() -> None:
    x, noise = draw()
    with pytest.raises(DataError, match="gate: 5 groups"):
        gate.measure(x, noise, groups=np.arange(120) % 5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    x, noise = draw()
    x[3, 1] = bad
    with pytest.raises(DataError, match="gate: a value is not finite"):
        gate.measure(x, noise)


def test_large_tables_cost_a_bounded_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_ROWS", 500)
    x, noise = draw(2000, 2)
    result = gate.measure(x, x[:, 0] ** 2 + 0.5 * noise, n_draws=N_DRAWS, groups=np.arange(2000) // 2)
    assert (result.n_rows, result.p_value) == (500, LOWEST)


def test_memory_bounds_do_not_change_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    x, noise = draw()
    whole = gate.measure(x, noise, n_draws=N_DRAWS)
    monkeypatch.setattr(gate, "_BLOCK", 7)
    in_blocks = gate.measure(x, noise, n_draws=N_DRAWS)
    assert in_blocks.statistic == pytest.approx(whole.statistic, rel=1e-6)
    monkeypatch.setattr(bootstrap, "_CHUNK", 120 * 50)
    assert abs(gate.measure(x, noise, n_draws=N_DRAWS).p_value - whole.p_value) < 0.1


def test_tangent_kernel_is_that_of_a_wide_network() -> None:
    """Against the gradients of a network with 20,000 hidden units: sum over its parameters."""
    rng = np.random.default_rng(0)
    a = np.array([[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9]])
    width = 20_000
    weights, biases, out = rng.normal(size=(2, width)), rng.normal(size=width), rng.normal(size=width)
    hidden = a @ weights / np.sqrt(2) + biases
    active = np.sqrt(2 / width) * (hidden > 0)
    of_output = active * hidden
    of_hidden = active * out
    expected = of_output @ of_output.T + 1 + (of_hidden @ of_hidden.T) * (a @ a.T / 2 + 1)
    assert kernels.tangent(a, a, depth=1) == pytest.approx(expected, rel=0.05)


def test_nystroem_is_exact_where_all_rows_are_landmarks() -> None:
    x, _ = draw(50)
    basis = np.linalg.qr(np.column_stack([np.ones(50), x]))[0]
    factor = gate._directions(
        lambda a, b: np.exp(-np.abs(a[:, None] - b[None]).sum(axis=2)), x, x, Rows(np.arange(50)), np.ones(50), basis
    )
    kernel = np.exp(-np.abs(x[:, None] - x[None]).sum(axis=2))
    beside = np.eye(50) - basis @ basis.T
    assert factor @ factor.T == pytest.approx(beside @ kernel @ beside, abs=1e-5)
