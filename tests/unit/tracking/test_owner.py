"""Which process a run belongs to."""

import os
import subprocess

import psutil
import pytest

from yaynay.tracking import owner


def test_this_process_lives() -> None:
    assert owner.owner().split("/")[1] == str(os.getpid())
    assert not owner.is_dead(owner.owner())


def test_a_process_that_ended_is_dead_before_and_after_its_starter_noticed() -> None:
    process = subprocess.Popen(["true"])
    text = owner.describe(psutil.Process(process.pid))
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owner.is_dead(text)
    process.wait()
    assert owner.is_dead(text)


def test_a_process_id_that_is_used_again_is_not_the_run_s_process() -> None:
    host, pid, started = owner.owner().split("/")
    assert owner.is_dead(f"{host}/{pid}/{float(started) - 3600:.2f}")
    assert owner.is_dead(f"{host}/{pid}/{float(started) + 3600:.2f}")


@pytest.mark.parametrize("text", ["", "another-host/1/1.0", "nonsense", "{host}/no-number/1.0", "{host}/1"])
def test_what_cannot_be_known_is_not_taken_for_dead(text: str) -> None:
    assert not owner.is_dead(text.format(host=owner.owner().split("/")[0]))
