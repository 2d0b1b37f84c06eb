"""What must hold for any input, each on hundreds of drawn examples."""

import csv
import io
import math
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from contract.fleets import Rates, assemble
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from yaynay.data.cells import RawTable
from yaynay.data.containers import Source
from yaynay.data.parsing import read_text
from yaynay.data.plan import make_plan
from yaynay.errors import DataError, redact
from yaynay.models import ols
from yaynay.models.network import Shape
from yaynay.models.training_state import TrainingState
from yaynay.models.units import make_units
from yaynay.storage import read_arrays, write_arrays
from yaynay.verdict.rule import adjust_p_values

pytestmark = pytest.mark.usefixtures("timed")

NUMBERS = st.floats(-1e6, 1e6, width=32)
TABLES = st.tuples(st.integers(5, 30), st.integers(1, 4)).flatmap(
    lambda size: st.tuples(
        hnp.arrays(np.float64, size, elements=NUMBERS), hnp.arrays(np.float64, size[0], elements=NUMBERS)
    )
)


@given(st.lists(st.integers(0, 30), min_size=20, max_size=80), st.integers(2, 6), st.integers(0, 9))
def test_a_plan_tests_each_row_once_a_repeat_and_never_parts_equal_rows(
    blocks: list[int], n_folds: int, seed: int
) -> None:
    codes = np.unique(blocks, return_inverse=True)[1]
    plan = make_plan(codes, "0" * 64, 1, n_folds=n_folds, n_repeats=2, seed=seed)
    n_tests = np.zeros(len(codes), dtype=int)
    for split in list(plan.splits())[: plan.n_splits]:
        n_tests[split.test] += 1
        assert not set(split.train) & set(split.test)
        assert set(split.train) | set(split.test) == set(range(len(codes)))
        assert not set(codes[split.train]) & set(codes[split.test])
        for fold in range(plan.n_inner):
            held = split.inner == fold
            assert not set(codes[held]) & set(codes[(split.inner >= 0) & ~held])
    assert (n_tests == plan.n_repeats).all()


@given(TABLES, st.lists(st.integers(-40, 40), min_size=4, max_size=4))
def test_a_line_is_the_same_in_whatever_unit_a_column_is_given(
    data: tuple[NDArray[np.float64], NDArray[np.float64]], exponents: list[int]
) -> None:
    x, y = data
    units = np.array(exponents[: x.shape[1]])
    plain, scaled = ols.fit(x, y), ols.fit(np.ldexp(x, units), y)
    assert plain.rank == scaled.rank
    assert np.array_equal(np.ldexp(scaled.slopes, units), plain.slopes)
    assert scaled.intercept == plain.intercept


@given(TABLES)
def test_what_a_line_leaves_has_nothing_in_common_with_its_features(
    data: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    x, y = data
    line = ols.fit(x, y)
    left = y - line.predict(x)
    terms = np.abs(y) + np.abs(line.intercept) + np.abs(x) @ np.abs(line.slopes)  # what is rounded on the way
    rounding = 1e-12 * np.linalg.norm(terms)
    assert (np.abs(left @ x) <= rounding * np.linalg.norm(x, axis=0) + 1e-300).all()
    assert abs(left.sum()) <= rounding * np.sqrt(len(y))


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 12), st.just(12)), elements=st.floats(0, 10)),
    st.integers(1, 4),
)
def test_a_member_keeps_the_best_of_the_epochs_that_it_trained(losses: NDArray[np.float64], patience: int) -> None:
    x = np.arange(24.0)[:, None]
    plan = make_plan(np.arange(24), "0" * 64, 1, n_folds=2, n_repeats=1)
    units = make_units(x, x[:, 0], plan, hold_out=True)
    options = {"max_epochs": len(losses), "patience": patience}
    state = TrainingState(assemble(Shape(1, 1, 2), x, x[:, 0], units, Rates(0.1, 0.0, 0), **options))
    n_epochs = np.zeros(12, dtype=int)
    assert len(units) == 12
    for row in losses:
        if state.is_over:
            break
        here = state.present
        n_epochs += state.is_active
        state.end_epoch(np.ones(len(here)), row[here])
    for member in range(12):
        trained = losses[: n_epochs[member], member]
        assert state.best_loss[member] == trained.min()
        assert state.best_epoch[member] == trained.argmin()
        stale = np.arange(len(trained)) - [trained[: epoch + 1].argmin() for epoch in range(len(trained))]
        assert (stale[:-1] < patience).all()


NUMERALS = ["1", "-2.5", "1e3", "7.", ".5", "+4", "-0", " 12\t", "9007199254740993", "1e400", "-inf", "Infinity"]
ODD_CELLS = ["1-2", "e", "0x1", "-nan", "nan(1)", "1_0", "\u0661", "x", "\u00a01", '"a,b"', '"x\ny"', '" 3"', '""""']
CELLS = st.sampled_from([*NUMERALS, *ODD_CELLS, "", "nan", "Na", "N/A"])
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5)


def parse_cell(cell: str) -> float | str:
    """What one cell means, by the rules of docs/reading.md, as far as they look at one cell alone."""
    text = cell.strip()
    if text.lower() in ("", "na", "n/a", "nan", "null", "none"):
        return math.nan
    is_plain = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text)
    return float(text) if is_plain or text.lower().lstrip("+-") in ("inf", "infinity") else text


def read(path: Path) -> RawTable:
    return read_text(Source(path), lambda _: [0, 1], target="b", separator="comma", has_header=True)


@given(ROWS, st.lists(CELLS, max_size=3), st.sampled_from(["\n", "\r\n", "\r", "\n\n"]), st.booleans())
def test_a_file_is_read_as_its_cells_are_one_by_one(
    rows: list[list[str]], last: list[str], end: str, has_end: bool
) -> None:
    lines = ["a,b", *map(",".join, rows), *([",".join(last)] if last else [])]
    content = end.join(lines) + end * has_end
    _, *records = [row for row in csv.reader(io.StringIO(content, newline=""), strict=True) if row]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(content.encode())
        if any(len(row) != 2 for row in records):
            with pytest.raises(DataError, match="fields where the header has 2"):
                read(path)
            return
        found = read(path)
    for number, name in enumerate("ab"):
        cells: list[float | str | None] = [parse_cell(row[number]) for row in records]
        if any(isinstance(cell, str) for cell in cells):  # a column of texts keeps its numbers as they are spelt
            cells = [None if cell != cell else row[number].strip() for cell, row in zip(cells, records, strict=True)]
        column = found.columns[name]
        as_read = column.numbers if column.texts is None else column.texts.spread(np.array(column.texts.levels, object))
        assert as_read is not None
        assert list(map(repr, as_read.tolist())) == list(map(repr, cells))
    n_large = [sum(row[number].strip() == "9007199254740993" for row in records) for number in (0, 1)]
    rounded = {name: n for name, n in zip("ab", n_large, strict=True) if n and found.columns[name].texts is None}
    assert {name: column.n_rounded for name, column in found.columns.items() if column.n_rounded} == rounded


@given(
    st.dictionaries(
        st.text("abc.0", min_size=1, max_size=8),
        hnp.arrays(
            st.sampled_from([np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.int64)]),
            hnp.array_shapes(max_dims=3, max_side=4),
        ),
        max_size=4,
    )
)
def test_arrays_come_back_bit_for_bit(arrays: dict[str, NDArray]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_arrays(Path(folder) / "a", arrays)
        found = read_arrays(Path(folder) / "a")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


@given(
    st.text(st.characters(codec="ascii", exclude_characters="/?# '\"", categories=("L", "N", "P", "S")), min_size=1),
    st.sampled_from(["postgresql", "http", "https", "mysql+pymysql"]),
)
def test_no_password_of_an_address_is_shown(password: str, scheme: str) -> None:
    secret = f"CANARY{password}CANARY"
    shown = redact(f"cannot reach {scheme}://ann:{secret}@db.example:5432/runs: refused")
    assert "CANARY" not in shown
    assert f"{scheme}://db.example:5432/runs: refused" in shown


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_never_smaller_and_keep_their_order(values: list[float]) -> None:
    found = adjust_p_values({str(number): value for number, value in enumerate(values)})
    adjusted = [found[str(number)] for number in range(len(values))]
    assert all(raw <= high * (1 + 1e-12) <= 1 + 1e-12 for raw, high in zip(values, adjusted, strict=True))
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()
