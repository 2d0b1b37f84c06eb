"""At a rung the worse configurations of each split leave, and a split's test rows have no part in which."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from contract.fleets import Rates, assemble, fit, make_fleet
from numpy.typing import NDArray

from yaynay.data.plan import Plan, make_plan
from yaynay.models.fleet import Fleet
from yaynay.models.halving import NONE, find_losers, rungs
from yaynay.models.network import Shape
from yaynay.models.training_state import TrainedFleet, TrainingState
from yaynay.models.units import WHOLE, Units, make_units

N_ROWS = 90
SPREAD = [Rates(lr, 0.0, seed=0) for lr in np.geomspace(1e-5, 1e-1, 9)]


def data() -> tuple[NDArray[np.float64], NDArray[np.float64], Plan]:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(N_ROWS, 3))
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.2 * rng.normal(size=N_ROWS)
    return x, y, make_plan(np.arange(N_ROWS), "0" * 64, 3, n_folds=3, n_repeats=1, n_inner=2)


def only(units: Units, split: int) -> Units:
    """The units of one outer split."""
    here = units.split == split
    return replace(units, **{name: getattr(units, name)[here] for name in units.__dataclass_fields__})


def halved(y: NDArray[np.float64], split: int) -> tuple[Fleet, TrainedFleet]:
    x, _, plan = data()
    units = only(make_units(x, y, plan, hold_out=True), split)
    options: dict[str, Any] = {"batch_size": 10, "max_epochs": 18, "patience": 5, "halving": 3, "precision": 64}
    fleet = assemble(Shape(3, 1, 8), x, y, units, *SPREAD, **options)
    return fleet, fit(fleet, "torch")


@pytest.mark.parametrize("split", [0, 1, 2])
def test_test_rows_decide_neither_which_configurations_leave_a_split_nor_their_weights(split: int) -> None:
    _, y, plan = data()
    changed = y.copy()
    changed[plan.outer[0] == split] = 1e3
    (_, before), (_, after) = halved(y, split), halved(changed, split)
    assert before.was_halved.any()
    for name in ("was_halved", "n_epochs", "best_epoch", "validation_curve"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    for name, array in before.weights.items():
        np.testing.assert_array_equal(after.weights[name], array)


def test_rows_that_a_split_trains_on_do_decide_it() -> None:
    """The test above could not fail if nothing decided it."""
    _, y, plan = data()
    changed = y.copy()
    changed[plan.outer[0] == 1] *= -1
    assert not np.array_equal(halved(changed, 0)[1].validation_curve, halved(y, 0)[1].validation_curve)


@pytest.mark.parametrize("backend", ["torch", "tensorflow", "pytensor"])
def test_every_split_keeps_a_third_and_then_a_ninth_and_the_best_of_it(backend: str) -> None:
    pytest.importorskip(backend)
    fleet = make_fleet(*SPREAD, halving=3, patience=20, max_epochs=18)
    trained = fit(fleet, backend)
    n_epochs = trained.n_epochs.reshape(len(SPREAD), -1)
    for split in (0, 1, 2, WHOLE):
        of_split = n_epochs[:, fleet.units.split == split]
        assert (of_split == of_split[:, :1]).all()  # a configuration leaves a split with all of its inner folds
        assert sorted(of_split[:, 0].tolist()) == [2] * 6 + [6] * 2 + [18]
        curve = trained.validation_curve[1].reshape(n_epochs.shape)[:, fleet.units.split == split].mean(axis=1)
        left_first = of_split[:, 0] == 2
        assert (
            curve[left_first].min()
            > trained.validation_curve[:2]
            .min(axis=0)
            .reshape(n_epochs.shape)[:, fleet.units.split == split]
            .mean(axis=1)[~left_first]
            .max()
            - 1e-12
        )


def test_a_configuration_that_goes_on_is_trained_as_without_halving() -> None:
    plain, fleet = (make_fleet(*SPREAD, halving=eta, patience=20, max_epochs=18) for eta in (None, 3))
    full, trained = fit(plain, "torch"), fit(fleet, "torch")
    went_on = trained.n_epochs == 18
    assert went_on.sum() == len(fleet.units)
    for name, array in full.weights.items():
        np.testing.assert_allclose(trained.weights[name][went_on], array[went_on], rtol=1e-9)


def test_a_configuration_alone_goes_on() -> None:
    trained = fit(make_fleet(SPREAD[4], halving=2, patience=20, max_epochs=8), "torch")
    assert not trained.was_halved.any()
    assert (trained.n_epochs == 8).all()


def test_networks_without_held_out_rows_go_on() -> None:
    fleet = make_fleet(*SPREAD, hold_out=False, halving=3, max_epochs=18)
    state = TrainingState(fleet)
    while not state.is_over:
        loss = fleet.configuration[state.present].astype(float)
        state.end_epoch(loss, loss)
    whole = fleet.units.split[fleet.unit] == WHOLE
    assert (state.n_epochs[whole] == 18).all()
    assert state.was_halved[~whole].any()


def test_lines_that_train_to_convergence_go_on() -> None:
    fleet = make_fleet(*SPREAD, shape=Shape(3, 0, 1), halving=3, patience=20, max_epochs=18)
    assert fleet.goes_to_convergence
    trained = fit(fleet, "torch")
    assert not trained.was_halved.any()
    assert "share_halved" not in trained.step_metrics(fleet)
    told = make_fleet(*SPREAD, shape=Shape(3, 0, 1), halving=3, max_epochs=18)  # without early stopping
    assert fit(told, "torch").was_halved.any()


def test_one_that_diverged_or_stopped_is_ranked_but_does_not_leave_again() -> None:
    fleet = make_fleet(*SPREAD[:4], halving=2, patience=1, max_epochs=16)
    state, worst = TrainingState(fleet), 3
    while not state.is_over:
        number = fleet.configuration[state.present]
        loss = 1.0 + number + 1 / (1 + state.epoch)
        loss[number == 0] = 0.5  # does not improve, so it stops at once, as the best
        state.end_epoch(np.where(number == worst, np.nan, loss), loss)
    by_number = state.was_halved.reshape(4, -1)
    assert not by_number[[0, worst]].any()
    assert by_number[1:3].all()
    assert state.n_epochs.reshape(4, -1)[:, 0].tolist() == [2, 8, 4, 1]


def test_metrics_say_how_many_updates_and_when_networks_left() -> None:
    fleet = make_fleet(*SPREAD, halving=3, patience=20, max_epochs=18)
    trained = fit(fleet, "torch")
    parts = [trained.members(np.flatnonzero(fleet.configuration == number)) for number in range(len(SPREAD))]
    metrics = [part.step_metrics(fleet) for part in parts]
    assert fleet.n_batches > 1
    mean = np.mean([each["n_steps"] for each in metrics])
    assert mean == pytest.approx((6 * 2 + 2 * 6 + 18) / 9 * fleet.n_batches)
    assert metrics[0] == {"n_steps": 2 * fleet.n_batches, "share_halved": 1.0, "halved_at_step": 2 * fleet.n_batches}
    full = make_fleet(SPREAD[0], max_epochs=3)
    assert fit(full, "torch").step_metrics(full) == {"n_steps": 3 * full.n_batches}


@pytest.mark.parametrize(
    ("max_epochs", "eta", "expected"),
    [(100, 3, {12: 3, 34: 9}), (100, 4, {7: 4, 25: 16}), (5, 3, {1: 3, 2: 9}), (2, 2, {1: 4}), (1, 2, {})],
)
def test_rungs_come_before_the_end(max_epochs: int, eta: int, expected: dict[int, int]) -> None:
    assert rungs(max_epochs, eta) == expected


def test_of_equal_configurations_the_first_goes_on_and_each_split_is_ranked_alone() -> None:
    loss = np.array([[1.0, 1, 5, 5, 9], [1, 1, 3, 3, 9], [2, 0, 4, 4, 0]])
    split = np.array([0, 0, 1, 1, NONE])
    out = find_losers(loss, np.zeros(loss.shape, dtype=bool), split, n_kept=1)
    assert out.tolist() == [[False, False, True, True, False], [True, True, False, False, False], [True] * 4 + [False]]
    again = find_losers(loss, out, split, n_kept=3)
    assert (again == out).all()
