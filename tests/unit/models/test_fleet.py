"""Units, minibatches, starting weights and the training state of a fleet."""

from typing import Any

import numpy as np
import pytest
from contract.fleets import Rates, assemble
from numpy.typing import NDArray

from yaynay.data.plan import make_plan
from yaynay.models.backends.base import training_data
from yaynay.models.fleet import Fleet
from yaynay.models.network import Shape, forward
from yaynay.models.training_state import TrainedFleet, TrainingState
from yaynay.models.units import WHOLE, Units, make_units

ONE = Rates(lr=0.01, weight_decay=0.0, seed=0)


def table(n_rows: int = 61) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n_rows, 3)) * [1.0, 1e3, 1e-3] + [0.0, 5e3, 1.0]
    return x, x @ [1.0, 1e-3, 100.0] + rng.normal(size=n_rows)


def units_of(x: NDArray[np.float64], y: NDArray[np.float64], n_seeds: int = 1, **options: Any) -> Units:
    plan = make_plan(
        np.arange(len(y)), "0" * 64, x.shape[1], n_folds=3, n_repeats=1, n_inner=2, n_seeds=n_seeds, seed=0
    )
    return make_units(x, y, plan, **{"hold_out": True} | options)


def fleet_of(*rates: Rates, shape: Shape | None = None, **options: Any) -> Fleet:
    x, y = table()
    return assemble(shape or Shape(3, 1, 4), x, y, units_of(x, y), *(rates or (ONE,)), **options)


class TestUnits:
    def test_there_is_one_for_each_split_inner_fold_and_seed(self) -> None:
        units = units_of(*table(), n_seeds=2)
        assert units.split.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [WHOLE] * 4

    def test_without_holding_out_one_unit_trains_on_the_whole_table(self) -> None:
        x, y = table()
        units = units_of(x, y, hold_out=False)
        assert (units.split == WHOLE).sum() == 1
        assert units.n_train[-1] == len(y)
        assert units.n_validation[-1] == 0

    def test_training_and_held_out_rows_of_a_split_share_none(self) -> None:
        units = units_of(*table())
        for unit in range(len(units)):
            train = units.train_rows[unit, : units.n_train[unit]]
            held = units.validation_rows[unit, : units.n_validation[unit]]
            assert len(set(train)) == len(train)
            assert not set(train) & set(held)

    def test_training_rows_are_standardised_by_themselves(self) -> None:
        x, y = table()
        units = units_of(x, y)
        for unit in range(len(units)):
            rows = units.train_rows[unit, : units.n_train[unit]]
            inside = units.standardise(x[rows], unit)
            np.testing.assert_allclose(inside.mean(axis=0), 0, atol=1e-12)
            np.testing.assert_allclose(inside.std(axis=0), 1)
            target = (y[rows] - units.y_mean[unit]) / units.y_scale[unit]
            assert target.std() == pytest.approx(1)

    def test_a_missing_cell_becomes_the_mean_of_what_is_there(self) -> None:
        x, y = table()
        x[::7, 1] = np.nan
        units = units_of(x, y)
        assert (units.standardise(x, 0)[::7, 1] == 0).all()
        rows = units.train_rows[0, : units.n_train[0]]
        assert units.x_mean[0, 1] == pytest.approx(np.nanmean(x[rows, 1]))

    def test_a_constant_feature_and_target_become_zero(self) -> None:
        x, _ = table()
        x[:, 2] = 0.1  # its mean in floating point is not exactly itself
        units = units_of(x, np.full(len(x), 0.7))
        assert not units.standardise(x, 0)[:, 2].any()
        assert (units.y_scale == 1).all()
        np.testing.assert_allclose(units.y_mean, 0.7)

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    def test_huge_and_tiny_columns_neither_overflow_nor_vanish(self, scale: float) -> None:
        x, y = table()
        plain, scaled = units_of(x, y), units_of(x * scale, y)
        np.testing.assert_allclose(scaled.standardise(x * scale, 0), plain.standardise(x, 0), rtol=1e-9)

    def test_columns_can_be_left_as_they_are(self) -> None:
        x, y = table()
        units = units_of(x, y, standardise=False)
        assert np.array_equal(units.standardise(x, 0), x)
        assert (units.y_scale == 1).all()


class TestBatches:
    def test_each_row_comes_once_an_epoch(self) -> None:
        fleet = fleet_of(batch_size=7)
        positions, weights = fleet.batches(epoch=4)
        for unit, n_train in enumerate(fleet.units.n_train):
            seen = positions[:, unit][weights[:, unit] > 0]
            assert sorted(seen) == list(range(n_train))

    def test_minibatches_of_a_unit_differ_by_a_row_at_most(self) -> None:
        _, weights = fleet_of(batch_size=7).batches(epoch=0)
        sizes = (weights > 0).sum(axis=2)
        assert sizes.max() <= 7
        assert (sizes.max(axis=0) - sizes.min(axis=0)).max() <= 1

    @pytest.mark.parametrize(
        ("loss", "total"),
        [("mean", lambda size, n: 1.0), ("sum", lambda size, n: size), ("half_mean", lambda size, n: size / 2 / n)],
    )
    def test_weights_make_the_loss(self, loss: str, total: Any) -> None:
        fleet = fleet_of(batch_size=7, loss=loss)
        _, weights = fleet.batches(epoch=0)
        sizes = (weights > 0).sum(axis=2)
        expected = total(sizes, fleet.units.n_train) * np.ones(sizes.shape)
        np.testing.assert_allclose(weights.sum(axis=2), expected)

    def test_each_epoch_has_its_own_order_and_the_seed_decides_it(self) -> None:
        fleet = fleet_of(batch_size=7)
        first, again, other = (fleet.batches(epoch)[0] for epoch in (0, 0, 1))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_unshuffled_rows_come_as_they_stand(self) -> None:
        fleet = fleet_of(batch_size=7, shuffle=False)
        positions, weights = fleet.batches(epoch=3)
        assert positions[:, 0][weights[:, 0] > 0].tolist() == list(range(fleet.units.n_train[0]))

    def test_full_batch_is_one_batch(self) -> None:
        fleet = fleet_of()
        positions, weights = fleet.batches(epoch=0)
        assert positions.shape == (1, len(fleet.units), fleet.units.n_train.max())
        np.testing.assert_allclose(weights.sum(axis=2), 1)

    @pytest.mark.parametrize(("min_steps", "n_passes"), [(1, 1), (4, 1), (5, 2), (9, 3)])
    def test_an_epoch_takes_as_many_passes_as_its_fewest_steps_need(self, min_steps: int, n_passes: int) -> None:
        fleet = fleet_of(batch_size=10, min_steps=min_steps)
        positions, weights = fleet.batches(epoch=0)
        assert fleet.n_batches == len(positions) == len(weights) == 4 * n_passes
        for unit, n_train in enumerate(fleet.units.n_train):
            seen = positions[:, unit][weights[:, unit] > 0]
            assert np.bincount(seen).tolist() == [n_passes] * n_train

    @pytest.mark.parametrize("shuffle", [True, False])
    def test_passes_of_an_epoch_are_those_of_as_many_epochs_of_one(self, shuffle: bool) -> None:
        long, short = (fleet_of(batch_size=10, min_steps=steps, shuffle=shuffle) for steps in (12, 1))
        for ours, theirs in zip(
            long.batches(epoch=2), zip(*(short.batches(epoch) for epoch in (6, 7, 8)), strict=True), strict=True
        ):
            assert np.array_equal(ours, np.concatenate(theirs))

    def test_full_batches_take_the_memory_of_one(self) -> None:
        state = TrainingState(fleet_of(min_steps=10_000_000))
        for array in state.batches():
            assert len(array) == 10_000_000
            assert array.strides[0] == 0

    @pytest.mark.parametrize("loss", ["mean", "sum", "half_mean"])
    def test_on_the_way_to_convergence_a_few_rows_have_the_loss_of_all(self, loss: str) -> None:
        options: dict[str, Any] = {"shape": Shape(3, 0), "loss": loss, "precision": 64, "min_steps": 7}
        plain, condensed = fleet_of(**options), fleet_of(**options, patience=3, batch_size=7)
        start, losses = np.array([0.3, -0.2, 0.9]), []
        for fleet in (plain, condensed):
            data, weights = training_data(fleet), fleet.batches(epoch=0)[1]
            slopes = start if fleet.whitening is None else (np.linalg.pinv(fleet.whitening) @ start)[..., None]
            errors = (data.x @ slopes).reshape(data.y.shape) + 0.4 - data.y
            losses.append(np.sum(weights[0] * errors**2, axis=1))
        assert condensed.batches(epoch=0)[0].shape[2] == 5
        np.testing.assert_allclose(losses[1], losses[0], rtol=1e-12)


class TestFleet:
    def test_members_come_configuration_by_configuration(self) -> None:
        fleet = fleet_of(ONE, Rates(0.1, 0.5, 7))
        n_units = len(fleet.units)
        assert fleet.n_members == 2 * n_units
        assert fleet.lr.tolist() == [0.01] * n_units + [0.1] * n_units
        assert fleet.weight_decay.tolist() == [0.0] * n_units + [0.5] * n_units
        assert fleet.unit.tolist() == [*range(n_units)] * 2

    def test_weights_and_order_depend_on_seed_and_unit_alone(self) -> None:
        alone, among = fleet_of(Rates(0.01, 0.0, 7), batch_size=7), fleet_of(ONE, Rates(0.1, 0.5, 7), batch_size=7)
        n_units = len(alone.units)
        for name, array in alone.weights().items():
            assert np.array_equal(among.weights()[name][n_units:], array)
            assert not array.any() or not np.array_equal(among.weights()[name][:n_units], array)
        ours, theirs = TrainingState(alone).batches()[0], TrainingState(among).batches()[0]
        assert np.array_equal(theirs[:, n_units:], ours)
        assert not np.array_equal(theirs[:, :n_units], ours)

    def test_configurations_of_one_seed_start_alike(self) -> None:
        fleet = fleet_of(ONE, Rates(0.5, 0.0, 0), batch_size=7)
        first, second = np.split(fleet.weights()["layer0.weight"], 2)
        assert np.array_equal(first, second)
        assert fleet.distinct_seeds == [0]

    def test_a_network_with_a_skip_starts_as_its_unit_s_least_squares_line(self) -> None:
        fleet = fleet_of(shape=Shape(3, 2, 8, skip=True), precision=64)
        outputs = forward(
            fleet.shape, fleet.weights(), np.array([fleet.units.standardise(fleet.x, unit) for unit in fleet.unit])
        )
        for unit in range(len(fleet.units)):
            rows = fleet.units.train_rows[unit, : fleet.units.n_train[unit]]
            design = np.column_stack([np.ones(len(fleet.x)), fleet.x])
            line = design @ np.linalg.lstsq(design[rows], fleet.y[rows])[0]
            ours = outputs[unit] * fleet.units.y_scale[unit] + fleet.units.y_mean[unit]
            np.testing.assert_allclose(ours, line, rtol=1e-8, atol=1e-8)

    def test_given_starting_values_are_every_member_s(self) -> None:
        fleet = fleet_of(shape=Shape(3, 0), start=[1.0, 2.0, 3.0, 4.0])
        assert (fleet.weights()["layer0.bias"] == 4).all()
        assert (fleet.weights()["layer0.weight"][:, :, 0] == [1, 2, 3]).all()

    def test_on_the_way_to_convergence_nothing_decays(self) -> None:
        fleet = fleet_of(Rates(0.01, 0.5, 0), shape=Shape(3, 0), patience=3)
        assert not fleet.weight_decay.any()
        assert fleet_of(Rates(0.01, 0.5, 0), shape=Shape(3, 0)).weight_decay.all()

    @pytest.mark.parametrize("is_dependent", [False, True])
    def test_given_starting_values_are_the_same_line_on_whitened_features(self, is_dependent: bool) -> None:
        x, y = table()
        if is_dependent:
            x[:, 2] = x[:, 0] - x[:, 1]
        values = [1.0, 2.0, -1.0, 4.0]
        fleet = assemble(Shape(3, 0), x, y, units_of(x, y), ONE, start=values, patience=3, precision=64)
        weights, whitening = fleet.weights(), fleet.whitening
        assert whitening is not None
        for unit, (row, n_train) in enumerate(zip(fleet.units.train_rows, fleet.units.n_train, strict=True)):
            inside = fleet.units.standardise(x[row[:n_train]], unit)
            white = inside @ whitening[unit]
            np.testing.assert_allclose(white.T @ white / n_train, np.diag([1, 1, not is_dependent]), atol=1e-9)
            np.testing.assert_allclose(
                white @ weights["layer0.weight"][unit, :, 0], inside @ np.array(values[:3]), atol=1e-9
            )
        assert (weights["layer0.bias"] == 4).all()


def losses(state: TrainingState, values: dict[int, float], otherwise: float) -> NDArray[np.float64]:
    """Losses of the members present, by member."""
    return np.array([values.get(int(member), otherwise) for member in state.present])


class TestTrainingState:
    def test_a_member_stops_when_patience_is_spent(self) -> None:
        state = TrainingState(fleet_of(patience=2, max_epochs=9))
        improved, kept = state.end_epoch(np.ones(8), np.ones(8))
        assert improved.all()
        assert kept is None
        for epoch in (1, 2):
            improved, kept = state.end_epoch(np.ones(8), losses(state, {0: 1 - epoch / 10}, otherwise=2.0))
            assert improved.tolist() == [True] + [False] * 7
        assert kept is not None
        assert kept.tolist() == [0]
        assert state.present.tolist() == [0]
        assert state.best_epoch.tolist() == [2] + [0] * 7
        assert not state.is_over

    def test_members_leave_when_an_eighth_has_stopped(self) -> None:
        state = TrainingState(fleet_of(patience=1, max_epochs=9))
        state.end_epoch(np.ones(8), np.ones(8))
        assert state.end_epoch(np.ones(8), np.full(8, 0.5))[1] is None
        better = dict.fromkeys(range(7), 0.4)
        improved, kept = state.end_epoch(np.ones(8), losses(state, better, otherwise=2.0))
        assert not improved[7]
        assert kept is not None
        assert kept.tolist() == state.present.tolist() == [0, 1, 2, 3, 4, 5, 6]

    def test_it_is_over_when_all_have_stopped_or_at_the_last_epoch(self) -> None:
        state = TrainingState(fleet_of(patience=1, max_epochs=9))
        state.end_epoch(np.ones(8), np.ones(8))
        _, kept = state.end_epoch(np.ones(8), np.ones(8) * 2)
        assert state.is_over
        assert kept is None
        without = TrainingState(fleet_of(max_epochs=1))
        assert not without.is_over
        without.end_epoch(np.ones(8), np.ones(8))
        assert without.is_over

    def test_without_patience_every_epoch_is_the_one_to_keep(self) -> None:
        state = TrainingState(fleet_of(max_epochs=3))
        for loss in (1.0, 3.0, 2.0):
            improved, _ = state.end_epoch(np.ones(8), np.full(8, loss))
            assert improved.all()
        assert (state.best_epoch == 2).all()

    def test_without_hidden_layers_the_training_loss_counts(self) -> None:
        state = TrainingState(fleet_of(shape=Shape(3, 0), patience=2, max_epochs=9))
        for train_loss in (3.0, 1.0, 2.0):
            state.end_epoch(np.full(8, train_loss), np.full(8, state.epoch))
        assert not state.is_over
        state.end_epoch(np.full(8, 1.0), np.zeros(8))
        assert state.is_over
        assert (state.best_epoch == 1).all()

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_a_diverging_member_is_noted_once_and_stopped(self, bad: float) -> None:
        state = TrainingState(fleet_of(max_epochs=9))
        state.end_epoch(np.ones(8), np.ones(8))
        improved, _ = state.end_epoch(losses(state, {3: bad}, otherwise=1.0), losses(state, {3: bad}, 1.0))
        assert not improved[3]
        assert 3 not in state.present
        state.end_epoch(np.ones(7), np.ones(7))
        assert state.diverged_at.tolist() == [-1, -1, -1, 1, -1, -1, -1, -1]
        assert state.best_epoch[3] == 0

    def test_a_member_that_left_keeps_its_last_losses_in_the_curves(self) -> None:
        state = TrainingState(fleet_of(patience=1, max_epochs=9))
        for epoch in range(3):
            state.end_epoch(
                losses(state, {}, otherwise=float(epoch)),
                losses(state, {0: -float(epoch)}, otherwise=float(epoch)),
            )
        train, validation = state.curves()
        assert train[:, 0].tolist() == [0, 1, 2]
        assert train[:, 5].tolist() == [0, 1, 1]
        assert validation[:, 5].tolist() == [0, 1, 1]


def test_members_of_a_trained_fleet_can_be_taken_apart() -> None:
    trained = TrainedFleet(
        weights={"layer0.weight": np.arange(4.0).reshape(4, 1, 1)},
        train_curve=np.arange(8.0).reshape(2, 4),
        validation_curve=np.arange(8.0, 16.0).reshape(2, 4),
        best_epoch=np.arange(4),
        diverged_at=np.array([-1, 5, -1, 2]),
        n_epochs=np.arange(4),
        was_halved=np.array([True, False, True, True]),
        device="cpu",
    )
    some = trained.members(np.array([1, 3]))
    assert some.weights["layer0.weight"].ravel().tolist() == [1, 3]
    assert some.train_curve.tolist() == [[1, 3], [5, 7]]
    assert some.diverged_at.tolist() == [5, 2]
    assert some.best_epoch.tolist() == some.n_epochs.tolist() == [1, 3]
    assert some.was_halved.tolist() == [False, True]
