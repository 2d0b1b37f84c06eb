"""`dvc repro` killed at any moment, and run again."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Figure, Times, Within, lacks
from faults.processes import PATIENCE, end, launch, living, seconds_until
from pipeline.test_dvc import pipeline as pipeline

from yaynay.storage import read_arrays

CLOCKED = {"fit_seconds", "fit_seconds_linear", "fit_seconds_network", "predict_microseconds_per_row", "started_at"}
"""Values that are times."""


def outputs(project: Path) -> dict[str, Any]:
    """What the pipeline made, without times: bytes of tables and weights, values of JSON."""
    found: dict[str, Any] = {}
    for folder in ("data", "results"):
        for path in sorted((project / folder).rglob("*")):
            name = str(path.relative_to(project))
            if path.name in ("run.json", "digests.json", "verdict.json") or not path.is_file():
                continue
            if path.suffix == ".json":
                found[name] = _unclocked(json.loads(path.read_text()))
            elif path.suffix == ".safetensors":
                found[name] = {key: array.tobytes() for key, array in read_arrays(path).items()}
            else:
                found[name] = path.read_bytes()
    verdicts = _unclocked(json.loads((project / "reports" / "verdicts.json").read_text()))
    return found | {f"verdict on {name}": verdict for name, verdict in verdicts.items()}


def _unclocked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unclocked(item) for key, item in value.items() if key not in CLOCKED and key != "digests"}
    return [_unclocked(item) for item in value] if isinstance(value, list) else value


def repro(project: Path) -> float:
    """A whole `dvc repro` [s]."""
    clock = time.monotonic()
    process = launch(project, ["dvc", "repro"])
    try:
        assert process.wait(PATIENCE) == 0, (project.parent / "stderr").read_text()
    finally:
        end(process, project)
    return time.monotonic() - clock


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_stage_whose_dvc_was_killed_ends_too(
    pipeline: Path, within: Within, figure: Figure, request: pytest.FixtureRequest, shell: str
) -> None:
    """It would write into the outputs of the next one."""
    if shell != "/bin/sh":
        request.getfixturevalue("only_with_faults")
    if not Path(shell).exists():
        lacks(f"{shell} is not installed")
    process = launch(pipeline, ["dvc", "repro"], SHELL=shell)
    try:
        seconds_until(lambda: list((pipeline / "records").glob("sweeps/*/sweep.json")))
        process.kill()
        process.wait()
        seconds = seconds_until(lambda: not living(pipeline), within(10))
    finally:
        end(process, pipeline)
    figure(f"A stage whose dvc was killed ends too ({Path(shell).name})", "within 10 s", 1, f"after {seconds:.1f} s")


@pytest.mark.usefixtures("only_with_faults")
def test_a_pipeline_killed_at_any_moment_ends_as_if_it_had_not_been(
    pipeline: Path, times: Times, figure: Figure
) -> None:
    whole = repro(pipeline)
    wanted, dice, n_kills = outputs(pipeline), random.Random(2), times(1, 20)  # noqa: S311 - moments, no secrets
    for kill in range(n_kills):
        for name in ("data/tables", "results", "reports", "records", "mlartifacts", "multirun"):
            shutil.rmtree(pipeline / name, ignore_errors=True)
        for path in (*pipeline.glob("mlflow.db*"), pipeline / "dvc.lock", *pipeline.glob(".dvc/tmp/*lock*")):
            path.unlink(missing_ok=True)
        shutil.rmtree(pipeline / ".dvc" / "cache", ignore_errors=True)
        process = launch(pipeline, ["dvc", "repro"])
        time.sleep(dice.uniform(0.05, 0.95) * whole)
        if kill % 2:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        repro(pipeline)  # at once: an orphan may still be there
        found = outputs(pipeline)
        assert found.keys() == wanted.keys()
        changed = [name for name in wanted if found[name] != wanted[name]]
        assert changed == [], {name: (wanted[name], found[name]) for name in changed[:2]}
        assert not living(pipeline)
        figure(  # after each, because it takes a minute and may be interrupted
            "`dvc repro` killed at a random moment, and run again at once: outputs",
            "20 of 20 as from a clean run",
            kill + 1,
            f"{kill + 1} bit-identical, except timings",
        )
