"""What a process may use, and when it ends with its starter."""

import os
import subprocess
import sys

import pytest

SCRIPT = "from yaynay.processes import usable_cpus; print(usable_cpus())"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to processors")
def test_processors_are_those_that_the_process_may_use() -> None:
    bound = f"import os; os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}}); {SCRIPT}"
    done = subprocess.run([sys.executable, "-c", bound], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "1\n"


def test_a_process_whose_starter_ends_is_gone() -> None:
    """The starter waits until its child watches it, and ends; the child would sleep on."""
    child = "import time, yaynay.processes as p; p.end_with_starter(); print(1, flush=True); time.sleep(60)"
    starter = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}], stdout=sys.stdout); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", starter],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    process.communicate("\n", timeout=20)  # it ends when both have closed standard output
