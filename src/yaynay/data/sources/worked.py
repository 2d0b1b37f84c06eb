"""The worked examples of regression tutorials, number for number, and two tables that their stories need."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from yaynay.data.sources.generated import DECIMALS
from yaynay.data.table import Table
from yaynay.data.truth import Truth

INCOME_NOISE_SD = 4.0
"""[thousand a year]"""


def scatter_10() -> Table:
    """Ten points near a line: slope 1.16969697, intercept 1.23636364."""
    return _points("scatter_10", range(10), [1, 3, 2, 5, 7, 8, 8, 9, 10, 12], "least squares by hand")


def tensorflow_line() -> Table:
    """Fifty points around y = x, both coordinates jittered."""
    x, y, _ = _draw_tensorflow_line()
    return _points("tensorflow_line", x, y, "TensorFlow, gradient descent row by row")


def tensorflow_line_start() -> tuple[float, float]:
    """Slope and intercept that the TensorFlow example starts from.

    They are the next two normals of its generator, as float32.
    """
    return _draw_tensorflow_line()[2]


def _draw_tensorflow_line() -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[float, float]]:
    rng = np.random.RandomState(101)
    x = np.linspace(0, 50, 50)
    y = np.linspace(0, 50, 50)
    x += rng.uniform(-4, 4, 50)
    y += rng.uniform(-4, 4, 50)
    slope, intercept = rng.standard_normal(2).astype(np.float32).tolist()
    return x, y, (slope, intercept)


def pytorch_line() -> Table:
    """Three points on y = 2 x; the prediction at x = 4 should be close to 8."""
    return _points("pytorch_line", [1, 2, 3], [2, 4, 6], "PyTorch, one linear unit")


def theano_points() -> Table:
    """Sixteen points: slope 0.28268068, intercept 0.45053705."""
    x = [3, 4, 5, 6.1, 6.3, 2.88, 8.89, 5.62, 6.9, 1.97, 8.22, 9.81, 4.83, 7.27, 5.14, 3.08]
    y = [0.9, 1.6, 1.9, 2.9, 1.54, 1.43, 3.06, 2.36, 2.3, 1.11, 2.57, 3.15, 1.5, 2.64, 2.20, 1.21]
    return _points("theano_points", x, y, "Theano, full-batch gradient descent")


def mean_income(age: ArrayLike) -> NDArray[np.float64]:
    """Mean income at an age [thousand a year].

    Twenty at 18, towards 60 early in the career, and down by 40 % of that around 66:

        20 + 40 (1 - exp(-(age - 18) / 8)) - 24 / (1 + exp(-(age - 66) / 1.5))

    >>> mean_income([18, 30, 50, 70, 80]).round(1).tolist()
    [20.0, 51.1, 59.3, 37.5, 36.0]
    """
    years = np.asarray(age, dtype=np.float64)
    career = 40 * (1 - np.exp(-(years - 18) / 8))
    return 20 + career - 24 / (1 + np.exp(-(years - 66) / 1.5))


def age_income() -> Table:
    """Income by age, from 18 to 80: it rises, flattens, and falls on retirement; a line keeps rising."""
    rng = np.random.default_rng(1)
    n_rows = 400
    # fewer of the old, as in a population
    age = np.floor(18 + 63 * rng.beta(1.2, 1.8, size=n_rows))
    mean = np.round(mean_income(age), DECIMALS)
    income = np.round(mean + INCOME_NOISE_SD * rng.standard_normal(n_rows), DECIMALS)
    return Table(
        name="age_income",
        frame=pd.DataFrame({"age": age, "income": income}),
        target="income",
        source="generated: a career and its retirement, Gaussian noise [years; thousand a year]",
        truth=Truth(mean, np.full(n_rows, INCOME_NOISE_SD)),
    )


def facebook_revenue() -> Table:
    """Facebook's users and revenue, one row per year, 2009 to 2023."""
    users = [360, 608, 845, 1056, 1228, 1393, 1591, 1860, 2129, 2320, 2498, 2797, 2912, 2963, 3065]
    revenue = [777, 1974, 3711, 5089, 7872, 12466, 17928, 27638, 40653, 55838, 70697, 85965, 117929, 116609]
    return Table(
        name="facebook_revenue",
        frame=pd.DataFrame({"users": users, "revenue": [*revenue, 134902]}),
        target="revenue",
        source="Facebook's monthly active users in December [millions] and revenue of the year [million US "
        "dollars], as a tutorial gives them",
        notes=("rows are years in order, so they are not independent",),
    )


def _points(name: str, x: Any, y: Any, source: str) -> Table:
    frame = pd.DataFrame({"x": np.array(x, dtype=np.float64), "y": np.array(y, dtype=np.float64)})
    return Table(name=name, frame=frame, target="y", source=f"a tutorial's hello world: {source}")


TABLES: Mapping[str, Callable[[], Table]] = {
    make.__name__: make
    for make in (scatter_10, tensorflow_line, pytorch_line, theano_points, age_income, facebook_revenue)
}
