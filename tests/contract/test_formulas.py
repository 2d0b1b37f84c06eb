"""Every backend's optimizer against its formula in NumPy."""

import numpy as np
import pytest
from contract.fleets import fit, make_fleet

from yaynay.models.fleet import Draw
from yaynay.models.network import Shape

RATES = Draw(lr=0.05, weight_decay=0.3, seed=0)
IS_DECAYED = np.array([1, 1, 1, 0])  # three slopes, and the intercept


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_five_steps_follow_the_formula(backend: str, optimizer: str) -> None:
    fleet = make_fleet(RATES, shape=Shape(3, 0), optimizer=optimizer, batch_size=None, max_epochs=5)
    fitted, start = fit(fleet, backend), fleet.weights()
    for unit in range(len(fleet.units)):
        rows = fleet.units.train_rows[unit, : fleet.units.n_train[unit]]
        x = np.column_stack([fleet.units.standardise(fleet.x[rows], unit), np.ones(len(rows))])
        y = (fleet.y[rows] - fleet.units.y_mean[unit]) / fleet.units.y_scale[unit]
        weights = np.append(start["layer0.weight"][unit], start["layer0.bias"][unit])
        first = second = np.zeros(4)
        for step in range(1, 6):
            slope = 2 * x.T @ (x @ weights - y) / len(y)
            decay = RATES.weight_decay * weights * IS_DECAYED
            if optimizer == "adamw":
                weights = weights - RATES.lr * decay
            else:
                slope = slope + decay
            first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
            scaled = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            weights = weights - RATES.lr * (slope if optimizer == "sgd" else scaled)
        slopes = fitted.weights["layer0.weight"][unit, :, 0]  # the intercept's gradient is rounding alone
        np.testing.assert_allclose(slopes, weights[:3], rtol=1e-9)
