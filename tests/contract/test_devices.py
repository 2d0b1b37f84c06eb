"""What can be known of GPUs without one: everything of a fleet is where it was told to be."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from contract.conftest import require
from contract.fleets import make_fleet

from yaynay.models.backends import base, lightning
from yaynay.models.fleet import Course


def test_torch_keeps_all_of_a_fleet_on_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On PyTorch's device without storage, where a step that mixed it with the CPU would raise."""
    fleet = make_fleet(patience=3, max_epochs=5)
    course = Course(fleet)
    module = lightning.FleetModule(fleet, course).to("meta")
    fetched = []

    def fetch(tensor: torch.Tensor) -> torch.Tensor:
        assert tensor.device.type == "meta"
        fetched.append(tensor.numel())
        return torch.ones(tensor.shape, dtype=tensor.dtype)

    monkeypatch.setattr(torch.Tensor, "cpu", fetch)
    module.on_fit_start()
    base.pass_once(module, course, *course.batches())
    assert fetched == [fleet.n_members, fleet.n_members], "an epoch brings back two losses a member and nothing else"
    kept = np.arange(0, fleet.n_members, 2)
    course.present = kept
    module.drop(kept)
    base.pass_once(module, course, *course.batches())
    held = [module.stack, module.kept, *module.updates.moments, {"steps": module.updates.n_steps}]
    assert {tensor.device.type for group in held for tensor in group.values()} == {"meta"}


_SECOND_CPU = """
import sys
sys.path.insert(0, sys.argv[1])
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from contract.conftest import require
from contract.fleets import make_fleet
from yaynay.models.backends import tensorflow
from yaynay.models.fleet import Course
fleet = make_fleet(patience=3, max_epochs=5)
engine = tensorflow.train(fleet, Course(fleet), "CPU:1", None)
held = tf.nest.flatten((engine.data, engine.members, engine.weights, engine.moments, engine.kept))
print(*sorted({tensor.device.rpartition(":")[2] for tensor in held}))
"""


def test_tensorflow_keeps_all_of_a_fleet_on_one_device() -> None:
    """On a second logical CPU, which stands for a GPU."""
    require("tensorflow")
    words = [sys.executable, "-c", _SECOND_CPU, str(Path(__file__).parents[1])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip() == "1", done.stderr
