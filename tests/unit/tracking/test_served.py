"""A saved model takes raw rows through MLflow: in Python, on its command line and from its server."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests
import yaml
from pipeline.project import REPOSITORY, call_each, clean_environment
from unit.invented import make_record
from unit.records.test_serving import line_of, network_of, own, plan_of, write

from yaynay.config import schema
from yaynay.config.datasets import NAMES
from yaynay.data import sources
from yaynay.data.reading import read_file
from yaynay.data.table import Table
from yaynay.records.provenance import run_facts
from yaynay.records.record import Record
from yaynay.sweep import fit
from yaynay.tracking.model import log_model, save_model
from yaynay.tracking.store import connect

# MLflow 3.17 wants rows of the table beside the model
pytestmark = pytest.mark.filterwarnings("ignore:.*An input example was not provided")

HOW_TO = REPOSITORY / "docs" / "how-to" / "use-the-model.md"
CELLS = [
    {
        "n": str(row % 9),
        "whole": ["3", "NA", "?", "7"][row % 4],
        "truth": str(row % 3 == 0),
        "town": [" Oslo", "Rome ", "", "Bern"][row % 4],
        "code": f"0{row % 3}",
        "share": f"{row % 30} %",
        "price": f"$1,{row:03}.5",
        "day": f"{row % 28 + 1}/{row % 12 + 1}/2021",
        "clock": f"{row % 24}:{row % 60:02}",
        "y": str(row * row % 13),
    }
    for row in range(60)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file, its first rows as JSON, and a line that was saved as the model `line`."""
    root = tmp_path_factory.mktemp("served")
    path = write(root / "rows.csv", CELLS)
    record = line_of(table := read_table(root))
    save_model(root / "line", table, replace(record, run=run_facts("least_squares", 0.0, 0.0, "cpu")))
    rows = json.loads(pd.read_csv(path).to_json(orient="split"))
    (root / "split.json").write_text(json.dumps({"dataframe_split": rows}))
    rows = json.loads(pd.read_csv(path).to_json(orient="records"))
    (root / "records.json").write_text(json.dumps({"dataframe_records": rows}))
    return root


def read_table(folder: Path) -> Table:
    return read_file(folder / "rows.csv", "y", categories=["code"])


def wanted(folder: Path) -> np.ndarray:
    return own(table := read_table(folder), line_of(table))


def test_a_saved_model_takes_the_rows_of_the_file(folder: Path) -> None:
    import mlflow

    model = mlflow.pyfunc.load_model(str(folder / "line"))
    for frame in (
        pd.read_csv(folder / "rows.csv"),
        pd.read_csv(folder / "rows.csv", dtype=str),
        pd.read_csv(folder / "rows.csv").convert_dtypes(),
    ):
        np.testing.assert_array_equal(model.predict(frame), wanted(folder))
    assert model.metadata.metadata["columns"]["share"] == "numbers with a percent sign"
    assert model.metadata.metadata["target"] == "y"
    rows = pd.read_csv(folder / "rows.csv")
    with pytest.raises(mlflow.MlflowException, match=r"^model: no column 'day'; every feature of the table is needed"):
        model.predict(rows.drop(columns="day"))
    with pytest.raises(mlflow.MlflowException, match=r"^model: column 'share': '12' is none of what the column held"):
        model.predict(rows.assign(share="12"))
    with pytest.warns(UserWarning, match="column 'town': 'Pisa' was not among the levels"):
        model.predict(rows.assign(town="Pisa"))


def test_the_command_line_predicts_from_a_file(folder: Path) -> None:
    names = ["rows.csv", "split.json"]
    words = ["mlflow", "models", "predict", "-m", "line", "--env-manager", "local"]
    for done in call_each(*((folder, [*words, "-i", name, "-t", name.partition(".")[2]]) for name in names)):
        assert done.code == 0, done
        np.testing.assert_allclose(json.loads(done.stdout)["predictions"], wanted(folder), rtol=1e-12)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a server of the model, which ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["models", "serve", "-m", "line", "-p", str(port), "--env-manager", "local"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words], cwd=folder, env=clean_environment(folder), stdout=log, stderr=log
        )
    try:
        address, until = f"http://127.0.0.1:{port}", time.monotonic() + 300
        while time.monotonic() < until and process.poll() is None:
            try:
                requests.get(f"{address}/ping", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def ask(address: str, kind: str, content: bytes) -> dict[str, Any]:
    """What the server answers, also where it refuses."""
    return requests.post(f"{address}/invocations", content, headers={"Content-Type": kind}, timeout=60).json()


def test_the_server_predicts_from_json_and_csv_and_says_what_is_wrong(folder: Path) -> None:
    files = {"rows.csv": "text/csv", "split.json": "application/json", "records.json": "application/json"}
    with server(folder) as address:
        for name, kind in files.items():
            found = ask(address, kind, (folder / name).read_bytes())
            np.testing.assert_allclose(found["predictions"], wanted(folder), rtol=1e-12, err_msg=name)
        content = (folder / "rows.csv").read_bytes()
        found = ask(address, "text/csv", content.replace(b"1/1/2021", b"soon", 1))
        assert found["error_code"] == "INVALID_PARAMETER_VALUE"
        assert found["message"].endswith(
            "model: column 'day': 'soon' is none of what the column held (dates); write it so"
        )
        assert "predictions" in ask(address, "text/csv", content.replace(b" Oslo", b"Pisa", 1))
    assert "column 'town': 'Pisa' was not among the levels" in (folder / "server.log").read_text()


def default_line(name: str) -> tuple[Table, Record]:
    """The least-squares line of a default table."""
    options = yaml.safe_load((REPOSITORY / "conf" / "dataset" / f"{name}.yaml").read_text(encoding="utf-8"))
    table = sources.make(options)
    any_run = make_record(table, plan := plan_of(table), "least_squares", 0, 0.1)
    configuration = schema.parse(any_run.configuration | {"dataset": options})
    return table, fit.train([configuration], table, plan)[0]


def test_the_how_to_predicts_on_every_default_table(project: Path) -> None:
    import mlflow

    (snippet,) = re.findall(r"```python\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    wanted: dict[str, np.ndarray] = {}
    with connect("yaynay"):
        experiment = mlflow.get_experiment_by_name("yaynay").experiment_id
    client = mlflow.MlflowClient()
    for name in set(NAMES) - {"csv"}:
        table, record = default_line(name)
        wanted[name] = record.arrays["whole"]
        if name == "iris":
            record = replace(network_of(table), run=record.run)
            wanted[name] = own(table, record)
        client.create_run(experiment, tags={"dataset": name})  # as a run of the sweep
        run = client.create_run(experiment, tags={"dataset": name, "verdict": "nay"})
        log_model(run.info.run_id, table, record)
        table.frame.to_csv(f"{name}.csv", index=False)
    assert len(wanted) == 19
    for name, values in wanted.items():
        found: dict[str, Any] = {}
        exec(snippet.replace("houses", name), found)  # noqa: S102
        np.testing.assert_allclose(found["rows"]["predicted"], values, rtol=1e-9, err_msg=name)
