"""The parity certificate: differences between backends that mean something, and none that rounding makes."""

import dataclasses

import numpy as np
import pytest
from unit.invented import make_record, make_table

from yaynay.data.plan import make_plan
from yaynay.records.record import Record
from yaynay.verdict.model import Difference
from yaynay.verdict.parity import certify


def pair(**changed: float) -> Difference:
    """How far PyTensor is from torch, whose biases are nearly zero, with these weights shifted."""
    table = make_table(60, ["x"])
    plan = make_plan(np.arange(60), table.sha256, 1, n_repeats=1)
    ours = make_record(table, plan, "torch", 1, 0.01)
    ours.weights["layer1.bias"][:] = 1e-9
    theirs = make_record(table, plan, "pytensor", 1, 0.01)
    weights = {name: array + changed.get(name.replace(".", "_"), 0.0) for name, array in ours.weights.items()}
    found = certify([ours, dataclasses.replace(theirs, weights=weights)], lambda _: "nay")
    assert found is not None
    return found.differences["pytensor"]


def largest(record: Record) -> float:
    return max(float(np.abs(array).max()) for name, array in record.weights.items() if name.startswith("layer"))


def test_a_bias_near_zero_is_held_against_all_weights() -> None:
    """Against itself alone, rounding would be a difference of a hundred per cent."""
    assert pair(layer1_bias=1e-9).weights < 1e-8
    table = make_table(60, ["x"])
    record = make_record(table, make_plan(np.arange(60), table.sha256, 1, n_repeats=1), "torch", 1, 0.01)
    assert pair(layer0_weight=0.5).weights == pytest.approx(0.5 / largest(record))


def test_what_standardises_the_data_is_no_weight() -> None:
    assert pair(x_mean=1e6).weights == 0


def records(**depths: tuple[int, ...]) -> list[Record]:
    """Runs of each backend at some depths."""
    table = make_table(60, ["x"])
    plan = make_plan(np.arange(60), table.sha256, 1, n_repeats=1)
    return [make_record(table, plan, name, depth, 0.01) for name, own in depths.items() for depth in own]


@pytest.mark.parametrize(
    "trained",
    [
        {"torch": (1, 2), "tensorflow": (1,), "pytensor": (2,)},  # none is common to all
        {"torch": (0, 1), "tensorflow": (0,)},
    ],
)
def test_without_a_common_network_there_are_differences_and_no_outcomes(trained: dict[str, tuple[int, ...]]) -> None:
    found = certify(records(**trained), lambda _: "undecided")
    assert found is not None
    assert list(found.differences) == list(trained)[1:]
    assert found.outcomes == {}


def test_a_configuration_that_a_backend_trained_twice_is_left_out() -> None:
    """In two halved groups, say: nothing tells which of the two belongs to the other backend's."""
    once = records(torch=(1, 2), tensorflow=(1, 2))
    longer = dataclasses.replace(once[0], key="longer", weights={name: 2 * w for name, w in once[0].weights.items()})
    seen: list[list[str]] = []
    for order in ([*once, longer], [longer, *once]):
        found = certify(order, lambda some: seen.append([record.key for record in some]) or "nay")
        assert found is not None
        assert (found.n_configurations, found.differences["tensorflow"].weights) == (1, 0.0)
    assert seen == [["torch-2-0.01"], ["tensorflow-2-0.01"]] * 2
    assert certify([*records(torch=(1,), tensorflow=(1,)), longer], lambda _: "nay") is None


def test_outcomes_are_of_the_configurations_that_all_backends_trained() -> None:
    """Otherwise a backend that trained fewer depths would seem to disagree."""
    table = make_table(60, ["x"])
    plan = make_plan(np.arange(60), table.sha256, 1, n_repeats=1)
    trained = {"torch": (1, 2, 3), "tensorflow": (1, 2), "pytensor": (2, 3)}
    records = [make_record(table, plan, name, depth, 0.01) for name, depths in trained.items() for depth in depths]
    seen: list[list[str]] = []
    certify(records, lambda some: seen.append([record.name for record in some]) or "nay")
    assert [[name.partition(",")[0] for name in names] for names in seen] == [
        ["torch 2 x 4"], ["tensorflow 2 x 4"], ["pytensor 2 x 4"]
    ]  # fmt: skip
