"""A table as files: its columns, what is known of its rows, and a card that says what it is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from yaynay.data.columns import frame_of
from yaynay.data.table import TIES, Table, columns_of, is_number
from yaynay.data.truth import Truth
from yaynay.errors import DataError
from yaynay.storage import replacing

_OF_FILES = ("remarks", "doubts", "reading")
"""What only the card of a file's table holds."""


def card(table: Table) -> dict[str, Any]:
    """Facts about a table, ready for JSON.

    `n_equal_rows` counts the rows that have at least one duplicate, equal in features and target.
    """
    sizes = np.bincount(table.equal_rows)
    entries: dict[str, Any] = {
        "name": table.name,
        "source": table.source,
        "target": table.target,
        "n_rows": table.n_rows,
        "columns": [{"name": name, "kind": kind} for name, kind in table.kinds.items()],
        "n_features": table.n_features,
        "n_dropped": table.n_dropped,
        "n_equal_rows": int(sizes[sizes > 1].sum()),
        **dict.fromkeys(TIES.values()),
        "notes": list(table.notes),
        "table_sha256": table.sha256,
        "truth_sha256": table.truth and table.truth.sha256,
    }
    entries |= {TIES[label]: int(codes.max()) + 1 for label, codes in table.ties.items()}
    entries |= {name: list(value) for name in _OF_FILES if (value := getattr(table, name))}
    if table.truth is not None and np.ptp(table.truth.noise_sd) == 0:
        entries["noise_sd"] = float(table.truth.noise_sd[0])
    return entries


def write_table(table: Table, folder: Path, **extra: Any) -> None:
    """Write table, truth, groups and time.parquet as far as there are any, each moved into place, and card.json last.

    The `extra` entries join the card. The same table gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = [
        pa.array(values.to_numpy(), type=pa.float64() if is_number(values) else pa.string(), from_pandas=True)
        for _, values in columns_of(table.frame)
    ]
    parts: dict[str, pa.Table | None] = dict.fromkeys(("truth", *TIES))
    parts |= {label: pa.table({label: codes}) for label, codes in table.ties.items()}
    parts["table"] = pa.table(columns, names=list(table.kinds))
    if table.truth is not None:
        parts["truth"] = pa.table({"mean": table.truth.mean, "noise_sd": table.truth.noise_sd})
    for part, content in parts.items():
        path = folder / f"{part}.parquet"
        if content is None:
            path.unlink(missing_ok=True)
            continue
        with replacing(path) as aside:
            pq.write_table(content, aside)
    with replacing(folder / "card.json") as aside:
        aside.write_text(json.dumps(card(table) | extra, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def load_table(folder: Path) -> Table:
    """Read a table that `write_table` wrote and check its digests.

    Raises:
        DataError: A file is missing or unreadable, or the content is not what the card says.
    """
    try:
        entries = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        frame = _read(folder / "table.parquet")
        known = _read(folder / "truth.parquet") if entries["truth_sha256"] is not None else None
        truth = None if known is None else Truth(known["mean"].to_numpy(), known["noise_sd"].to_numpy())
        kept = [label for label, count in TIES.items() if entries.get(count) is not None]
        ties: dict[str, Any] = {label: _read(folder / f"{label}.parquet").iloc[:, 0].to_numpy() for label in kept}
        stated = (entries["table_sha256"], entries["truth_sha256"])
        about = {name: entries[name] for name in ("name", "target", "source", "n_dropped")}
        about |= {name: tuple(entries.get(name, ())) for name in ("notes", *_OF_FILES)}
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{folder}: not a readable table ({reason}); {_AGAIN}") from error
    table = Table(frame=frame, truth=truth, **ties, where=str(folder), **about)
    if stated != (table.sha256, truth and truth.sha256):
        raise DataError(f"{folder}: content does not match its SHA-256; {_AGAIN}")
    return table


_AGAIN = "make it again with yaynay.generate"


def _read(path: Path) -> pd.DataFrame:
    # not read_table, which turns a folder named "a=b" into a column
    content = pq.ParquetFile(path).read()
    return frame_of({name: content.column(name).to_numpy() for name in content.column_names})
