"""A fleet trained by Lightning itself: the lines that docs/backends.md shows, run as they are."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract.fleets import Rates, fit, make_fleet

from yaynay.models.backends import base, lightning
from yaynay.models.training_state import TrainingState

DOCS = Path(__file__).parents[2] / "docs" / "backends.md"


def run_lines(fleet: Any) -> dict[str, Any]:
    """What the page's lines leave, for this fleet."""
    (lines,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(lines.splitlines()) <= 12
    names: dict[str, Any] = {"fleet": fleet}
    exec(lines, names)  # noqa: S102 - our own page
    return names


@pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec.. is deprecated")  # Lightning 2.6 on PyTorch 2.13
def test_the_page_s_lines_train_as_a_command_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"patience": 4, "max_epochs": 30}
    rates = (Rates(lr=0.05, weight_decay=0.01, seed=0), Rates(lr=0.003, weight_decay=0.0, seed=1))
    left, fitted = run_lines(make_fleet(*rates, **options)), fit(make_fleet(*rates, **options), "torch")
    assert len(left["state"].present) < left["fleet"].n_members, "nobody left: the test shows nothing"
    weights = left["module"].network.state_dict()
    assert list(weights) == list(fitted.weights)
    for name, array in fitted.weights.items():
        assert np.array_equal(weights[name].numpy(), array)
    logged = left["trainer"].callback_metrics
    assert float(logged["train/loss"]) == pytest.approx(fitted.train_curve[-1].mean())
    assert float(logged["val/loss"]) == pytest.approx(fitted.validation_curve[-1].mean())


def test_the_parameters_are_the_fleet() -> None:
    fleet = make_fleet()
    module = lightning.FleetModule(TrainingState(fleet))
    start = fleet.weights()
    assert sum(parameter.numel() for parameter in module.parameters()) == fleet.n_members * fleet.shape.n_parameters
    for name, tensor in module.network.state_dict().items():
        assert np.array_equal(tensor.numpy(), start[name])


def test_a_process_is_set_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(lightning, "set_up_process", lambda: calls.append(1))
    base._load.cache_clear()
    for _ in range(3):
        assert base.load("torch") is lightning
    assert len(calls) == 1
    base._load.cache_clear()
