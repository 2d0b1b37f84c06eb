"""A table of one's own in the real pipeline: added, trained by its sweep, and made again when its file changes."""

import json
import re
from pathlib import Path

from pipeline.project import LINES, Run
from pipeline.test_dvc import _change, _choose_tables, _dvc, _stages
from pipeline.test_dvc import pipeline as pipeline


def _status(project: Path) -> str:
    return _dvc(project, "status", "generate")


def test_a_table_that_was_added_is_swept_and_an_edited_file_is_noticed(pipeline: Path, run: Run) -> None:
    _choose_tables(pipeline, "pytorch_line")
    _change(pipeline / "conf" / "sweep" / "default.yaml", "model.depth: 0,1,2,3", "model.depth: 0,1")
    rows = [f"{size},{2 * size + size % 3}" for size in range(24)]
    (pipeline / "houses.csv").write_text("\n".join(["size,price", *rows]) + "\n")
    assert "copied to data/own/houses.csv" in run("yaynay", "add", "houses.csv", "price").stdout

    assert _stages(_dvc(pipeline, "repro", "train")) == {"generate", "train"}
    for folder in ("data/tables", "results/sweeps"):
        assert sorted(path.name for path in (pipeline / folder).iterdir()) == ["houses", "pytorch_line"], folder
    records = [json.loads(path.read_text()) for path in pipeline.glob("results/sweeps/houses/runs/*/record.json")]
    assert len(records) == 4 + len(LINES)  # and the baselines
    assert {record["table"]["name"] for record in records} == {"houses"}
    assert "data/own" not in _status(pipeline)

    with (pipeline / "data" / "own" / "houses.csv").open("a") as file:
        file.write("24,50\n")
    assert re.search(r"modified:\s+data/own", _status(pipeline))
    assert _stages(_dvc(pipeline, "repro", "generate")) == {"generate"}
    assert json.loads((pipeline / "data" / "tables" / "houses" / "card.json").read_text())["n_rows"] == 25
