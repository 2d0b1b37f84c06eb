"""What a fit of a tracked sweep costs, beside the usual ways to sweep a network and beside the machine's floor.

    python benchmarks/sweeps.py                          # all parts; resumes where an interrupted run stopped
    python benchmarks/sweeps.py --fresh --part fits      # from the start, one part
    python benchmarks/sweeps.py --tiny                   # a rehearsal: does every command run? Nothing is kept

Everything is a command as a user would run it, in a new project folder. One CSV line per command, written as it
ends; in each repeat the contestants take turns, so that whatever slows the machine down affects all of them. What is
compared and why is in docs/performance.md, whose tables this program writes.
"""

import argparse
import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import floor
import numpy as np
import psutil
import sweeps_page

from yaynay.data.plan import Plan, load_plan

HERE = Path(__file__).parent
N_CORES = os.cpu_count() or 1
N_ROWS, N_FEATURES, WIDTH, BATCH_SIZE = 800, 8, 64, 64
PARTS = ("fits", "launch", "many")
MOST_SECONDS = 1800
"""A command that takes longer is ended and noted as failed [s]."""


class Row(NamedTuple):
    """One command, as the CSV holds it; `seconds` is empty where it failed."""

    part: str
    contestant: str
    size: str
    repeat: int
    n_configurations: int
    n_fits: int = 0
    seconds: float | None = None
    memory_mib: float | None = None
    rmse: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Sizes:
    """How much each part does.

    Attributes:
        n_rates, n_decays: Learning rates and weight decays of the compared sweep.
        n_epochs: Of each fit.
        n_folds: Folds of the contestants that are not tracked; the templates take one, yaynay takes all.
        many: Learning rates and weight decays of the two large sweeps.
        n_launched: Jobs of the launch part, with yaynay's launcher and with Hydra's basic one.
        n_launched_few: Jobs of the sweeps that they are compared with.
    """

    n_rates: int = 8
    n_decays: int = 3
    n_epochs: int = 30
    n_folds: int = 3
    many: tuple[tuple[int, int], tuple[int, int]] = ((40, 25), (400, 25))
    n_launched: tuple[int, int] = (1000, 40)
    n_launched_few: int = 2

    def grid(self, size: str) -> tuple[list[str], list[str]]:
        """Learning rates and weight decays; size "few" is two configurations, to tell start-up from fits."""
        rates, decays = spread(1e-3, 3e-2, self.n_rates), ["0.0", *spread(1e-3, 1e-1, self.n_decays - 1)]
        return (rates[:1], decays[:2]) if size == "few" else (rates, decays)


TINY = Sizes(n_rates=2, n_decays=2, n_epochs=2, n_folds=1, many=((3, 2), (4, 3)), n_launched=(12, 4))


def spread(low: float, high: float, count: int) -> list[str]:
    """Values from low to high at equal ratios, as one writes them.

    >>> spread(0.01, 1, 3)
    ['0.01', '0.1', '1.0']
    """
    return [str(float(f"{value:.4g}")) for value in np.geomspace(low, high, count)]


class FailedError(Exception):
    """A command that did not do what it was asked."""


def run(command: list[str], folder: Path, settings: dict[str, str] | None = None) -> tuple[float, float, str]:
    """Run a command in a folder.

    Returns:
        Wall time [s], largest memory of the process and all of its children [MiB], and what it printed.

    Raises:
        FailedError: It ended with another exit code than 0, or took too long; with its last line.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "OMP_"))}
    environment |= {"PYTHONWARNINGS": "ignore", **(settings or {})}
    with (folder / "output.txt").open("w+", encoding="utf-8") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        peak: list[int] = [0]
        watcher = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
        watcher.start()
        try:
            code = process.wait(timeout=MOST_SECONDS)
        except BaseException as reason:  # its workers too
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            if not isinstance(reason, subprocess.TimeoutExpired):
                raise
        seconds = time.perf_counter() - started
        watcher.join()
        output.seek(0)
        printed = output.read()
    if code:
        raise FailedError(f"exit code {code}: {(printed.strip().splitlines() or [''])[-1][:200]}")
    return seconds, peak[0] / 2**20, printed


def _watch(pid: int, peak: list[int]) -> None:
    """Track the largest sum of resident memory of a process tree; a page that two share counts twice [bytes]."""
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for process in (root, *root.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], total)
            time.sleep(0.25)
    except psutil.NoSuchProcess:
        return


class Bench:
    """The prepared table, folds and empty MLflow store, and the commands that run on them.

    Args:
        folder: A scratch folder.
        sizes: How much each command does.
    """

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder, self.sizes = folder, sizes
        self._make_table()
        with self.project() as project:
            generate = ["-m", "yaynay.generate", "dataset=csv", "dataset.path=table.csv", "dataset.target=y"]
            run([sys.executable, *generate], project)
            self.plan = load_plan(project / "data" / "tables" / "table" / "plan.parquet")
        self._write_folds()
        make = "import sys, mlflow; mlflow.MlflowClient(sys.argv[1]).create_experiment('template')"
        run([sys.executable, "-c", make, f"sqlite:///{folder / 'mlflow.db'}"], folder)

    def _make_table(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.normal(size=(N_ROWS, N_FEATURES))
        curve = np.sin(2 * self.x[:, 0]) + self.x[:, 1] * self.x[:, 2] + self.x[:, 3]
        self.y = (curve + 0.5 * rng.normal(size=N_ROWS)) / np.sqrt(2.75)
        names = [f"x{place + 1}" for place in range(N_FEATURES)]
        with (self.folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*names, "y"])
            writer.writerows(np.column_stack([self.x, self.y]).tolist())

    def _write_folds(self) -> None:
        """The first folds of yaynay's plan, for the others."""
        inner = next(self.plan.splits()).inner
        folds = {}
        for fold in range(min(self.sizes.n_folds, self.plan.n_inner)):
            folds[f"train_{fold}"] = np.flatnonzero((inner >= 0) & (inner != fold))
            folds[f"held_{fold}"] = np.flatnonzero(inner == fold)
        np.savez(self.folder / "folds.npz", x=self.x.astype(np.float32), y=self.y.astype(np.float32), **folds)

    @contextmanager
    def project(self, with_store: bool = True) -> Iterator[Path]:
        """A new project: a folder with an empty dvc.yaml, the table and, once it was made, an empty MLflow store."""
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as name:
            project = Path(name)
            (project / "dvc.yaml").touch()
            shutil.copy(self.folder / "table.csv", project)
            if with_store and (self.folder / "mlflow.db").exists():
                shutil.copy(self.folder / "mlflow.db", project)
            yield project

    def template(self, row: Row, launcher: list[str]) -> list[Row]:
        """Lightning and Hydra, one fit per job."""
        rates, decays = self.sizes.grid(row.size)
        with self.project() as project:
            overrides = [
                f"data={self.folder / 'folds.npz'}",
                f"lr={','.join(rates)}",
                f"weight_decay={','.join(decays)}",
                f"max_epochs={self.sizes.n_epochs}",
                f"tracking_uri='sqlite:///{project / 'mlflow.db'}'",
            ]
            command = [sys.executable, str(HERE / "template_app.py"), "-m", *overrides, *launcher]
            seconds, memory, _ = run(command, project, {"OMP_NUM_THREADS": "1"})
            losses = query(project, "SELECT value FROM latest_metrics WHERE key = 'val/loss'")
        _check(len(losses), row.n_configurations, "runs in MLflow")
        rmse = float(np.sqrt(np.mean(losses)))
        return [row._replace(n_fits=len(losses), seconds=seconds, memory_mib=memory, rmse=rmse)]

    def untracked(self, row: Row, script: str, n_folds: int, *more: str, n_threads: int | None = 1) -> list[Row]:
        """A script of this folder that prints how many fits it made."""
        rates, decays = self.sizes.grid(row.size)
        n_folds = 1 if row.size == "few" else n_folds
        grid = ["--lr", *rates, "--weight-decay", *decays]
        about = [
            "--data",
            str(self.folder / "folds.npz"),
            "--folds",
            str(n_folds),
            "--epochs",
            str(self.sizes.n_epochs),
        ]
        settings = {} if n_threads is None else {"OMP_NUM_THREADS": str(n_threads)}
        with self.project() as project:
            command = [sys.executable, str(HERE / script), *about, *grid, *more]
            seconds, memory, printed = run(command, project, settings)
        found = json.loads(printed.splitlines()[-1])
        _check(found["n_fits"], row.n_configurations * n_folds, "fits")
        return [row._replace(seconds=seconds, memory_mib=memory, **found)]

    def yaynay(self, row: Row) -> list[Row]:
        """yaynay's sweep, and right after it the floor of the same work."""
        rates, decays = self.sizes.grid(row.size)
        with self.project() as project:
            overrides = [
                *("dataset=csv", "dataset.path=table.csv", "dataset.target=y", "backend=torch"),
                *("model.depth=2", f"model.width={WIDTH}", "model.activation=relu"),
                *(f"trainer.max_epochs={self.sizes.n_epochs}", f"trainer.batch_size={BATCH_SIZE}"),
                *("trainer.early_stopping=false", f"optimizer.lr={','.join(rates)}"),
                f"optimizer.weight_decay={','.join(decays)}",
            ]
            seconds, memory, _ = run([sys.executable, "-m", "yaynay.train", "-m", *overrides], project)
            n_fits, rmse = check_sweep(project, row.n_configurations)
            _check(n_fits, row.n_configurations * n_units(self.plan), "fits")
            done = row._replace(n_fits=n_fits, seconds=seconds, memory_mib=memory, rmse=rmse)
            if row.size == "few":
                return [done]
            bound, note = self.floor(project / "mlflow.db", row.n_configurations)
        return [row._replace(contestant="floor", n_fits=n_fits, seconds=bound, note=note), done]

    def floor(self, database: Path, n_configurations: int) -> tuple[float, str]:
        """Seconds of the sweep's products at this machine's rate, and of its rows in one transaction."""
        rate = floor.product_rate()
        n_operations = floor.n_operations(self.plan, N_FEATURES, WIDTH, self.sizes.n_epochs) * n_configurations
        inserts, n_inserted = floor.insert_again(database)
        products = n_operations / rate
        note = f"{rate / 1e9:.0f} GFLOP/s: {products:.2f} s; {n_inserted} rows in {inserts:.2f} s"
        return products + inserts, note

    def launch(self, row: Row, launcher: list[str]) -> list[Row]:
        """Jobs that all ask for the same closed-form fit, so that what a job costs is its launch."""
        with self.project() as project:
            overrides = ["dataset=scatter_10", "backend=least_squares", f"seed=range(0,{row.n_configurations})"]
            command = [sys.executable, "-m", "yaynay.train", "-m", *overrides, *launcher]
            seconds, memory, _ = run(command, project)
            n_folders = len(list(project.glob("multirun/*/*/.hydra/config.yaml")))
        _check(n_folders, row.n_configurations, "job folders")
        return [row._replace(n_fits=1, seconds=seconds, memory_mib=memory)]

    def many(self, row: Row, n_rates: int, n_decays: int, compared: Row | None) -> list[Row]:
        """A large sweep of small networks on ten rows; then `compare` over its records."""
        with self.project(with_store=False) as project:
            overrides = [
                *("dataset=scatter_10", "backend=torch", "model.depth=1", "model.width=8"),
                *("trainer.max_epochs=5", "trainer.min_steps=1"),
                f"optimizer.lr={','.join(spread(1e-4, 1e-1, n_rates))}",
                f"optimizer.weight_decay={','.join(spread(1e-5, 1e-1, n_decays))}",
            ]
            seconds, memory, _ = run([sys.executable, "-m", "yaynay.train", "-m", *overrides], project)
            n_fits, rmse = check_sweep(project, row.n_configurations)
            rows = [row._replace(n_fits=n_fits, seconds=seconds, memory_mib=memory, rmse=rmse)]
            if compared is not None:
                try:
                    seconds, memory, _ = run([sys.executable, "-m", "yaynay.compare", "records=records"], project)
                    rows.insert(0, compared._replace(seconds=seconds, memory_mib=memory))
                except FailedError as failure:
                    rows.insert(0, compared._replace(note=str(failure)))
        return rows


def query(project: Path, statement: str) -> list[Any]:
    """First column of what a project's MLflow store answers."""
    with closing(sqlite3.connect(project / "mlflow.db")) as connection:
        return [row[0] for row in connection.execute(statement)]


def check_sweep(project: Path, n_configurations: int) -> tuple[int, float]:
    """Fits and mean held-out error of yaynay's sweep, once all of it is on disk and in MLflow."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in project.glob("records/runs/*/record.json")]
    _check(len(records), n_configurations, "records")
    statement = "SELECT count(*) FROM runs JOIN experiments USING (experiment_id) WHERE experiments.name = 'yaynay'"
    _check(query(project, statement)[0], n_configurations + 1, "runs in MLflow")  # with the parent
    scores = [record["scores"] for record in records]
    errors = [score.get("val/rmse", score.get("train/rmse", np.nan)) for score in scores]
    return int(sum(score.get("n_members", 0) for score in scores)), float(np.sqrt(np.nanmean(np.square(errors))))


def _check(found: int, wanted: int, what: str) -> None:
    if found != wanted:
        raise FailedError(f"{found} {what}, not {wanted}")


def n_units(plan: Plan) -> int:
    """Fits of one configuration without early stopping: every inner fold, and one on the whole table."""
    return (plan.n_splits * plan.n_inner + 1) * plan.n_seeds


Step = tuple[Row, Callable[[Row], list[Row]]]
"""What to run, and how; it may yield more rows than its own."""


def list_steps(bench: Bench, parts: list[str], n_repeats: int) -> Iterator[Step]:
    """Every command in the order in which they run."""
    for repeat in range(n_repeats if "fits" in parts else 0):
        yield from _fit_steps(bench, repeat)
    if "launch" in parts:
        basic = ["hydra/launcher=basic", "hydra/sweeper=basic"]
        for name, n_jobs, launcher in zip(("fleet", "basic"), bench.sizes.n_launched, ([], basic), strict=True):
            for size, count in (("few", bench.sizes.n_launched_few), ("full", n_jobs)):
                yield Row("launch", name, size, 0, count), lambda row, how=launcher: bench.launch(row, how)
    if "many" in parts:
        for size, (n_rates, n_decays) in zip(("few", "full"), bench.sizes.many, strict=True):
            count = n_rates * n_decays
            compared = Row("many", "compare", size, 0, count) if size == "full" else None
            grid = (n_rates, n_decays, compared)
            yield Row("many", "sweep", size, 0, count), lambda row, grid=grid: bench.many(row, *grid)


def _fit_steps(bench: Bench, repeat: int) -> Iterator[Step]:
    """The contestants of one repeat, each repeat beginning with another one; start-up is measured in the first."""
    n_folds = bench.sizes.n_folds
    joblib = ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={N_CORES}"]
    contestants: dict[str, Callable[[Row], list[Row]]] = {
        "template": lambda row: bench.template(row, []),
        "template_joblib": lambda row: bench.template(row, joblib),
        "grid_search": lambda row: bench.untracked(row, "grid_search.py", n_folds, "--jobs", str(N_CORES)),
        "loop": lambda row: bench.untracked(row, "plain_loop.py", n_folds),
        "loop_all_cores": lambda row: bench.untracked(row, "plain_loop.py", 1, n_threads=None),
        "yaynay": bench.yaynay,
    }
    names = list(contestants)
    first = 2 * repeat % len(names)
    for name in names[first:] + names[:first]:
        for size in ("few", "full") if repeat == 0 else ("full",):
            rates, decays = bench.sizes.grid(size)
            yield Row("fits", name, size, repeat, len(rates) * len(decays)), contestants[name]


def run_steps(steps: Iterator[Step], output: Path) -> None:
    """Run what is not in the CSV yet; what failed is noted, and run again next time."""
    done = {(row["part"], row["contestant"], row["size"], int(row["repeat"])) for row in sweeps_page.read(output)}
    if not output.exists():
        with output.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(Row._fields)
    for row, action in steps:
        if row[:4] in done:
            continue
        try:
            rows = action(row)
        except FailedError as failure:
            rows = [row._replace(note=str(failure))]
        with output.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([_short(row) for row in rows])
        for row in rows:
            shown = f"{row.seconds:8.1f} s" if row.seconds else "  failed"
            about = f"{row.part}/{row.contestant} {row.size} {row.repeat}"
            print(
                f"{about:32} {row.n_configurations:6} configurations {row.n_fits:6} fits {shown}  {row.note}",
                flush=True,
            )


def _short(row: Row) -> list[Any]:
    """A line of the CSV, with four digits."""
    return [f"{value:.4g}" if isinstance(value, float) else "" if value is None else value for value in row]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, action="append", help="one part; may be given again; default all")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of the part fits")
    parser.add_argument("--fresh", action="store_true", help="measure these parts again")
    parser.add_argument("--tiny", action="store_true", help="a rehearsal of a minute or two that keeps nothing")
    parser.add_argument("--output", type=Path, default=HERE / "sweeps.csv")
    parser.add_argument("--page", type=Path, default=HERE.parent / "docs" / "performance.md")
    options = parser.parse_args()
    parts = options.part or list(PARTS)
    if options.fresh:
        sweeps_page.forget(options.output, parts)
    with tempfile.TemporaryDirectory(prefix="sweeps-", ignore_cleanup_errors=True) as folder:
        output = Path(folder) / "rehearsal.csv" if options.tiny else options.output.resolve()
        bench = Bench(Path(folder).resolve(), TINY if options.tiny else Sizes())
        run_steps(list_steps(bench, parts, 1 if options.tiny else options.repeats), output)
        text = sweeps_page.summarise(sweeps_page.read(output))
    print(f"\n{text}")
    if not options.tiny:
        sweeps_page.write(options.page, text)


if __name__ == "__main__":
    main()
