"""The gate's false alarms and its eyesight, on a study small enough to run each time.

benchmarks/gate_calibration.py is the large one; docs/gate.md has what it measured.
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from yaynay.verdict import gate

N_TABLES = 300
N_DRAWS = 199


def p_values(n_features: int, curve: float, spread: str) -> NDArray[np.float64]:
    """p of N_TABLES tables of 40 rows: a line, a share of a parabola, and noise."""
    values = []
    for seed in range(N_TABLES):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(40, n_features))
        noise = rng.standard_t(3, 40) if spread == "heavy tails" else rng.normal(size=40)
        if spread == "funnel":
            noise *= np.exp(x[:, 0] / 2)
        y = x.sum(axis=1) + curve * x[:, 0] ** 2 + noise
        values.append(gate.measure(x, y, seed=seed, n_draws=N_DRAWS).p_value)
    return np.array(values)


@pytest.mark.parametrize(("n_features", "spread"), [(1, "even"), (1, "heavy tails"), (1, "funnel"), (4, "funnel")])
def test_lines_pass_at_the_promised_rate(n_features: int, spread: str) -> None:
    p = p_values(n_features, 0.0, spread)
    rejected = int(np.sum(p <= 0.05))
    interval = stats.binomtest(rejected, N_TABLES).proportion_ci(0.99)
    assert interval.low <= 0.07, f"{rejected} of {N_TABLES} lines taken for curves"
    assert interval.high >= 0.03, f"only {rejected} of {N_TABLES}: the test is too shy"
    median_interval = stats.binomtest(int(np.sum(p <= 0.5)), N_TABLES).proportion_ci(0.999)
    assert median_interval.low <= 0.5 <= median_interval.high, f"the median p is {np.median(p)}"


def test_parabolas_do_not_pass() -> None:
    assert np.mean(p_values(1, 0.7, "even") <= 0.05) > 0.8
