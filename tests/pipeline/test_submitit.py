"""`hydra/launcher=submitit_local`: each job is a separate process, as on SLURM."""

import importlib.util
from pathlib import Path

import pytest
from conftest import lacks
from faults.processes import n_records
from pipeline.project import QUICK, Run, runs

if importlib.util.find_spec("submitit") is None:
    lacks("submitit is not installed: pip install 'yaynay[slurm]'")

SWEEP = ["yaynay.train", "-m", "dataset=engel", "backend=least_squares,torch", "model.depth=1", *QUICK]
SWEEP.append("hydra/launcher=submitit_local")


def test_jobs_of_their_own_are_one_sweep_with_a_verdict(project: Path, run: Run) -> None:
    done = run(*SWEEP)
    assert done.stdout.startswith("engel: ")
    assert done.stderr == ""
    found = runs(project)
    assert sorted(is_parent for *_, is_parent in found) == [False] * 4 + [True]  # and ridge and terms
    assert {status for _, status, _ in found} == {"FINISHED"}
    assert n_records(project) == 1


@pytest.mark.usefixtures("only_with_faults")
def test_a_job_that_is_killed_is_said_in_a_line_and_the_others_are_kept(project: Path, run: Run) -> None:
    source = project / "src" / "yaynay" / "sweep" / "workers.py"
    intact, line = source.read_text(), "        records = fit.train"
    death = "        spec.configurations[0].backend.name == 'torch' and os.kill(os.getpid(), 9)\n"
    assert line in intact
    source.write_text(intact.replace(line, death + line))
    done = run(*SWEEP, code=1)
    assert done.stderr.count("\n") == 1
    assert "a job of hydra/launcher died (UncompletedJobError" in done.stderr
    assert done.stdout.startswith("engel: ")
    assert n_records(project) == 0
    assert sorted(is_parent for *_, is_parent in runs(project)) == [False, False, True]
