"""What an epoch costs on each backend, and what comes before the first one.

    OMP_NUM_THREADS=1 python benchmarks/backend_epochs.py --rounds 5 --output benchmarks/backend_epochs.csv

Every round runs the backends one after the other, each in its own process, so that whatever slows the machine
down affects all of them. The first round finds PyTensor's cache empty, the later ones find it filled. Seconds are
medians: over the rounds, of each round's median epoch.
"""

import argparse
import csv
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from yaynay.config.schema import Optimizer, Trainer
from yaynay.models.backends import base
from yaynay.models.fleet import Fleet
from yaynay.models.network import Shape
from yaynay.models.units import WHOLE, Units

CASES: dict[str, dict[str, Any]] = {
    "fleet": {"depth": 2, "n_members": 64, "n_rows": 1000, "batch_size": 128, "max_epochs": 20},
    "fleet64": {"depth": 2, "n_members": 64, "n_rows": 1000, "batch_size": 128, "max_epochs": 20, "precision": 64},
    "one_row": {"depth": 0, "n_members": 1, "n_rows": 50, "batch_size": 1, "max_epochs": 60, "optimizer": "sgd"},
    "full_batch": {"depth": 0, "n_members": 1, "n_rows": 16, "batch_size": 16, "max_epochs": 500, "optimizer": "sgd"},
}
"""`fleet` is the usual load; `one_row` (50 steps per epoch) and `full_batch` (one step) are overhead alone."""

FIELDS = ("case", "backend", "import_seconds", "first_cold_seconds", "first_warm_seconds", "epoch_seconds", "ratio")


def make_fleet(
    depth: int,
    n_members: int,
    n_rows: int,
    n_features: int = 5,
    width: int = 64,
    optimizer: str = "adamw",
    **options: Any,
) -> Fleet:
    """Members that all train on the whole of one random table; nothing is held out."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n_rows, n_features)), rng.normal(size=n_rows)
    units = Units(
        split=np.full(n_members, WHOLE),
        n_train=np.full(n_members, n_rows),
        n_validation=np.zeros(n_members, dtype=int),
        train_rows=np.tile(np.arange(n_rows), (n_members, 1)),
        validation_rows=np.empty((n_members, 0), dtype=int),
        x_mean=np.zeros((n_members, n_features)),
        x_factor=np.ones((n_members, n_features)),
        y_mean=np.zeros(n_members),
        y_scale=np.ones(n_members),
    )
    values = {"early_stopping": False, "patience": 1, "loss": "mean", "shuffle": True, "standardise": True}
    values |= {"min_steps": 1}
    trainer = Trainer.model_validate(values | {"precision": 32, "accelerator": "cpu"} | options)
    rates = Optimizer.model_validate({"name": optimizer, "lr": 1e-3, "weight_decay": 1e-2})
    return Fleet(Shape(n_features, depth, width), trainer, (rates,), (0,), x, y, units)


def measure(backend: str) -> dict[str, Any]:
    """Seconds of the import, and of the first and the median epoch of each case, in this process."""
    started = time.perf_counter()
    base.load(backend)
    found: dict[str, Any] = {"import_seconds": time.perf_counter() - started}
    for case, options in CASES.items():
        epochs = np.diff(_epoch_ends(make_fleet(**options), backend))
        found[case] = {"first": epochs[0], "epoch": float(np.median(epochs[2:]))}
    return found


def _epoch_ends(fleet: Fleet, backend: str) -> list[float]:
    """Times at which training starts and each epoch ends [s]."""
    ends = [time.perf_counter()]
    base.fit(fleet, backend, "cpu", lambda _: ends.append(time.perf_counter()))
    return ends


def run_rounds(n_rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Results of each installed backend, one entry per round."""
    backends = [name for name in base.MODULES if importlib.util.find_spec(name)]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in backends}
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={cache}"}
        for number in range(n_rounds):
            for name in backends[number % len(backends) :] + backends[: number % len(backends)]:
                command = [sys.executable, __file__, "--measure", name]
                done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
                found[name].append(json.loads(done.stdout.splitlines()[-1]))
    return found


def tabulate(found: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One row per case and backend; `ratio` is to the fastest backend's epoch."""
    rows: list[dict[str, Any]] = []
    for case in CASES:
        epochs = {
            name: float(np.median([result[case]["epoch"] for result in rounds])) for name, rounds in found.items()
        }
        for name, rounds in found.items():
            firsts = [result[case]["first"] for result in rounds]
            values = [
                float(np.median([result["import_seconds"] for result in rounds])),
                firsts[0],
                float(np.median(firsts[1:] or firsts)),
                epochs[name],
                epochs[name] / min(epochs.values()),
            ]
            rows.append(dict(zip(FIELDS, [case, name, *(f"{value:.4g}" for value in values)], strict=True)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".csv"))
    parser.add_argument("--measure", choices=list(base.MODULES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    rows = tabulate(run_rounds(options.rounds))
    with options.output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    for row in [dict(zip(FIELDS, FIELDS, strict=True)), *rows]:
        print("  ".join(f"{row[field]:>18}" for field in FIELDS))


if __name__ == "__main__":
    main()
