"""How often the right term is named, and what it is worth: `backend=terms` on generated truths.

    python benchmarks/terms.py

Each table is drawn from a truth, terms are chosen on the inner folds of all of its rows, and 4,000 further rows
say how much is explained. Writes the table of docs/studies/terms.md, within a minute on one core.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.plan import make_plan
from yaynay.models import ols, terms

PAGE = Path(__file__).parents[1] / "docs" / "studies" / "terms.md"
BEGIN, END = "<!-- benchmarks/terms.py: begin -->", "<!-- benchmarks/terms.py: end -->"
SIZES = (100, 300, 1000)
N_NEW = 4000
LOWEST = 0.05
"""Features go from here to 1 more: their logarithms have no pole."""

Floats = NDArray[np.float64]
Named = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Truth:
    """Where tables come from.

    Attributes:
        name: In the table.
        mean: Of the target, given features (n_rows, n_features) from 0.05 to 1.05, (n_rows,).
        right: Terms of which one is right, for each part of the truth.
        said: The same in words.
        n_features: Columns, of which some do nothing.
        is_log: Whether the mean is that of the target's logarithm.
    """

    name: str
    mean: Callable[[Floats], Floats]
    right: tuple[tuple[Named, ...], ...]
    said: str
    n_features: int = 5
    is_log: bool = False


def curve(feature: int) -> tuple[Named, ...]:
    """Any term that bends the line along a feature."""
    return tuple((kind, (feature,)) for kind in ("square", "log", "spline"))


def friedman1(x: Floats) -> Floats:
    """Its features go from 0 to 1."""
    u = x - LOWEST
    return 10 * np.sin(np.pi * u[:, 0] * u[:, 1]) + 20 * (u[:, 2] - 0.5) ** 2 + 10 * u[:, 3] + 5 * u[:, 4]


SQUARE, PRODUCT, LOG = (("square", (1,)),), (("product", (0, 1)),), (("log", (2,)),)
TRUTHS = (
    Truth("line", lambda x: x[:, 0] - x[:, 1] + x[:, 2], (), "none"),
    Truth("square", lambda x: x[:, 0] + 4 * (x[:, 1] - 0.4) ** 2, (SQUARE,), "the square"),
    Truth("product", lambda x: x[:, 2] + 4 * (x[:, 0] - 0.4) * (x[:, 1] - 0.4), (PRODUCT,), "the product"),
    Truth("logarithm", lambda x: x[:, 0] + np.log(x[:, 2]), (LOG,), "the logarithm"),
    Truth("step", lambda x: x[:, 0] + 2.0 * (x[:, 1] > 0.7), (curve(1),), "any curve of that feature"),
    Truth(
        "sum of all",
        lambda x: (
            3 * (x[:, 1] - 0.4) ** 2 + 3 * (x[:, 0] - 0.4) * (x[:, 1] - 0.4) + np.log(x[:, 2]) / 2 + (x[:, 3] > 0.7)
        ),
        (SQUARE, PRODUCT, LOG, curve(3)),
        "all four",
    ),
    Truth(
        "friedman1",
        friedman1,
        ((("square", (2,)),), curve(0), curve(1)),
        "the square and two curves",
        n_features=10,
    ),
    Truth("product of powers", lambda x: 2 * np.log(x[:, 0]) - x[:, 1], (), "the target's logarithm", is_log=True),
)


def draw(truth: Truth, n_rows: int, dice: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Features, the target, and its mean given the features; 80 % of what varies is explained by the truth."""
    x = LOWEST + dice.uniform(size=(n_rows, truth.n_features))
    mean = truth.mean(x)
    scale = 0.5 * np.std(truth.mean(LOWEST + np.random.default_rng(0).uniform(size=(20_000, truth.n_features))))
    y = mean + scale * dice.normal(size=n_rows)
    return (x, np.exp(y), np.exp(mean + scale**2 / 2)) if truth.is_log else (x, y, mean)


def explain(y: Floats, predictions: Floats) -> float:
    """Share of the variance that predictions explain [%]."""
    return 100 * (1 - float(np.mean((y - predictions) ** 2) / np.var(y)))


def measure(truth: Truth, n_rows: int, seed: int) -> dict[str, float]:
    """One table: whether the right terms are named, how many others, and what line, terms and truth explain."""
    dice = np.random.default_rng([seed, n_rows, TRUTHS.index(truth)])
    x, y, _ = draw(truth, n_rows, dice)
    new_x, new_y, mean = draw(truth, N_NEW, dice)
    inner = make_plan(np.arange(n_rows), "", truth.n_features, n_repeats=1, seed=seed).whole
    formula = terms.fit(x, y, inner).formula
    named = {(term.kind, term.features) for term in formula.terms}
    is_right = all(named & set(part) for part in truth.right) and truth.is_log == (formula.log is not None)
    if truth.name == "line":
        is_right &= not named
    return {
        "right": 100.0 * is_right,
        "others": float(len(named - {term for part in truth.right for term in part})),
        "line": explain(new_y, ols.fit(x, y).predict(new_x)),
        "terms": explain(new_y, formula.predict(new_x)),
        "truth": explain(new_y, mean),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    rows = ["| truth | right | rows | named | further terms | R² of the line | of terms | of the truth |"]
    rows.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for truth in TRUTHS:
        for n_rows in SIZES:
            found = pd.DataFrame([measure(truth, n_rows, seed) for seed in range(options.seeds)]).mean()
            rows.append(
                f"| {truth.name} | {truth.said} | {n_rows:,} | {found['right']:.0f} % | {found['others']:.2f} | "
                f"{found['line']:.1f} % | {found['terms']:.1f} % | {found['truth']:.1f} % |"
            )
            print(rows[-1], flush=True)
    text = options.page.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    table = "\n".join(rows)
    options.page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
