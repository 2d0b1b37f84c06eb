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
