"""Every backend's optimizer against its formula in NumPy, and the shared formula against PyTorch's optimizers."""

import numpy as np
import pytest
import torch
from contract.fleets import Rates, fit, make_fleet
from numpy.typing import NDArray

from yaynay.models.backends.stacked import OPTIMIZERS
from yaynay.models.network import Shape
from yaynay.models.optimizers import N_MOMENTS, bias_corrections, update
from yaynay.models.optimizers import Rates as StepRates

RATES = Rates(lr=0.05, weight_decay=0.3, seed=0)
IS_DECAYED = np.array([1, 1, 1, 0])  # three slopes, and the intercept


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_five_steps_follow_the_formula(backend: str, optimizer: str) -> None:
    fleet = make_fleet(RATES, shape=Shape(3, 0), optimizer=optimizer, batch_size="full", max_epochs=5)
    fitted, start = fit(fleet, backend), fleet.weights()
    for unit in range(len(fleet.units)):
        rows = fleet.units.train_rows[unit, : fleet.units.n_train[unit]]
        x = np.column_stack([fleet.units.standardise(fleet.x[rows], unit), np.ones(len(rows))])
        y = (fleet.y[rows] - fleet.units.y_mean[unit]) / fleet.units.y_scale[unit]
        weights = np.append(start["layer0.weight"][unit], start["layer0.bias"][unit])
        first = second = np.zeros(4)
        for step in range(1, 6):
            gradient = 2 * x.T @ (x @ weights - y) / len(y)
            decay = RATES.weight_decay * weights * IS_DECAYED
            if optimizer == "adamw":
                weights = weights - RATES.lr * decay
            else:
                gradient = gradient + decay
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            scaled = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            weights = weights - RATES.lr * (gradient if optimizer == "sgd" else scaled)
        slopes = fitted.weights["layer0.weight"][unit, :, 0]  # the intercept's gradient is only rounding
        np.testing.assert_allclose(slopes, weights[:3], rtol=1e-9)


LR = np.array([0.05, 0.05, 0.2, 0.01, 0.01])
DECAY = np.array([0.3, 0.3, 0.0, 0.1, 0.1])
NAMES = ("layer0.weight", "layer0.bias", "skip.weight")


def gradients(seed: int) -> list[dict[str, NDArray[np.float64]]]:
    """Six steps' gradients of five members, from far below Adam's epsilon to large."""
    rng = np.random.default_rng(seed)
    return [{name: rng.normal(size=(5, 3, 2)) * 10.0 ** rng.integers(-9, 3) for name in NAMES} for _ in range(6)]


def follow(optimizer: str, steps: list[dict[str, NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
    """All members' arrays after steps from 1 by the shared formula."""
    weights = {name: np.ones((5, 3, 2)) for name in NAMES}
    moments = {name: [np.zeros((5, 3, 2)) for _ in range(N_MOMENTS[optimizer])] for name in NAMES}
    for number, step in enumerate(steps, start=1):
        rates = StepRates(LR[:, None, None], DECAY[:, None, None], *bias_corrections(np.array(float(number))))
        for name in NAMES:
            weights[name], moments[name] = update(
                optimizer, name, weights[name], step[name], moments[name], rates, np.sqrt, np.float64
            )
    return weights


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_rates_of_each_member_follow_the_shared_formula_also_when_members_leave(optimizer: str) -> None:
    steps, kept = gradients(seed=0), np.array([0, 2, 4])
    stacks = {name: torch.nn.Parameter(torch.ones(5, 3, 2, dtype=torch.float64)) for name in NAMES}
    ours = OPTIMIZERS[optimizer](stacks, LR, DECAY)
    for number, step in enumerate(steps):
        if number == 3:
            ours.keep(kept)
        here = kept if number >= 3 else np.arange(5)
        ours.zero_grad()
        sum((stacks[name] * torch.from_numpy(step[name][here])).sum() for name in NAMES).backward()
        ours.step()
    expected = follow(optimizer, steps)
    for name, stack in stacks.items():
        np.testing.assert_allclose(stack.detach().numpy(), expected[name][kept], rtol=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "theirs"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)]
)
def test_the_shared_formula_is_pytorch_s(optimizer: str, theirs: type[torch.optim.Optimizer]) -> None:
    """Member 0 alone, its weight with decay and its bias without, by an optimizer as PyTorch has it."""
    steps = gradients(seed=1)
    alone = {name: torch.nn.Parameter(torch.ones(3, 2, dtype=torch.float64)) for name in NAMES}
    decayed, free = [alone["layer0.weight"]], [alone["layer0.bias"], alone["skip.weight"]]
    groups = [{"params": decayed, "weight_decay": DECAY[0]}, {"params": free, "weight_decay": 0.0}]
    pytorch = theirs(groups, lr=LR[0])  # type: ignore[call-arg]  # every one of them has it
    for step in steps:
        for name, parameter in alone.items():
            parameter.grad = torch.from_numpy(step[name][0])
        pytorch.step()
    expected = follow(optimizer, steps)
    for name, parameter in alone.items():
        np.testing.assert_allclose(parameter.detach().numpy(), expected[name][0], rtol=1e-12)
