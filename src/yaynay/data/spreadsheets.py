"""Excel files: one sheet, whose cells have a type each."""

import importlib.util
import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Literal

import pandas as pd

from yaynay.config.quoting import override
from yaynay.data.cells import RawTable
from yaynay.data.columns import clean_name, quote
from yaynay.data.containers import Source
from yaynay.data.frames import read_series
from yaynay.errors import DataError, MachineError


def read_sheet(
    source: Source, keep: Callable[[Sequence[str]], list[int]], sheet: str | None, *, na_values: Sequence[str] = ()
) -> RawTable:
    """Columns of a sheet; the first row with two cells or more holds the names.

    Args:
        source: The file.
        keep: Checks the names and gives the columns to read, by number.
        sheet: Its name; None for the first.
        na_values: Spellings of a missing cell besides the usual ones.

    Raises:
        DataError: It is not a valid Excel file, has no such sheet, or the sheet holds no table.
        MachineError: The package that reads it is not installed.
    """
    cells, notes = _read_cells(source, sheet)
    is_there = cells.notna()
    cells = cells.loc[:, is_there.any()]
    n_filled = is_there.sum(axis=1)
    if (n_filled < 2).all():
        raise DataError(
            f"{source.path}: no table in the sheet; names and rows are needed; choose another (dataset.sheet)"
        )
    header = int((n_filled >= 2).to_numpy().argmax())
    if n_above := int((n_filled.iloc[:header] > 0).sum()):
        notes.append(f"rows above the table that were skipped: {n_above}")
    rows = cells.iloc[header + 1 :].reset_index(drop=True)
    names = ["" if pd.isna(name) else clean_name(name) for name in cells.iloc[header]]
    columns = {names[number]: read_series(rows.iloc[:, number], na_values) for number in keep(names)}
    # as a spreadsheet counts them
    return RawTable(columns, "row", lambda found: [row + header + 2 for row in found], (*source.notes, *notes))


def _read_cells(source: Source, sheet: str | None) -> tuple[pd.DataFrame, list[str]]:
    """All cells of a sheet, None where empty, and what to say."""
    engine: Literal["openpyxl", "calamine"] = "calamine" if importlib.util.find_spec("python_calamine") else "openpyxl"
    if importlib.util.find_spec("openpyxl"):
        engine = "openpyxl"
    try:
        with pd.ExcelFile(io.BytesIO(source.read()), engine=engine) as book:
            names = [str(name) for name in book.sheet_names]
            if sheet is not None and sheet not in names:
                listed, way = ", ".join(map(quote, names)), override("dataset.sheet", names[0])
                raise DataError(f"{source.path}: no sheet {quote(sheet)}; sheets: {listed}; use one of them, as {way}")
            chosen = names[0] if sheet is None else sheet
            cells = pd.read_excel(book, sheet_name=chosen, header=None, dtype=object, keep_default_na=False)
    except ImportError as error:
        raise MachineError(
            f"{source.path}: is an Excel file, and no package that reads it is installed; openpyxl does; install it "
            "(pip install 'yaynay[excel]'), or save the file as CSV"
        ) from error
    except (ValueError, KeyError, TypeError, IndexError, OSError, AttributeError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{source.path}: not a readable Excel file ({reason}); write it again") from error
    others = [name for name in names if name != chosen]
    notes = ["read as Excel"]
    if others:
        way = override("dataset.sheet", others[0])
        notes = [f"read as Excel, sheet {quote(chosen)}; to read another ({', '.join(map(quote, others))}), use {way}"]
    return cells.astype(object).where(cells.notna() & (cells != ""), None), notes
