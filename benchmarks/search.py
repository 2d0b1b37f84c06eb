"""What a random search costs with successive halving and without, and what halving loses.

    python benchmarks/search.py                          # both parts; resumes where an interrupted run stopped
    python benchmarks/search.py --part halved --fresh    # one part, from the start
    python benchmarks/search.py --trials 20              # a rehearsal
    python benchmarks/search.py --repeats 1              # outer folds once instead of five times: a fifth of the work

Both parts are the same command with the same trials, in a new project with a new MLflow store; one sets
trainer.halving=null. Other programs may use the cores meanwhile, so the time of the processors is measured beside the
wall time: user and system time of the command and of every process below it, sampled while they live. The file has
one entry per part and size.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from yaynay.config.schema import CLOSED_FORMS

REPOSITORY = Path(__file__).parents[1]
PARTS = {"halved": [], "exhaustive": ["trainer.halving=null"]}
_EVERY = 0.1
"""Between two looks at the processes [s]."""


def search(n_trials: int, n_repeats: int | None) -> list[str]:
    """The command without what differs between the parts."""
    words = ["sweep=search", "dataset=friedman1", "model.depth=1", f"hydra.sweeper.n_trials={n_trials}"]
    words += [] if n_repeats is None else [f"plan.n_repeats={n_repeats}"]
    return [sys.executable, "-m", "yaynay.train", "-m", *words, "hydra.launcher.n_jobs=2"]


def make_project(folder: Path) -> None:
    """A checkout's configuration, without data, records or runs."""
    folder.mkdir(parents=True)
    shutil.copytree(REPOSITORY / "conf", folder / "conf")
    shutil.copy(REPOSITORY / "dvc.yaml", folder)


def run(command: list[str], folder: Path) -> dict[str, Any]:
    """Run a command to its end: wall time, processor time and the largest memory of all its processes together."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment |= {"PYTHONPATH": str(REPOSITORY / "src"), "PYTHONWARNINGS": "ignore"}
    spent: dict[tuple[int, float], float] = {}
    peak, started, before = 0, time.perf_counter(), os.getloadavg()[0]
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            peak = max(peak, _look(process.pid, spent))
            time.sleep(_EVERY)
    printed = (folder / "output.txt").read_text()
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}: {printed[-500:]}")
    return {
        "wall_seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(sum(spent.values()), 1),
        "peak_mib": round(peak / 2**20),
        "load_before": round(before, 2),
        "printed": printed.strip().splitlines(),
    }


def _look(pid: int, spent: dict[tuple[int, float], float]) -> int:
    """Note the processor time of each process [s]; memory of all, a page that two share counted twice [bytes]."""
    memory = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            times = process.cpu_times()
            spent[process.pid, process.create_time()] = times.user + times.system
            memory += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return memory


def read_results(folder: Path) -> dict[str, Any]:
    """Best scores of the records, and how many runs MLflow has."""
    records = [json.loads(path.read_text()) for path in (folder / "records" / "runs").glob("*/record.json")]
    scores = [record["scores"] for record in records if "n_steps" in record["scores"]]  # no baselines
    best = min(scores, key=lambda each: each["val/rmse"])
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        ((n_runs,),) = connection.execute("select count(*) from runs where status = 'FINISHED'").fetchall()
    return {
        "n_finished": len(scores),
        "n_tracked": n_runs - 1 - len(CLOSED_FORMS),  # without the sweep's own run and its baselines
        "best_val_rmse": best["val/rmse"],
        "its_test_rmse": best["test/rmse"],
        "n_steps": sum(each["n_steps"] for each in scores) / len(scores),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--repeats", type=int, help="repeats of the outer folds; the default plan's without")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "yaynay-search")
    parser.add_argument("--fresh", action="store_true")
    options = parser.parse_args()
    for part in options.part or PARTS:
        entry = f"{part}, {options.trials} trials"
        entry += f", {options.repeats} repeats" if options.repeats else ""
        folder = options.folder / entry.replace(", ", "-").replace(" ", "-")
        found = json.loads(options.out.read_text()) if options.out.is_file() else {}
        if entry in found and not options.fresh:
            continue
        if options.fresh:
            shutil.rmtree(folder, ignore_errors=True)
        is_resumed = folder.is_dir()
        if not is_resumed:
            make_project(folder)
        measured = run([*search(options.trials, options.repeats), *PARTS[part]], folder)
        found[entry] = {"was_resumed": is_resumed} | measured | read_results(folder)
        options.out.write_text(json.dumps(found, indent=2) + "\n")
        print(json.dumps({entry: found[entry]}, indent=2), flush=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
