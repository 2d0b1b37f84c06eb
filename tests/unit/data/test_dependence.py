"""Doubts about rows that hang together, and none about rows that do not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from yaynay.data.reading import read_file
from yaynay.data.table import Table
from yaynay.data.table_files import load_table, write_table

Columns = dict[str, NDArray]
N_TABLES = 40


def independent(rng: np.random.Generator, n: int = 150) -> Columns:
    x, visits, age = rng.normal(size=n), rng.poisson(3, size=n), rng.integers(18, 90, size=n)
    curve = x + 0.5 * x**2 + 0.2 * visits**2 + 0.003 * (age - 50) ** 2
    return {"x": x, "visits": visits, "age": age, "y": curve + rng.normal(size=n)}


def sorted_by(name: str) -> Callable[[np.random.Generator], Columns]:
    def draw(rng: np.random.Generator) -> Columns:
        columns = independent(rng)
        order = np.argsort(columns[name], kind="stable")
        return {label: values[order] for label, values in columns.items()}

    return draw


def funnel(rng: np.random.Generator) -> Columns:
    columns = independent(rng)
    return columns | {"y": columns["x"] + (0.2 + columns["visits"]) * rng.standard_t(2, size=150)}


def walks(rng: np.random.Generator) -> Columns:
    return {name: rng.normal(size=150).cumsum() for name in ("oil", "rates", "y")}


def subjects(rng: np.random.Generator) -> Columns:
    subject = rng.permutation(np.repeat(rng.permutation(40), 4))
    level = rng.normal(size=40)[subject]
    return {"id": 100 + subject, "x": rng.normal(size=160), "y": level + 0.7 * rng.normal(size=160)}


def named_subjects(rng: np.random.Generator) -> Columns:
    columns = subjects(rng)
    return columns | {"id": np.array([f"S-{number}" for number in columns["id"]])}


def read(columns: Columns, folder: Path, **options: str) -> Table:
    path = folder / "table.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return read_file(path, "y", **options)


@pytest.mark.parametrize(
    "draw", [independent, funnel, sorted_by("x"), sorted_by("visits"), sorted_by("y")], ids=lambda draw: draw.__name__
)
def test_independent_rows_raise_no_doubt_however_they_are_sorted(
    draw: Callable[[np.random.Generator], Columns], tmp_path: Path
) -> None:
    n_doubted = sum(bool(read(draw(np.random.default_rng(seed)), tmp_path).doubts) for seed in range(N_TABLES))
    assert n_doubted <= 2  # of 40 at 1 %: more has probability .008


@pytest.mark.parametrize(
    ("draw", "option"), [(walks, "dataset.time=COLUMN"), (subjects, "dataset.groups=id"), (named_subjects, "groups=id")]
)
def test_rows_that_hang_together_raise_a_doubt_that_names_the_option(
    draw: Callable[[np.random.Generator], Columns], option: str, tmp_path: Path
) -> None:
    tables = [read(draw(np.random.default_rng(seed)), tmp_path) for seed in range(N_TABLES)]
    assert sum(any(option in doubt for doubt in table.doubts) for table in tables) >= N_TABLES - 2
    assert all(set(table.doubts) <= set(table.remarks) for table in tables)


def test_rows_whose_order_is_told_raise_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    assert read(walks(rng) | {"day": np.arange(150)}, tmp_path, time="day").doubts == ()
    assert read(subjects(rng), tmp_path, groups="id").doubts == ()


def test_dates_order_the_rows_of_a_shuffled_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = walks(rng) | {"date": pd.date_range("2020-01-01", periods=150).strftime("%Y-%m-%d").to_numpy()}
    order = rng.permutation(150)
    (doubt,) = read({name: values[order] for name, values in columns.items()}, tmp_path).doubts
    assert "set dataset.time=date" in doubt


def test_a_sorted_file_gets_a_remark(tmp_path: Path) -> None:
    for name, said in (("x", "rows are sorted by 'x'"), ("y", "rows are sorted by the target, 'y'")):
        table = read(sorted_by(name)(np.random.default_rng(1)), tmp_path)
        assert any(said in remark for remark in table.remarks)


def test_subjects_are_found_in_any_order(tmp_path: Path) -> None:
    columns, order = subjects(np.random.default_rng(3)), np.random.default_rng(4).permutation(160)
    shuffled = {name: values[order] for name, values in columns.items()}
    assert read(columns, tmp_path).doubts == read(shuffled, tmp_path).doubts != ()


def test_doubts_are_stored_with_the_table(tmp_path: Path) -> None:
    table = read(walks(np.random.default_rng(5)), tmp_path)
    write_table(table, tmp_path / "stored")
    assert load_table(tmp_path / "stored").doubts == table.doubts != ()
