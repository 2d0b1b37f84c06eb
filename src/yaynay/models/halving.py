"""Successive halving: after two rungs only the best configurations of a fleet go on, in each outer split on its own.

A rung ranks the configurations of a split by their inner folds alone, so a split's test rows have no part in which
of its networks go on, and the choice of nested cross-validation stays valid.

Source:
    Jamieson & Talwalkar (2016), Non-stochastic Best Arm Identification and Hyperparameter Optimization.
"""

import numpy as np
from numpy.typing import NDArray

NONE = -2
"""Stands for the split of a unit without held-out rows."""


def rungs(max_epochs: int, eta: int) -> dict[int, int]:
    """Number of epochs before each rung, and the divisor of the configurations that go on after it.

    There are two: at eta**2 and eta times fewer epochs than the last, which makes the three rounds about equally dear.
    An earlier one would rank learning rates by their first steps, which favours the high ones.

    >>> rungs(max_epochs=100, eta=3)
    {12: 3, 34: 9}
    """
    planned = {-(-max_epochs // eta**2): eta, -(-max_epochs // eta): eta**2}
    return {epoch: divisor for epoch, divisor in planned.items() if epoch < max_epochs}


def find_losers(
    loss: NDArray[np.float64], is_out: NDArray[np.bool_], split: NDArray[np.intp], n_kept: int
) -> NDArray[np.bool_]:
    """Which members' configurations do not go on in the member's split.

    Args:
        loss: Best validation loss so far of each member; infinite where it diverged, (n_configurations, n_units).
        is_out: Members whose configuration is out already, of the same shape.
        split: Outer split of each unit, `NONE` for a unit without held-out rows: it stays, (n_units,).
        n_kept: Configurations of a split that go on; of equals the first.

    Returns:
        (n_configurations, n_units) bool.
    """
    loses = is_out.copy()
    for number in np.unique(split[split != NONE]):
        units = np.flatnonzero(split == number)
        mean = np.where(is_out[:, units[0]], np.inf, loss[:, units].mean(axis=1))
        order = np.argsort(np.nan_to_num(mean, nan=np.inf, posinf=np.inf), kind="stable")
        loses[np.ix_(order[n_kept:], units)] = True
    return loses
