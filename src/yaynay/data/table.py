"""A validated table: numeric and category features, a numeric target, and the digest of its content.

Every table is made here, so every table that exists is usable: unique names, finite values, a target that varies.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yaynay.data.checks import check_names, check_values
from yaynay.data.columns import describe, encode, factorize, feature_names, quote, to_float_or_str
from yaynay.data.truth import Truth
from yaynay.errors import DataError

TIES = {"groups": "n_groups", "time": "n_times"}
"""Attributes and files of what ties rows together, and what the card calls their numbers."""


@dataclass(frozen=True, eq=False)
class Table:
    """Features and target of n_rows rows.

    Attributes:
        name: Short name, used for folders.
        frame: Numbers as float64, categories as str objects; NaN or None where a feature's cell is missing.
        target: Name of the target column.
        source: Where the table comes from, with reference and licence where known.
        truth: Known conditional mean, for a generated table.
        groups: Group of each row, counted from 0, (n_rows,); rows of one group are not independent.
        time: Place of each row in time, counted from 0 and equal for equal times, (n_rows,); made of any numbers.
        n_dropped: Rows left out because a cell was missing.
        notes: What a reader should know.
        remarks: What a verdict on the table should repeat.
        doubts: Why rows may not be independent, though neither groups nor a time say so.
        reading: What was decided on each column of a file, ready for JSON.
        where: How an error names the table; its name if not given.

    Raises:
        DataError: The columns cannot be used as they are.
    """

    name: str
    frame: pd.DataFrame
    target: str
    source: str
    truth: Truth | None = None
    groups: NDArray[np.int64] | None = None
    time: NDArray | None = None
    n_dropped: int = 0
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    reading: tuple[dict[str, Any], ...] = ()
    where: InitVar[str] = ""

    def __post_init__(self, where: str) -> None:
        where = where or f"table {quote(self.name)}"
        check_names([str(name) for name in self.frame.columns], self.target, where)
        frame = to_float_or_str(self.frame, where)
        notes, remarks = check_values(frame, self.target, where)
        object.__setattr__(self, "frame", frame)
        object.__setattr__(self, "notes", tuple(dict.fromkeys((*self.notes, *notes))))
        object.__setattr__(self, "remarks", tuple(dict.fromkeys((*self.remarks, *remarks))))
        for label, codes in self.ties.items():
            object.__setattr__(self, label, np.unique(codes, return_inverse=True)[1].astype(np.int64))
        known: dict[str, NDArray] = {} if self.truth is None else {"truth": self.truth.mean}
        for label, rows in {**known, **self.ties}.items():
            if len(rows) != len(frame):
                raise DataError(f"{where}: {label} of {len(rows)} rows; give one for each of {len(frame)} rows")
        twice = [name for name, count in Counter(self.features).items() if count > 1]
        if twice:
            reason = "a category becomes one 'name=level' feature per level; rename a column"
            raise DataError(f"{where}: two features are called {quote(twice[0])}; {reason}")

    @property
    def ties(self) -> dict[str, NDArray[np.int64]]:
        """Groups and time, where the table has them: why rows are not independent."""
        return {label: codes for label in TIES if (codes := getattr(self, label)) is not None}

    @property
    def n_rows(self) -> int:
        return len(self.frame)

    @property
    def n_features(self) -> int:
        """Columns of `x`."""
        return len(self.features)

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each column, target included: "number" or "category"."""
        return {name: "number" if is_number(values) else "category" for name, values in columns_of(self.frame)}

    @cached_property
    def y(self) -> NDArray[np.float64]:
        """Target, (n_rows,)."""
        return self.frame[self.target].to_numpy(copy=True)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the columns of `x`."""
        return feature_names(describe(self.frame.drop(columns=self.target)))

    @cached_property
    def x(self) -> NDArray[np.float64]:
        """Features as numbers, (n_rows, n_features); NaN where a number is missing (`columns.encode`).

        A level that a training fold never saw is constant there and gets no weight, so encoding the whole table
        at once leaks nothing into a fold.
        """
        features = self.frame.drop(columns=self.target)
        return encode(features, describe(features))

    def take(self, rows: NDArray[np.intp], remark: str) -> "Table":
        """Some of the rows, with a remark that says so.

        Args:
            rows: Their numbers, in the order in which they shall be, (n,).
            remark: What a verdict on them should repeat.
        """
        truth = self.truth and Truth(self.truth.mean[rows], self.truth.noise_sd[rows])
        ties: dict[str, Any] = {label: codes[rows] for label, codes in self.ties.items()}
        frame = self.frame.iloc[rows].reset_index(drop=True)
        return replace(self, frame=frame, truth=truth, remarks=(*self.remarks, remark), **ties)

    @cached_property
    def sha256(self) -> str:
        """Digest of the content: column names, kinds and values, the target's name, the groups and the time."""
        header = [self.target, list(self.kinds.items()), self.n_rows, self.groups is not None]
        digest = hashlib.sha256(json.dumps(header if self.time is None else [*header, "time"]).encode())
        for _, values in columns_of(self.frame):
            if is_number(values):
                digest.update(values.to_numpy().astype("<f8").tobytes())
            else:
                codes, levels = factorize(values)
                digest.update(json.dumps(levels).encode())
                digest.update(codes.astype("<i8").tobytes())
        for codes in self.ties.values():
            digest.update(codes.astype("<i8").tobytes())
        return digest.hexdigest()

    @cached_property
    def equal_rows(self) -> NDArray[np.int64]:
        """A number for each row, the same for equal rows, (n_rows,); missing cells are equal to each other."""
        rows = np.zeros(self.n_rows, dtype=np.int64)
        for _, values in columns_of(self.frame):
            codes = pd.factorize(values.to_numpy(), use_na_sentinel=False)[0]
            rows = pd.factorize(rows * (int(codes.max()) + 1) + codes)[0].astype(np.int64)
            if int(rows.max()) == self.n_rows - 1:  # all differ already
                break
        return rows


def columns_of(frame: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    for name, values in frame.items():
        yield str(name), values


def is_number(values: pd.Series) -> bool:
    return values.dtype == np.float64
