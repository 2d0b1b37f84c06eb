"""What can be tested about GPUs without one: everything in a fleet is on the device that was chosen."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from contract.conftest import require
from contract.fleets import make_fleet

from yaynay.models.backends import lightning
from yaynay.models.training_state import TrainingState


def test_torch_keeps_all_of_a_fleet_on_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On PyTorch's device without storage, where a step that mixed it with the CPU would raise."""
    state = TrainingState(make_fleet(patience=1, max_epochs=5))
    module, data = lightning.FleetModule(state).to("meta"), lightning.FleetData(state)
    data.trainer = SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device("meta")))
    data.setup("fit")
    optimizer = module.configure_optimizers()
    monkeypatch.setattr(module, "optimizers", lambda: optimizer)
    monkeypatch.setattr(module, "manual_backward", torch.Tensor.backward)
    trainer = SimpleNamespace(num_training_batches=4, optimizers=[optimizer], logger=None)
    fetched = []

    def fetch(tensor: torch.Tensor) -> torch.Tensor:
        """Losses on the CPU: the even members' fall, the odd members' rise."""
        assert tensor.device.type == "meta"
        fetched.append(tensor.numel())
        return 1 / len(fetched) + (torch.arange(len(tensor)) % 2) * len(fetched)

    monkeypatch.setattr(torch.Tensor, "cpu", fetch)
    (stopping,) = module.configure_callbacks()
    stopping.on_train_start(trainer, module)
    for _ in range(3):
        module.on_train_epoch_start()
        for number, batch in enumerate(data.train_dataloader()):
            module.training_step(batch, number)
        for batch in data.val_dataloader():
            module.validation_step(batch, 0)
        stopping.on_train_epoch_end(trainer, module)
    n_members = state.fleet.n_members
    assert fetched[:2] == [n_members, n_members], "an epoch brings back two losses per member and nothing else"
    assert fetched[4:] == [n_members // 2, n_members // 2], "nobody left: the test shows nothing"
    held = [*module.network.parameters(), *stopping.best.values(), *data.train, *data.held_out]
    held += [tensor for known in optimizer.state.values() for tensor in known.values() if tensor.ndim]
    assert {tensor.device.type for tensor in held} == {"meta"}


_SECOND_CPU = """
import sys
sys.path.insert(0, sys.argv[1])
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from contract.conftest import require
from contract.fleets import make_fleet
from yaynay.models.backends import base, tensorflow
from yaynay.models.training_state import TrainingState
state = TrainingState(make_fleet(patience=3, max_epochs=5))
with tf.device("CPU:1"):
    engine = tensorflow.FleetEngine(state)
    base.drive(engine, state)
held = tf.nest.flatten((engine.data, engine.members, engine.weights, engine.moments, engine.kept))
print(*sorted({tensor.device.rpartition(":")[2] for tensor in held}))
"""


def test_tensorflow_keeps_all_of_a_fleet_on_one_device() -> None:
    """On a second logical CPU, which stands for a GPU."""
    require("tensorflow")
    words = [sys.executable, "-c", _SECOND_CPU, str(Path(__file__).parents[1])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip() == "1", done.stderr
