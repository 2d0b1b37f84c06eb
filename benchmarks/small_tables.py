"""How many updates small tables need: `trainer.min_steps` and `trainer.patience`, on generated truths.

    python benchmarks/small_tables.py --output small_tables.jsonl
    python benchmarks/small_tables.py --output small_tables.jsonl --summary

Each table is drawn from a truth with 30 to 200 rows. On it each variant of the trainer tunes networks with a skip
(depths 1 to 3, two learning rates) on one repeat of the plan, as a sweep does: in each outer split the inner folds
choose. One JSON line a table and variant, written as it is done; a second call goes on with what is missing.
"""

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.config import schema
from yaynay.config.schema import Configuration
from yaynay.data.prepare import make
from yaynay.models import least_squares
from yaynay.models.scores import rmse
from yaynay.sweep.fit import train
from yaynay.verdict.effect import measure

CONF = Path(__file__).parents[1] / "conf"
VARIANTS: dict[str, dict[str, int]] = {
    "before": {"min_steps": 1, "patience": 10, "max_epochs": 100},
    "10 steps, patience 10": {"min_steps": 10, "patience": 10, "max_epochs": 100},
    "20 steps, patience 10": {"min_steps": 20, "patience": 10, "max_epochs": 100},
    "5 steps, patience 10": {"min_steps": 5, "patience": 10, "max_epochs": 100},
    "20 steps, patience 5": {"min_steps": 20, "patience": 5, "max_epochs": 100},
}
N_FEATURES = {"linear": 5, "quadratic": 2, "sine": 1, "step": 2, "friedman1": 10}
N_ROWS = (30, 50, 80, 120, 200)
NOISES = (("gaussian", 1.0), ("gaussian", 3.0), ("t3", 3.0), ("funnel", 10.0))
"""Noise, and variance of the mean over variance of the noise."""


@dataclass(frozen=True)
class Drawn:
    """One table of the study."""

    truth: str
    n_rows: int
    noise: str
    snr: float
    seed: int

    @property
    def name(self) -> str:
        return f"{self.truth}/{self.n_rows}/{self.noise}/{self.snr:g}/{self.seed}"


def list_tables() -> list[Drawn]:
    """5 truths x 5 sizes x 4 noises, each with its own seed, in an order that mixes them."""
    cells = itertools.product(N_FEATURES, N_ROWS, NOISES)
    tables = [Drawn(truth, n_rows, *noise, seed=100 + number) for number, (truth, n_rows, noise) in enumerate(cells)]
    return [tables[number] for number in np.random.default_rng(0).permutation(len(tables))]


def configure(drawn: Drawn, trainer: dict[str, int], depth: int, lr: float) -> Configuration:
    words = [f"dataset={drawn.truth}", f"dataset.n_rows={drawn.n_rows}", f"dataset.noise={drawn.noise}"]
    words += [f"dataset.n_features={N_FEATURES[drawn.truth]}", f"dataset.snr={drawn.snr}", f"dataset.seed={drawn.seed}"]
    words += [f"trainer.{name}={value}" for name, value in trainer.items()]
    words += ["backend=torch", "model=skip", f"model.depth={depth}", f"optimizer.lr={lr}", "plan.n_repeats=1"]
    values: Any = OmegaConf.to_container(compose("config", words), resolve=True)
    return schema.parse(values)


def run(drawn: Drawn, variant: str) -> dict[str, Any]:
    """Out-of-fold errors of the line and of the tuned networks, against the target and against the true mean."""
    fleets = [[configure(drawn, VARIANTS[variant], depth, lr) for lr in (0.003, 0.01)] for depth in (1, 2, 3)]
    table, plan = make(fleets[0][0].dataset, fleets[0][0].plan)
    assert table.truth is not None
    clock = time.perf_counter()
    records = [record for fleet in fleets for record in train(fleet, table, plan)]
    seconds = time.perf_counter() - clock
    line = least_squares.fit(table, plan).folds
    effect = measure(table, plan, line, records)
    networks = np.argmin([record.arrays["inner_mse"] for record in records], axis=0)
    outer = plan.outer[0]
    alone = np.array([records[networks[fold]].arrays["predictions"][0, row] for row, fold in enumerate(outer)])
    mean = table.truth.mean
    return {
        "table": drawn.name,
        "truth": drawn.truth,
        "n_rows": drawn.n_rows,
        "variant": variant,
        "rmse_tuned": effect.rmse_network,
        "rmse_networks": rmse(alone - table.y),
        "rmse_line": effect.rmse_linear,
        "error_tuned": rmse(effect.predictions[0] - mean),
        "error_networks": rmse(alone - mean),
        "error_line": rmse(line.predictions[0] - mean),
        "best_epoch": float(np.mean([record.scores["best_epoch"] for record in records])),
        "n_epochs": int(np.max([len(record.arrays["train_loss"]) for record in records])),
        "fit_seconds": seconds,
    }


def median_ratio(ratios: np.ndarray) -> tuple[float, float, float]:
    """Median with its 90 % bootstrap interval over tables."""
    draws = np.random.default_rng(0).choice(ratios, (2000, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), [0.05, 0.95])
    return float(np.median(ratios)), float(low), float(high)


def summarise(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Each variant's errors and seconds over those before, over all tables, by size and by truth."""
    of = {(row["table"], row["variant"]): row for row in rows}
    groups: dict[str, Callable[[dict[str, Any]], bool]] = {"all": lambda row: True}
    groups |= {f"{n_rows} rows": lambda row, n_rows=n_rows: row["n_rows"] == n_rows for n_rows in N_ROWS}
    groups |= {truth: lambda row, truth=truth: row["truth"] == truth for truth in N_FEATURES}
    for variant in VARIANTS:
        pairs = [
            (of[row["table"], "before"], row)
            for row in rows
            if row["variant"] == variant and (row["table"], "before") in of
        ]
        for group, is_in in groups.items():
            here = [pair for pair in pairs if is_in(pair[1])]
            if not here or (variant == "before" and group == "all"):
                continue
            cells = [f"{variant} | {group} | {len(here)}"]
            for name in ("rmse_tuned", "error_tuned", "rmse_networks", "error_networks", "fit_seconds"):
                middle, low, high = median_ratio(np.array([ours[name] / before[name] for before, ours in here]))
                cells.append(f"{middle:.3f} ({low:.3f} to {high:.3f})")
            over_line = np.median([ours["error_tuned"] / ours["error_line"] for _, ours in here])
            yield " | ".join([*cells, f"{over_line:.3f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("small_tables.jsonl"))
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--summary", action="store_true", help="print what --output holds and stop")
    options = parser.parse_args()
    lines = options.output.read_text(encoding="utf-8").splitlines() if options.output.exists() else []
    rows = [json.loads(line) for line in lines]
    if options.summary:
        print("variant | tables | n | rmse tuned | error tuned | rmse networks | error networks | seconds | over line")
        for line in summarise(rows):
            print(line)
        return
    done = {(row["table"], row["variant"]) for row in rows}
    with initialize_config_dir(str(CONF), version_base=None), options.output.open("a", encoding="utf-8") as file:
        for drawn in list_tables():
            for variant in options.variants:
                if (drawn.name, variant) not in done:
                    file.write(json.dumps(run(drawn, variant)) + "\n")
                    file.flush()


if __name__ == "__main__":
    main()
