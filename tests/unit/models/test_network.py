"""Layer shapes, starting weights and the forward pass in NumPy."""

import numpy as np
import pytest

from yaynay.config.schema import Model
from yaynay.models.network import ACTIVATIONS, Shape, forward, initial_weights, is_decayed, weights_from_values


class TestShape:
    @pytest.mark.parametrize(
        ("depth", "layers"),
        [(0, [(3, 1)]), (1, [(3, 8), (8, 1)]), (2, [(3, 8), (8, 8), (8, 1)]), (3, [(3, 8), (8, 8), (8, 8), (8, 1)])],
    )
    def test_depth_counts_hidden_layers(self, depth: int, layers: list[tuple[int, int]]) -> None:
        assert Shape(n_features=3, depth=depth, width=8).layers == layers

    def test_a_configuration_s_model_has_one_on_a_table(self) -> None:
        model = Model(depth=2, width=8, activation="tanh", skip=True, start=None)
        assert Shape.of(model, n_features=3) == Shape(3, 2, 8, activation="tanh", skip=True)

    def test_a_line_has_no_second_linear_path(self) -> None:
        assert not Shape(n_features=3, depth=0, skip=True).has_skip
        assert "skip.weight" not in Shape(n_features=3, depth=0, skip=True).weight_shapes
        assert Shape(n_features=3, depth=1, width=2, skip=True).weight_shapes["skip.weight"] == (3, 1)

    @pytest.mark.parametrize("skip", [False, True])
    def test_parameters_are_counted(self, skip: bool) -> None:
        shape = Shape(n_features=3, depth=2, width=8, skip=skip)
        assert shape.n_parameters == 3 * 8 + 8 + 8 * 8 + 8 + 8 + 1 + 3 * skip
        weights = initial_weights(shape, 1, seed=0)
        assert sum(array.size for array in weights.values()) == shape.n_parameters

    def test_decay_pulls_on_layer_weights_alone(self) -> None:
        names = Shape(n_features=3, depth=1, width=2, skip=True).weight_shapes
        assert [name for name in names if is_decayed(name)] == ["layer0.weight", "layer1.weight"]


class TestInitialWeights:
    @pytest.mark.parametrize(("activation", "gain"), [("relu", 2.0), ("silu", 2.0), ("tanh", 1.0)])
    def test_hidden_weights_have_the_variance_that_keeps_signals(self, activation: str, gain: float) -> None:
        weights = initial_weights(Shape(50, 2, 40, activation), 20, seed=0)
        for name, fan_in, gain_squared in (("layer0", 50, gain), ("layer1", 40, gain), ("layer2", 40, 1.0)):
            values = weights[f"{name}.weight"]
            error = 4 * np.sqrt(2 / values.size)  # four standard errors of a normal's variance
            assert values.var() * fan_in / gain_squared == pytest.approx(1, abs=error)

    def test_kinks_spread_over_standardised_data(self) -> None:
        weights = initial_weights(Shape(5, 1, 400), 10, seed=0)
        length = np.linalg.norm(weights["layer0.weight"], axis=1, keepdims=True)
        kinks = weights["layer0.bias"] / length  # signed distance of each unit's kink from the mean of the data
        assert kinks.std() == pytest.approx(1, abs=0.05)
        assert kinks.mean() == pytest.approx(0, abs=0.07)

    def test_later_biases_start_at_zero(self) -> None:
        weights = initial_weights(Shape(3, 2, 8), 4, seed=0)
        assert not weights["layer1.bias"].any()
        assert not weights["layer2.bias"].any()
        assert not initial_weights(Shape(3, 0), 4, seed=0)["layer0.bias"].any()

    def test_with_a_skip_the_network_starts_as_the_linear_path(self) -> None:
        shape = Shape(3, 2, 8, skip=True)
        weights = initial_weights(shape, 4, seed=0)
        weights["skip.weight"] = np.ones((4, 3, 1))
        x = np.random.default_rng(0).normal(size=(5, 3))
        np.testing.assert_allclose(forward(shape, weights, x), np.tile(x.sum(axis=1), (4, 1)))

    def test_the_seed_decides_and_zero_is_a_seed(self) -> None:
        shape = Shape(3, 1, 8)
        first, again, other = (initial_weights(shape, 2, seed)["layer0.weight"] for seed in (0, 0, 1))
        assert np.array_equal(first, again)
        assert not np.isclose(first, other).any()

    def test_members_differ(self) -> None:
        first, second = initial_weights(Shape(3, 1, 8), 2, seed=0)["layer0.weight"]
        assert not np.isclose(first, second).any()


class TestWeightsFromValues:
    def test_values_fill_the_arrays_in_order(self) -> None:
        weights = weights_from_values(Shape(2, 1, 2), 3, [1, 2, 3, 4, 5, 6, 7, 8, 9])
        assert weights["layer0.weight"].tolist() == [[[1, 2], [3, 4]]] * 3
        assert weights["layer0.bias"].tolist() == [[[5, 6]]] * 3
        assert weights["layer1.weight"].tolist() == [[[7], [8]]] * 3
        assert weights["layer1.bias"].tolist() == [[[9]]] * 3

    def test_another_count_is_refused_with_both_counts(self) -> None:
        with pytest.raises(ValueError, match="3 starting values for 2 parameters"):
            weights_from_values(Shape(1, 0), 1, [1.0, 2.0, 3.0])


class TestForward:
    def test_a_network_computed_by_hand(self) -> None:
        shape = Shape(1, 2, 2, skip=True)
        weights = weights_from_values(shape, 1, [1, -1, 0, 0.5, 1, 2, 3, -1, 0.5, 0, 1, 2, 0.1, 0.25])
        # x = 2: relu(2, -1.5) = (2, 0); relu(2 + 0.5, 4) = (2.5, 4); 2.5 + 8 + 0.1 + 0.5
        np.testing.assert_allclose(forward(shape, weights, np.array([[2.0]])), [[11.1]])

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_depth_zero_is_the_line_whatever_the_activation(self, activation: str) -> None:
        weights = weights_from_values(Shape(2, 0), 1, [2.0, -1.0, 0.5])
        outputs = forward(Shape(2, 0, activation=activation), weights, np.array([[1.0, 1.0], [0.0, 3.0]]))
        assert outputs.tolist() == [[1.5, -2.5]]

    def test_silu_of_huge_arguments_is_finite(self) -> None:
        shape = Shape(1, 1, 1, "silu")
        weights = weights_from_values(shape, 1, [1.0, 0.0, 1.0, 0.0])
        assert forward(shape, weights, np.array([[-1e4], [1e4]])).tolist() == [[0.0, 1e4]]

    def test_each_member_may_have_its_own_inputs(self) -> None:
        shape = Shape(3, 1, 8)
        weights = initial_weights(shape, 2, seed=0)
        x = np.random.default_rng(0).normal(size=(2, 5, 3))
        both = forward(shape, weights, x)
        for member in range(2):
            alone = {name: array[member : member + 1] for name, array in weights.items()}
            np.testing.assert_allclose(forward(shape, alone, x[member])[0], both[member])
