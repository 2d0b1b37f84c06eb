"""Sweeps that are killed, interrupted, or lose workers, and that the same command resumes."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import Figure, Times, Within, lacks
from faults.processes import PATIENCE, end, launch, living, n_records, seconds_until, start, started
from pipeline.project import LINES, QUICK, STORE, Run, clean_environment, column, recorded_keys, runs

GRID = ["model.depth=1,2,3", "model.width=2,3", "optimizer.lr=0.001,0.003,0.01,0.03"]
SWEEP = ["yaynay.train", "-m", "dataset=engel", *GRID, *QUICK]
N_JOBS = 24
SMALL = ["yaynay.train", "-m", "dataset=engel", "model.width=2", "model.depth=1,2", "seed=0,1,2", *QUICK]
LONG = [*SMALL, "trainer.max_epochs=20000", "trainer.early_stopping=false"]
MISBEHAVING = Path(__file__).parent / "misbehaving"


def children(project: Path) -> Counter[str]:
    """How many runs of configurations that were asked for have each status."""
    return Counter(status for name, status, is_parent in runs(project) if not is_parent and name not in LINES)


def parents(project: Path) -> Counter[str]:
    """How many runs of sweeps have each status."""
    return Counter(status for _, status, is_parent in runs(project) if is_parent)


def with_faults(project: Path) -> str:
    """PYTHONPATH that lets the environment make training misbehave."""
    return f"{MISBEHAVING}{os.pathsep}{clean_environment(project)['PYTHONPATH']}"


def forget(project: Path) -> None:
    """Remove everything that earlier runs left."""
    for name in ("records", "multirun", "mlartifacts"):
        shutil.rmtree(project / name, ignore_errors=True)
    for path in project.glob("mlflow.db*"):
        path.unlink()
    shutil.copy(project.parent / STORE, project / "mlflow.db")


def kill_at_a_random_moment(process: "subprocess.Popen[str]", project: Path, dice: random.Random, only: bool) -> bool:
    """kill -9, of a sweep alone or of its workers as well; whether it was still running."""
    phase = dice.choice(["start", "middle", "middle", "end"])
    n_before = n_records(project)
    if phase != "start":
        wanted = N_JOBS if phase == "end" else dice.randint(n_before, N_JOBS)
        seconds_until(lambda: n_records(project) >= wanted or process.poll() is not None)
    time.sleep(dice.uniform(0.0, 5.0 if phase == "start" else 2.0))
    was_running = process.poll() is None
    if only:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return was_running


def test_a_sweep_killed_at_any_moment_ends_with_the_same_command(
    project: Path, run: Run, times: Times, within: Within, figure: Figure
) -> None:
    """No run twice, none left RUNNING, no worker left behind; and a finished sweep trains nothing again."""
    dice = random.Random(1)  # noqa: S311 - moments, no secrets
    n_kills, orphaned, again = 0, 0.0, [0.0]
    while n_kills < times(1, 20):
        forget(project)
        for only in (True, False)[: times(1, 2)]:
            process = start(project, *SWEEP)
            n_kills += kill_at_a_random_moment(process, project, dice, only)
            orphaned = max(orphaned, seconds_until(lambda: not living(project), within(10)))
        n_before = n_records(project)
        done = run(*SWEEP)
        assert children(project) == {"FINISHED": N_JOBS}
        assert parents(project) == {"FINISHED": 1}
        keys = recorded_keys(project)
        assert len(keys) == len(set(keys)) == N_JOBS + len(LINES) + 1
        said = f"{N_JOBS - n_before} configurations trained"
        assert said in done.stdout, done.stdout
        for _ in range(times(0, 1)):
            clock = time.monotonic()
            second = run(*SWEEP)
            again.append(time.monotonic() - clock)
            assert f"0 configurations trained, {N_JOBS} had a record" in second.stdout
    figure(
        "A sweep of 24 jobs killed at a random moment: the same command completes it, each run once",
        "20 of 20; a second call within 5 s",
        n_kills,
        f"{n_kills} whole; workers gone after {orphaned:.1f} s; asked once more, it trains nothing, "
        f"in {max(again):.1f} s at most",
    )


def test_jobs_that_fail_in_any_way_take_no_other_with_them(
    project: Path, run: Run, times: Times, figure: Figure
) -> None:
    """They are FAILED and listed with overrides and reason; without the fault the same command repairs them."""
    ways = ["exception", "exit", "leave", "kill"] if times(0, 1) else ["exception", "kill"]
    n_bad, n_good = len(ways), 6 - len(ways)
    command = ["yaynay.train", "-m", "dataset=engel", "model.depth=1", "seed=0,1,2,3,4,5", *QUICK]
    n_tries = times(1, 5)
    for attempt in range(n_tries):
        forget(project)
        seeds = random.Random(attempt).sample(range(6), n_bad)  # noqa: S311 - no secrets
        bad = {str(seed): way for seed, way in zip(seeds, ways, strict=True)}
        done = run(*command, code=1, PYTHONPATH=with_faults(project), MISBEHAVE=json.dumps(bad))
        assert children(project) == {"FINISHED": n_good, "FAILED": n_bad}
        lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == n_bad, done.stderr
        reasons = {
            "exception": "division by zero",
            "exit": "exit with code 0",
            "leave": "exit code 0",
            "kill": "SIGKILL",
        }
        for seed, way in bad.items():
            (line,) = (line for line in lines if f"seed={seed}" in line)
            assert reasons[way] in line
        mended = run(*command)
        assert f"{n_bad} configurations trained, {n_good} had a record" in mended.stdout
        assert children(project) == {"FINISHED": 6}
        assert parents(project) == {"FINISHED": 1}
        assert len(recorded_keys(project)) == 6 + len(LINES) + 1
    figure(
        "Jobs that end by an exception, sys.exit(0), os._exit(0) or SIGKILL do not affect others",
        "each listed, exit code 1",
        n_bad * n_tries,
        f"{n_bad * n_tries} FAILED and listed with reason, {n_good * n_tries} of {n_good * n_tries} others FINISHED, "
        "exit code 1",
    )


@pytest.mark.parametrize(
    ("number", "to_group", "code"),
    [(signal.SIGINT, True, 130), (signal.SIGTERM, True, 143), (signal.SIGTERM, False, 143)],
)
def test_a_signal_ends_a_sweep_and_its_workers_and_closes_its_run(
    project: Path,
    run: Run,
    times: Times,
    within: Within,
    figure: Figure,
    request: pytest.FixtureRequest,
    number: signal.Signals,
    to_group: bool,
    code: int,
) -> None:
    if number is signal.SIGTERM:  # without --faults, a single run gets it
        request.getfixturevalue("only_with_faults")
    with started(project, *LONG) as process:
        seconds_until(lambda: parents(project)["RUNNING"])
        (os.killpg if to_group else os.kill)(process.pid, number)
        seconds = seconds_until(lambda: process.poll() is not None, within(10))
        seconds += seconds_until(lambda: not living(project), within(10))
        assert process.returncode == code
        assert "Traceback" not in (project.parent / "stderr").read_text()
        assert parents(project) == {"KILLED": 1}
    whom = "the group" if to_group else "the sweep"
    figure(
        f"{number.name} to {whom}: processes gone, exit code {code}, run KILLED", "within 10 s", 1, f"{seconds:.1f} s"
    )
    if number is signal.SIGINT and times(0, 1):
        run(*SMALL)  # nothing of the interrupted sweep is in its way
        assert parents(project) == {"KILLED": 1, "FINISHED": 1}


def test_a_single_run_that_is_interrupted_says_so_and_trains_again(project: Path, times: Times, within: Within) -> None:
    """One configuration trains in the command's own process, under Lightning: killed in training and before it."""
    single = [word for word in LONG if not word.startswith(("-m", "seed=", "model.depth="))]
    training = project.parent / "training"
    cases = [(signal.SIGTERM, 143, training.exists), (signal.SIGINT, 130, training.exists)]
    cases.append((signal.SIGINT, 130, lambda: any((project / "records").glob("jobs/*/*.json"))))
    for number, code, is_time in cases[: times(1, 3)]:
        training.unlink(missing_ok=True)
        shutil.rmtree(project / "records", ignore_errors=True)
        with started(project, *single, PYTHONPATH=with_faults(project), ANNOUNCE=str(training)) as process:
            seconds_until(is_time)
            process.send_signal(number)
            seconds_until(lambda: process.poll() is not None, within(10))
            assert process.returncode == code, (project.parent / "stderr").read_text()
        assert n_records(project) == 0
    assert not living(project)


def test_an_interrupt_is_heard_under_a_parent_that_ignores_it(project: Path, within: Within) -> None:
    """A shell starts background jobs like this, and many CI runners every command."""
    deaf = "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})"
    script = f"import os, signal, sys; {deaf}; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    process = launch(project, [sys.executable, "-c", script, "-m", *LONG])
    try:
        seconds_until(lambda: parents(project)["RUNNING"])
        process.send_signal(signal.SIGINT)
        seconds_until(lambda: process.poll() is not None, within(10))
        assert process.returncode == 130, (project.parent / "stderr").read_text()
        seconds_until(lambda: not living(project), within(10))
    finally:
        end(process, project)


def test_a_second_interrupt_does_not_wait(project: Path, within: Within) -> None:
    with started(project, *LONG) as process:
        seconds_until(lambda: parents(project)["RUNNING"])
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        seconds_until(lambda: process.poll() is not None, within(5))
        seconds_until(lambda: not living(project), within(10))
        assert process.returncode == 130


def test_the_run_of_a_sweep_that_was_killed_is_closed_by_the_next_command(
    project: Path, run: Run, times: Times, figure: Figure
) -> None:
    """And not that of a process that is alive."""
    slowest, n_tries = 0.0, times(1, 5)
    for attempt in range(n_tries):
        command = [*LONG, f"verdict.n_draws={300 + attempt}"]
        with started(project, *command) as process:
            seconds_until(lambda: parents(project)["RUNNING"])
            for _ in range(times(0, 1)):  # tests/faults/test_store.py asks the same of owners, without commands
                run("yaynay", "sync")
            assert parents(project)["RUNNING"] == 1
        assert parents(project)["RUNNING"] == 1
        notes = [*project.glob("records/jobs/*/*.json")]
        assert notes
        clock = time.monotonic()
        following = start(project, *(["yaynay", "sync"] if attempt % 2 == 0 else SMALL))
        seconds_until(lambda: parents(project)["KILLED"])
        slowest = max(slowest, time.monotonic() - clock)
        assert following.wait(PATIENCE) == 0
        end(following, project)
        assert not any(note.exists() for note in notes)  # what the killed sweep's jobs asked for
        assert process.returncode == -signal.SIGKILL
    figure(
        "The run of a killed sweep is closed as KILLED by the next command",
        "within 10 s",
        n_tries,
        f"{slowest:.1f} s at most",
    )


def test_two_sweeps_of_one_grid_at_once_leave_each_run_once(project: Path) -> None:
    both = [start(project, *SMALL), start(project, *SMALL)]
    assert [process.wait(PATIENCE) for process in both] == [0, 0], (project.parent / "stderr").read_text()
    assert children(project) == {"FINISHED": 6}
    assert parents(project) == {"FINISHED": 1}
    assert len(recorded_keys(project)) == 6 + len(LINES) + 1
    assert len(list((project / "multirun").iterdir())) == 2


@pytest.mark.usefixtures("only_with_faults")
def test_a_sweep_in_a_subfolder_and_under_a_strange_name_is_the_project_s(project: Path, run: Run) -> None:
    strange = project.rename(project.with_name("für 100 % 'yes'; $HOME 数"))
    below = strange / "notes"
    below.mkdir()
    words = ["yaynay.train", "dataset=engel", "model.depth=0", *QUICK]
    process = start(below, *words, PYTHONPATH=str(strange / "src"))
    assert process.wait(PATIENCE) == 0, (strange / "stderr").read_text()
    assert children(strange) == {"FINISHED": 1}
    assert parents(strange) == {"FINISHED": 1}
    assert not (below / "mlflow.db").exists()
    assert not (below / "records").exists()
    folders = column(strange, "runs", "artifact_uri")
    assert folders
    assert all(uri.startswith((strange / "mlartifacts").as_uri()) for uri in folders)


def test_a_full_disk_is_one_line_and_loses_nothing(project: Path, run: Run, times: Times) -> None:
    """A project on its own disk, which fills up; with space again, the same command resumes."""
    n_sweeps = times(0, 1)
    for _ in range(n_sweeps):
        run(*SMALL)
    small = project.parent / "disk"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(small)], capture_output=True).returncode:
        lacks("mounting a small disk is not allowed here")
    try:
        shutil.copytree(project, small, dirs_exist_ok=True)
        with (small / "filler").open("wb") as filler:
            free = shutil.disk_usage(small).free
            filler.write(b"\0" * (free - 60_000))
        other = [*SMALL, "optimizer.lr=0.03"]
        process = start(small, *other, PYTHONPATH=str(project / "src"))
        code, errors = process.wait(PATIENCE), (project.parent / "stderr").read_text()
        assert code == 4, errors
        (line,) = errors.splitlines()
        assert line.startswith("error: ")
        assert "MiB free" in line
        assert str(small) in line or "records" in line
        assert children(small)["FINISHED"] >= 6 * n_sweeps
        (small / "filler").unlink()
        done = start(small, *other, PYTHONPATH=str(project / "src"))
        assert done.wait(PATIENCE) == 0, (project.parent / "stderr").read_text()
        assert children(small) == {"FINISHED": 6 * (n_sweeps + 1)}
        assert parents(small) == {"FINISHED": n_sweeps + 1}
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_project_that_cannot_be_written_is_one_line(project: Path) -> None:
    disk = project.parent / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "--bind", str(project), str(disk)], capture_output=True).returncode:
        lacks("mounting is not allowed here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(disk)], check=True)
        process = start(disk, *SMALL)
        code, errors = process.wait(PATIENCE), (project.parent / "stderr").read_text()
        assert code == 4, errors
        (line,) = errors.splitlines()
        assert line.startswith("error: ")
        assert "Read-only" in line
        assert str(disk) in line or "multirun" in line
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
