import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from unit.reports.verdicts import TIMINGS, make_small, make_verdict

from yaynay.cli import commands
from yaynay.errors import DataError, OptionError
from yaynay.reports import files

VERDICTS = {"big": make_verdict(), "small": make_small()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    table = SimpleNamespace(y=np.array([1.0, 2.0, 4.0]))
    found: Any = {name: SimpleNamespace(verdict=one, timings=TIMINGS, table=table) for name, one in VERDICTS.items()}
    files.write(tmp_path, found)
    return tmp_path


def test_what_is_written_is_read(folder: Path) -> None:
    assert files.read(folder) == (VERDICTS, dict.fromkeys(VERDICTS, TIMINGS))


@pytest.mark.parametrize("name", [files.VERDICTS, files.TIMINGS])
def test_a_file_that_is_missing_damaged_or_of_another_version_is_refused_by_name(folder: Path, name: str) -> None:
    path = folder / name
    values = json.loads(path.read_text())
    for content in ("[1]", "{", json.dumps({"big": {"outcome": "yay"}}), json.dumps({"big": values["big"]})):
        path.write_text(content)
        with pytest.raises(DataError, match=name):
            files.read(folder)
    path.unlink()
    with pytest.raises(DataError, match=f"{name}: no such file; run python -m yaynay.compare .* first"):
        files.read(folder)


def test_verdicts_are_not_brought_into_mlflow_with_other_results(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep: Any = SimpleNamespace(table_name="big", about={"table_sha256": "d64812", "plan_sha256": "other"})
    monkeypatch.setattr("yaynay.sweep.summary.find_tables", lambda records: {"big": sweep})
    monkeypatch.setattr(sys, "argv", ["yaynay", "sync", "--reports", str(folder), "--records", "results"])
    with pytest.raises(DataError, match="does not belong to results; run python"):
        commands.main()


def test_records_without_reports_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["yaynay", "sync", "--records", "results"])
    with pytest.raises(OptionError, match="option '--records': needs --reports"):
        commands.main()
