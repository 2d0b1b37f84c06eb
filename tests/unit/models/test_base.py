"""What a user is told about a backend that is not installed, and what a run loads."""

import importlib.util
import subprocess
import sys

import pytest

from yaynay.errors import MachineError
from yaynay.models.backends import base


@pytest.mark.parametrize("backend", ["tensorflow", "pytensor"])
def test_a_backend_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MachineError, match=rf"{backend} is not installed here.*pip install 'yaynay\[{backend}\]'"):
        base.check(backend, "auto")


def test_torch_without_lightning_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pytorch_lightning" else found(name))
    with pytest.raises(MachineError, match=r"torch is not installed here.*pip install 'yaynay'"):
        base.check("torch", "auto")


def test_a_run_loads_no_framework_that_it_was_not_asked_for() -> None:
    script = "import sys; from yaynay.sweep import fit; from yaynay.models.backends import base; base.load('pytensor');"
    script += "print([name for name in ('torch', 'tensorflow', 'mlflow', 'hydra') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
