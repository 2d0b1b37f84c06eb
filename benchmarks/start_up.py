"""From the shell to the answer: `yaynay ask` beside FLAML, LazyPredict and PyCaret on one file, in docs/performance.md.

    python benchmarks/start_up.py --rounds 5

The file has 500 rows and 8 features. Every round runs all of them one after the other, so that whatever slows the
machine down affects all. Each of the others has a virtual environment of its own under --cache, made where it is
missing, and runs what its documentation shows first. An uncounted round comes before: Python compiles what it imports.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- benchmarks/start_up.py: begin -->", "<!-- benchmarks/start_up.py: end -->"
ANSWER = "ANSWER"
"""What the others print when they know theirs."""

_SPLIT = """
import sys, pandas as pd
from sklearn.model_selection import train_test_split
data = pd.read_csv(sys.argv[1])
X_train, X_test, y_train, y_test = train_test_split(data.drop(columns="price"), data["price"], random_state=0)
"""
_FLAML = """
from flaml import AutoML
automl = AutoML()
automl.fit(X_train, y_train, task="regression", metric="r2", verbose=0, time_budget=1)
print("ANSWER", automl.best_estimator, automl.score(X_test, y_test), flush=True)
"""
_LAZYPREDICT = """
from lazypredict.Supervised import LazyRegressor
models, _ = LazyRegressor(verbose=0, ignore_warnings=True).fit(X_train, X_test, y_train, y_test)
print("ANSWER", models.index[0], models["R-Squared"].iloc[0], flush=True)
"""
_PYCARET = """
import sys, pandas as pd
from pycaret.regression import compare_models, pull, setup
setup(pd.read_csv(sys.argv[1]), target="price", session_id=0, verbose=False)
compare_models(verbose=False)
print("ANSWER", pull().iloc[0][["Model", "R2"]].tolist(), flush=True)
"""


@dataclass(frozen=True)
class Rival:
    """Another library.

    Attributes:
        packages: What pip installs; the second is what the first one imports and does not ask for.
        call: What a user types, as the table shows it.
        script: The whole program.
        most_rounds: Rounds that are worth their time.
    """

    packages: tuple[str, ...]
    call: str
    script: str
    most_rounds: int = 100


RIVALS = {
    "FLAML": Rival(
        ("flaml[automl]", "packaging"), '`fit(task="regression", metric="r2", time_budget=1)`', _SPLIT + _FLAML
    ),
    "LazyPredict": Rival(("lazypredict",), "`LazyRegressor().fit(...)`", _SPLIT + _LAZYPREDICT),
    "PyCaret": Rival(("pycaret", "six"), '`setup(data, target="price")`, `compare_models()`', _PYCARET, 1),
}
FIRST, AGAIN, HELP = "yaynay, new folder", "yaynay, asked again", "yaynay --help"
OWN = {FIRST: "`yaynay ask houses.csv --target price`", AGAIN: "the same again", HELP: "`yaynay --help`"}


def make_file(path: Path) -> None:
    """500 rows: a line in eight normal features, a sine of the first one, and noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 8))
    price = x @ np.linspace(1, 0.3, 8) + np.sin(2 * x[:, 0]) + rng.normal(scale=0.7, size=500)
    pd.DataFrame(x, columns=list("abcdefgh")).assign(price=price).to_csv(path, index=False)


def install(cache: Path, packages: tuple[str, ...]) -> Path | None:
    """Python of a virtual environment with some packages; None where pip cannot install them."""
    folder = cache / packages[0].partition("[")[0]
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        words = ["nice", str(python), "-m", "pip", "install", "--quiet", *packages]
        if subprocess.run(words, check=False).returncode:
            return None
        done.touch()
    return python


def measure(command: list[str], folder: Path, sign: tuple[str, ...]) -> tuple[float, float]:
    """Run a command.

    Args:
        command: Its words.
        folder: Where it runs.
        sign: How the line of its answer begins; () for the first line.

    Returns:
        Seconds to the answer, and to the end.
    """
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    started, answered = time.perf_counter(), None
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        for line in process.stdout or ():
            if answered is None and line.startswith(sign or ("",)):
                answered = time.perf_counter() - started
    if process.returncode or answered is None:
        raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}, no answer")
    return answered, time.perf_counter() - started


def run_round(file: Path, pythons: dict[str, Path], number: int) -> dict[str, tuple[float, float]]:
    """Seconds of every contestant, each in a folder that is new to it."""
    ask = [sys.executable, "-m", "yaynay", "ask", str(file), "--target", "price"]
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for contestant in (FIRST, AGAIN):
            found[contestant] = measure(ask, Path(name), ("yay:", "nay:", "undecided:"))
        found[HELP] = measure([sys.executable, "-m", "yaynay", "--help"], Path(name), ())
        for rival, python in pythons.items():
            if number <= RIVALS[rival].most_rounds:
                script = Path(name) / "rival.py"
                script.write_text(RIVALS[rival].script, encoding="utf-8")
                found[rival] = measure([str(python), "-W", "ignore", str(script), str(file)], Path(name), (ANSWER,))
    return found


def tabulate(rounds: list[dict[str, tuple[float, float]]], missing: list[str]) -> str:
    """The table, in Markdown: medians, and the range of the seconds to the answer."""
    lines = ["| | what is typed | answer, s | range | prompt back, s | runs |", "| --- | --- | --- | --- | --- | --- |"]
    calls = OWN | {name: rival.call for name, rival in RIVALS.items()}
    for name, call in calls.items():
        times = [found[name] for found in rounds if name in found]
        if name in missing:
            lines.append(f"| {name} | {call} | pip cannot install it here | | | |")
        elif times:
            answers, ends = [answer for answer, _ in times], [end for _, end in times]
            middle = f"{statistics.median(answers):.2f} | {min(answers):.2f} to {max(answers):.2f}"
            lines.append(f"| {name} | {call} | {middle} | {statistics.median(ends):.2f} | {len(times)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "yaynay-benchmarks")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    installed = {name: install(options.cache, rival.packages) for name, rival in RIVALS.items()}
    pythons = {name: python for name, python in installed.items() if python is not None}
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "houses.csv"
        make_file(file)
        run_round(file, {rival: python for rival, python in pythons.items() if RIVALS[rival].most_rounds > 1}, 1)
        rounds = [run_round(file, pythons, number) for number in range(1, options.rounds + 1)]
    text = tabulate(rounds, [name for name in RIVALS if name not in pythons])
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
