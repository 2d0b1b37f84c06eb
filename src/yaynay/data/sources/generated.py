"""Generated tables whose right answer is known: the conditional mean and the noise of every row.

The noise of a table is scaled so that variance(mean) / mean variance of the noise is the requested ratio in
the rows that were drawn.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.table import Table
from yaynay.data.truth import Truth

Floats = NDArray[np.float64]
Noise = Literal["gaussian", "t3", "funnel"]

DECIMALS = 12
"""Values are rounded to this, because the last bits of sin and exp differ between machines."""


def linear(x: Floats) -> Floats:
    """Sum of x_j / j with alternating signs; the right answer is nay."""
    weights = 1 / np.arange(1, x.shape[1] + 1)
    weights[1::2] *= -1
    return x @ weights


def quadratic(x: Floats) -> Floats:
    """Sum of x_j + x_j ** 2, x_j from -2 to 2: a line explains about half of it."""
    return np.sum(x + x**2, axis=1)


def sine(x: Floats) -> Floats:
    """Sum of two periods of a sine, x_j from -pi to pi: a line explains about a seventh of it."""
    return np.sum(np.sin(2 * x), axis=1)


def step(x: Floats) -> Floats:
    """Number of features above one half, x_j from -1 to 1: a line explains about half of it."""
    return np.sum(x > 0.5, axis=1, dtype=np.float64)


def friedman1(x: Floats) -> Floats:
    """Five features with an interaction, a parabola and two slopes, x_j from 0 to 1; the others do nothing.

    Source:
        Friedman (1991), Multivariate adaptive regression splines.
    """
    curve = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    return curve + 10 * x[:, 3] + 5 * x[:, 4]


MEANS: Mapping[str, tuple[Callable[[Floats], Floats], float, float]] = {
    "linear": (linear, -1.0, 1.0),
    "quadratic": (quadratic, -2.0, 2.0),
    "sine": (sine, -np.pi, np.pi),
    "step": (step, -1.0, 1.0),
    "friedman1": (friedman1, 0.0, 1.0),
}
"""Conditional mean of each table, and the range in which its features are uniform."""


def draw(name: str, n_rows: int, n_features: int, noise: Noise, snr: float, seed: int) -> Table:
    """Draw a table.

    Args:
        name: A key of `MEANS`.
        n_rows: Rows.
        n_features: Features, independent and uniform.
        noise: "gaussian"; "t3", Student's t with three degrees of freedom; or "funnel", Gaussian whose
            standard deviation grows tenfold along the first feature.
        snr: Variance of the mean over variance of the noise.
        seed: Same seed, same table.
    """
    mean_of, low, high = MEANS[name]
    rng = np.random.default_rng([seed, 1])
    x = np.round(rng.uniform(low, high, size=(n_rows, n_features)), DECIMALS)
    mean = np.round(mean_of(x), DECIMALS)
    spread = 1 + 9 * (x[:, 0] - low) / (high - low) if noise == "funnel" else np.ones(n_rows)
    noise_sd = spread * np.sqrt(np.var(mean) / snr / np.mean(spread**2))
    # the variance of a t with 3 degrees of freedom is 3
    is_t3 = noise == "t3"
    deviates = rng.standard_t(3, size=n_rows) / np.sqrt(3) if is_t3 else rng.standard_normal(n_rows)
    columns = {f"x{number}": x[:, number - 1] for number in range(1, n_features + 1)}
    return Table(
        name=name,
        frame=pd.DataFrame(columns | {"y": np.round(mean + noise_sd * deviates, DECIMALS)}),
        target="y",
        source=f"generated: {name}, {noise} noise, signal to noise {snr:g}, seed {seed}",
        truth=Truth(mean, np.round(noise_sd, DECIMALS)),
    )
