"""The order of rows changes nothing that a reader decides."""

import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from yaynay.data.reading import read_file, read_frame
from yaynay.data.table import Table
from yaynay.errors import YaynayError

N_ROWS = 24
SQUARES = np.arange(N_ROWS) ** 2
KINDS = {
    "float": [f"{row * 7 % 11}.5" for row in range(N_ROWS)],
    "counted": [str(row) for row in range(1, N_ROWS + 1)],
    "id": [str(7 * row + 300) for row in range(N_ROWS)],
    "sentinel": ["-999"] * 4 + [f"{row}.25" for row in range(N_ROWS - 4)],
    "giveaway": [f"{square}" for square in SQUARES],
    "level": [("north", "south", "NA", "east")[row % 4] for row in range(N_ROWS)],
    "rare": [f"k{row // 3 if row < 15 else row}" for row in range(N_ROWS)],
    "text": [f"note {row}" for row in range(N_ROWS)],
    "flag": [("true", "FALSE", "")[row % 3] for row in range(N_ROWS)],
    "decimal": [f"{row},5" for row in range(N_ROWS)],
    "thousands": [f"{row},234" for row in range(1, N_ROWS + 1)],
    "point": [f"{row}.234" for row in range(1, N_ROWS + 1)],
    "percent": [f"{row} %" for row in range(N_ROWS)],
    "some percent": [f"{row} %" if row % 2 else f"{row}" for row in range(N_ROWS)],
    "day": [f"{row % 28 + 1}.03.2024" for row in range(N_ROWS)],
    "either": [f"{row % 12 + 1}/3/2024" for row in range(N_ROWS)],
    "month": [f"3/{row + 1}/2024" for row in range(N_ROWS)],
    "clock": [f"{row % 24}:30" for row in range(N_ROWS)],
    "mostly": ["oops" if row == 5 else f"{row}" for row in range(N_ROWS)],
    "subject": [f"{row // 4}" for row in range(N_ROWS)],
    "age": [f"{30 + row // 4}" for row in range(N_ROWS)],
    "size": [f"{170 + row // 4 * 3 % 7}" for row in range(N_ROWS)],
    "nothing": [""] * N_ROWS,
    "constant": ["4"] * N_ROWS,
    "missing": [("", "?", "-", f"{row}")[row % 4] for row in range(N_ROWS)],
}
TARGETS = [
    [str(square) for square in SQUARES],
    [("no", "yes")[row % 2] for row in range(N_ROWS)],
    ["", *"1234567" * 4][:N_ROWS],
]


ABOUT_ORDER = "rows are sorted by|neighbouring rows"
"""Remarks that speak of the order of the rows."""


def outcome(rows: pd.DataFrame, is_file: bool) -> tuple[Table | None, object]:
    """The table, and what was decided and said of it; or the refusal without what depends on where a cell stands."""
    try:
        if is_file:
            with TemporaryDirectory() as folder:
                rows.to_csv(Path(folder) / "a.csv", index=False, sep=";")
                table = read_file(Path(folder) / "a.csv", "y", missing="impute")
        else:
            table = read_frame(rows.reset_index(drop=True), "y", missing="impute")
    except YaynayError as error:
        return None, re.sub(
            r"^.*?(?=column|no feature)|'[^']*' (?:may|is not)|[0-9.]+ \(a (?:comma|decimal)", "", str(error)
        )
    remarks = Counter(remark for remark in table.remarks if not re.match(ABOUT_ORDER, remark))
    said = (table.kinds, table.n_dropped, remarks, Counter(map(str, table.reading)))
    return table, (
        said,
        Counter(
            re.sub(r"'[^']*' \d+(?:, '[^']*' \d+)*", lambda found: "".join(sorted(found[0])), note)
            for note in table.notes
        ),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True),
    st.sampled_from(TARGETS),
    st.permutations(range(N_ROWS)),
    st.booleans(),
)
def test_permuting_rows_changes_no_outcome(
    kinds: list[str], target: list[str], order: list[int], is_file: bool
) -> None:
    rows = pd.DataFrame({**{kind: KINDS[kind] for kind in kinds}, "y": target})
    table, said = outcome(rows, is_file)
    permuted, said_then = outcome(rows.iloc[order], is_file)
    assert said == said_then
    if table is not None and permuted is not None and table.n_dropped == 0:
        np.testing.assert_array_equal(permuted.x, table.x[order])
        np.testing.assert_array_equal(permuted.y, table.y[order])
