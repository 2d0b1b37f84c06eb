"""The gate's false alarms and its power, in a study small enough to run each time.

benchmarks/gate_calibration.py is the large one; docs/gate.md has what it measured.
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from yaynay.verdict import gate

N_TABLES = 1000
"""Lines of each cell."""
N_DRAWS = 99
"""The fewest with which p <= 5 % has exactly its promised probability: the smallest p is 1 %."""
CELLS = ((1, "even"), (1, "heavy tails"), (1, "funnel"), (4, "funnel"))
N_LINES = N_TABLES * len(CELLS)
LEAST, MOST = 162, 240
"""Rejections of 4,000 lines that agree with a size of 5 %: 4.05 to 6 %."""


def agrees(n_rejected: int) -> bool:
    """Whether this many of `N_LINES` lines mistaken for curves agree with the promise."""
    return LEAST <= n_rejected <= MOST


def p_values(n_features: int, curve: float, spread: str, n_tables: int) -> NDArray[np.float64]:
    """p of tables of 40 rows: a line, a share of a parabola, and noise."""
    values = []
    for seed in range(n_tables):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(40, n_features))
        noise = rng.standard_t(3, 40) if spread == "heavy tails" else rng.normal(size=40)
        if spread == "funnel":
            noise *= np.exp(x[:, 0] / 2)
        y = x.sum(axis=1) + curve * x[:, 0] ** 2 + noise
        values.append(gate.measure(x, y, seed=seed, n_draws=N_DRAWS).p_value)
    return np.array(values)


@pytest.mark.parametrize(
    ("size", "least", "most"), [(0.05, 0.995, 1.0), (0.07, 0.0, 0.007), (0.035, 0.0, 0.05), (0.1, 0.0, 1e-9)]
)
def test_the_next_test_can_fail_and_seldom_fails_for_nothing(size: float, least: float, most: float) -> None:
    """It passes a gate of this true size with a probability between these bounds, by the binomial distribution."""
    passes = sum(binom.pmf(n_rejected, N_LINES, size) for n_rejected in range(N_LINES + 1) if agrees(n_rejected))
    assert least <= passes <= most


def test_lines_pass_at_the_promised_rate() -> None:
    """A gate of true size 5 % fails this once in 250 (0.4 %), and one of 7 % passes it once in 160 (0.6 %).

    The cells are pooled, so one at 7 % beside three at 5 % passes: docs/gate.md has each cell's rate.
    """
    p = np.concatenate([p_values(n_features, 0.0, spread, N_TABLES) for n_features, spread in CELLS])
    n_rejected = int(np.sum(p <= 0.05))
    assert agrees(n_rejected), f"{n_rejected} of {N_LINES} lines taken for curves; allowed: {LEAST} to {MOST}"
    n_low = int(np.sum(p <= 0.5))
    low, high = binom.interval(0.999, N_LINES, 0.5)
    assert low <= n_low <= high, f"{n_low} of {N_LINES} p values are at most 0.5, the median {np.median(p)}"


def test_parabolas_do_not_pass() -> None:
    assert np.mean(p_values(1, 0.7, "even", 300) <= 0.05) > 0.8
