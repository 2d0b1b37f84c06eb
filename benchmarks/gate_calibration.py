"""How often the gate rejects linear tables, and how often it detects a curve.

    python benchmarks/gate_calibration.py --tables 400 --output gate_cells.csv --cells size/50
    python benchmarks/gate_calibration.py --summary --output gate_cells.csv

One CSV line a cell, written as it is done; a second call goes on with the cells that are missing. A cell's
tables depend on the cell's name alone, so a study can be made again in pieces and in any order.
"""

import argparse
import csv
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from yaynay.verdict import gate

Floats = NDArray[np.float64]
FIELDS = ("cell", "tables", "draws", "rejected", "rate", "low", "high", "seconds_a_table")
FEATURES = ("uniform", "normal", "lognormal", "mixed")
NOISES = ("gaussian", "t3", "funnel", "absolute", "skewed")
TRUTHS = ("line", "quadratic", "hinge", "sine", "step", "interaction")
ALPHA = 0.05


@dataclass(frozen=True)
class Cell:
    """One kind of table.

    Attributes:
        truth: What is added to the line; "line" adds nothing.
        gain: Share of the target's variance that the line misses and the truth explains.
        linear: Share of the target's variance that the line explains.
    """

    n_rows: int
    n_features: int
    features: str
    noise: str
    truth: str = "line"
    gain: float = 0.0
    linear: float = 0.5

    @property
    def name(self) -> str:
        kind = "size" if self.truth == "line" else "power"
        tail = "" if self.truth == "line" else f"/{self.truth}/{self.linear:g}+{self.gain:g}"
        return f"{kind}/{self.n_rows}/{self.n_features}/{self.features}/{self.noise}{tail}"


def list_cells() -> Iterator[Cell]:
    """The study: size on 15 designs x 4 features x 5 noises, then power where the gain is .05."""
    for n_rows in (15, 16):
        for noise in NOISES:
            yield Cell(n_rows, 1, "uniform", noise)
            yield Cell(n_rows, 1, "lognormal", noise)
    for n_rows in (50, 200, 1000):
        for n_features in (1, 5, 20):
            for features in FEATURES:
                for noise in NOISES:
                    yield Cell(n_rows, n_features, features, noise)
    for linear in (0.2, 0.5, 0.8):
        for n_rows, n_features in ((50, 1), (200, 1), (200, 5), (200, 20)):
            for truth in TRUTHS[1:]:
                if truth != "interaction" or n_features > 1:
                    yield Cell(n_rows, n_features, "uniform", "gaussian", truth, 0.05, linear)


def draw_features(rng: np.random.Generator, n_rows: int, n_features: int, kind: str) -> Floats:
    """Features (n_rows, n_features); "mixed" takes turns: counts, yes/no, waiting times, bell-shaped."""
    shape = (n_rows, n_features)
    if kind == "uniform":
        return rng.uniform(-1, 1, shape)
    if kind == "normal":
        return rng.normal(size=shape)
    if kind == "lognormal":
        return rng.lognormal(size=shape)
    turns = (
        lambda: rng.poisson(3, n_rows),
        lambda: rng.random(n_rows) < 0.3,
        lambda: rng.exponential(size=n_rows),
        lambda: rng.normal(size=n_rows),
    )
    return np.column_stack([turns[j % 4]() for j in range(n_features)]).astype(np.float64)


def draw_noise(rng: np.random.Generator, x: Floats, kind: str) -> Floats:
    """Noise with mean 0 given x; its spread may follow the first feature."""
    n_rows = len(x)
    if kind == "t3":
        return rng.standard_t(3, n_rows)
    if kind == "skewed":
        return rng.exponential(size=n_rows) - 1
    noise = rng.normal(size=n_rows)
    if kind == "funnel":
        return noise * (0.1 + 1.9 * stats.rankdata(x[:, 0]) / n_rows)
    if kind == "absolute":
        return noise * np.abs(x[:, 0] - x[:, 0].mean()) / max(float(x[:, 0].std()), 1e-12)
    return noise


def draw_curve(x: Floats, truth: str) -> Floats:
    """What the truth adds to the line, uncorrelated with the features, variance 1; features in [-1, 1]."""
    first, second = x[:, 0], x[:, min(1, x.shape[1] - 1)]
    curve = {
        "quadratic": first**2,
        "hinge": np.maximum(first, 0.3),
        "sine": np.sin(2 * np.pi * first),
        "step": np.where(first > 0.2, 1.0, 0.0),
        "interaction": first * second,
    }[truth]
    design = np.column_stack([np.ones(len(x)), x])
    curve = curve - design @ np.linalg.lstsq(design, curve, rcond=None)[0]
    return curve / curve.std()


def draw_table(rng: np.random.Generator, cell: Cell) -> tuple[Floats, Floats]:
    """A table of the cell's kind; the line never matters to the gate, so size cells have none."""
    x = draw_features(rng, cell.n_rows, cell.n_features, cell.features)
    noise = draw_noise(rng, x, cell.noise)
    if cell.truth == "line":
        return x, noise
    line = x.sum(axis=1) * np.sqrt(3 / cell.n_features)
    rest = 1 - cell.linear - cell.gain
    curve = draw_curve(x, cell.truth)
    return x, np.sqrt(cell.linear) * line + np.sqrt(cell.gain) * curve + np.sqrt(rest) * noise


def run(cell: Cell, n_tables: int, n_draws: int) -> dict[str, object]:
    """Share of the cell's tables that the gate rejects, with its 95 % Clopper-Pearson interval."""
    rng = np.random.default_rng(zlib.crc32(cell.name.encode()))
    began = time.perf_counter()
    rejected = 0
    for table in range(n_tables):
        x, y = draw_table(rng, cell)
        rejected += gate.measure(x, y, seed=table, n_draws=n_draws).p_value <= ALPHA
    seconds = (time.perf_counter() - began) / n_tables
    interval = stats.binomtest(rejected, n_tables).proportion_ci()
    rates = (rejected / n_tables, interval.low, interval.high, seconds)
    return dict(zip(FIELDS, (cell.name, n_tables, n_draws, rejected, *(round(r, 4) for r in rates)), strict=True))


def summarise(output: Path) -> None:
    """Print each group of size cells, the cells outside 3 to 7 % beyond chance, and the power."""
    with output.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        kind, n_rows, n_features, *_ = row["cell"].split("/")
        groups.setdefault(f"{kind} n={n_rows} p={n_features}", []).append(row)
    for group, members in groups.items():
        rates = [float(row["rate"]) for row in members]
        line = f"{group}: {len(rates)} cells, mean {np.mean(rates):.3f}, {min(rates):.3f} to {max(rates):.3f}"
        print(line)
    for row in rows:
        is_size = row["cell"].startswith("size")
        if is_size and (float(row["low"]) > 0.07 or float(row["high"]) < 0.03):
            print(f"outside 3 to 7 %: {row['cell']} {row['rate']} [{row['low']}, {row['high']}]")
        if not is_size:
            print(f"{row['cell']} {row['rate']}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Size and power of the gate, a CSV line a cell.")
    parser.add_argument("--tables", type=int, default=400, help="tables per cell")
    parser.add_argument("--draws", type=int, default=499, help="bootstrap draws per table")
    parser.add_argument("--output", type=Path, default=Path("gate_cells.csv"))
    parser.add_argument("--cells", default="", help="only cells whose name contains this, as size/50/1/")
    parser.add_argument("--summary", action="store_true", help="print what --output holds and stop")
    options = parser.parse_args()
    if options.summary:
        summarise(options.output)
        return
    done: set[str] = set()
    if options.output.exists():
        with options.output.open(encoding="utf-8", newline="") as file:
            done = {row["cell"] for row in csv.DictReader(file)}
    with options.output.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if not done:
            writer.writeheader()
        for cell in list_cells():
            if options.cells in cell.name and cell.name not in done:
                writer.writerow(run(cell, options.tables, options.draws))
                file.flush()


if __name__ == "__main__":
    main()
