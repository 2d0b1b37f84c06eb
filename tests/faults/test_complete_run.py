"""A complete run without a network, with secrets around it and odd names in it: train, compare, report, verify."""

import csv
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from conftest import Figure
from pipeline.project import REPOSITORY, call_each, column, logged, tags

CANARY = "hunter2canary"
NAMES = ["<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", r"$\frac{1}{$", "n" * 300, "../x", "a,b", "日本"]
WATCH = """
import os, socket
_connect, _find = socket.socket.connect, socket.getaddrinfo
def _note(what):
    with open(os.environ["CONNECTS"], "a") as file:
        file.write(f"{what}\\n")
def _is_far(host):
    return str(host) not in ("localhost", "::1", "", "None") and not str(host).startswith("127.")
def connect(self, address):
    if self.family != socket.AF_UNIX and _is_far(address[0]):
        _note(address)
    return _connect(self, address)
def getaddrinfo(host, *words, **options):
    if _is_far(host):
        _note(host)
    return _find(host, *words, **options)
socket.socket.connect, socket.getaddrinfo = connect, getaddrinfo
_note("watching")
"""


@dataclass(frozen=True)
class Finished:
    """A project after its run."""

    folder: Path
    printed: str
    codes: list[int]
    connects: list[str]
    is_isolated: bool


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    root = tmp_path_factory.mktemp("all")
    folder, home, watch = root / "a prøject", root / "home", root / "watch"
    for path in (folder, home, watch):
        path.mkdir()
    (folder / "dvc.yaml").touch()
    (watch / "sitecustomize.py").write_text(WATCH)
    (home / ".netrc").write_text(f"machine 127.0.0.1 login ann password {CANARY}\n")
    rng = np.random.default_rng(0)
    with (folder / "my data ü.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*NAMES, "y"])
        for row in range(60):
            cells = rng.normal(size=len(NAMES)).tolist()
            writer.writerow(["" if row % 10 == 0 else cells[0], *cells[1:], cells[0] + rng.normal()])
    own = [
        "dataset=csv",
        "dataset.path='my data ü.csv'",
        "dataset.target=y",
        "dataset.missing=drop",
        "plan.n_repeats=1",
    ]
    quick = ["trainer.max_epochs=3", "verdict.n_draws=99", "hydra.launcher.n_jobs=1", "model.depth=0,1"]
    commands = [
        ["yaynay.train", f"tracking.experiment=postgresql://ann:{CANARY}@db/x"],
        ["yaynay.train", f"+x={CANARY}"],
        [f"MLFLOW_TRACKING_URI=http://ann:{CANARY}@127.0.0.1:9", "yaynay.train", "-m", *own, *quick],
        ["yaynay.train", "-m", *own, *quick],
        ["yaynay.compare"],
        ["yaynay.report"],
        ["yaynay", "verify"],
    ]
    has_unshare = (
        shutil.which("unshare") and not subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode
    )
    ended = call_each(
        *((folder, words) for words in commands),
        starter=("unshare", "-n") if has_unshare else (),
        PYTHONPATH=f"{watch}{os.pathsep}{REPOSITORY / 'src'}",
        HOME=str(home),
        CONNECTS=str(root / "connects"),
        MY_API_TOKEN=CANARY,
    )
    printed = "".join(command.stdout + command.stderr for command in ended)
    connects = (root / "connects").read_text().split("\n")
    return Finished(folder, printed, [command.code for command in ended], connects, bool(has_unshare))


def test_it_works_without_a_network_and_asks_for_none(finished: Finished, figure: Figure) -> None:
    assert set(finished.connects) == {"watching", ""}
    assert finished.is_isolated or "CI" not in os.environ
    where = "in a namespace without a network" if finished.is_isolated else "watched"
    figure(f"Train, compare, report, verify, {where}: connects off loopback", "0", 1, "0")


def test_t8_a_store_that_does_not_answer_is_code_4_without_its_password(finished: Finished) -> None:
    assert finished.codes.count(4) == 1
    assert "error: MLflow store http://127.0.0.1:9: no answer" in finished.printed


def test_s4_no_secret_is_anywhere(finished: Finished, figure: Figure) -> None:
    assert CANARY not in finished.printed
    files = [path for path in finished.folder.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
    assert [path for path in finished.folder.rglob("*") if CANARY in path.name] == []
    where = "a server's address, an option, a parameter, the environment, netrc"
    figure(f"Secrets ({where}) in any file or line printed", "0 hits", 5, f"0 hits in {len(files)} files")


def test_s9_no_run_names_the_user_or_the_script(finished: Finished) -> None:
    assert set(column(finished.folder, "runs", "user_id")) == {"unknown"}
    assert set(tags(finished.folder, "mlflow.source.name")) == {"yaynay.train"}
    assert tags(finished.folder, "mlflow.user") == []


def test_d1_dropped_rows_are_a_metric_and_in_the_report(finished: Finished) -> None:
    (parent,) = (run for run in logged(finished.folder / "mlflow.db") if "n_dropped" in run.metrics)
    assert set(parent.metrics["n_dropped"].values()) == {6.0}
    remark = "6 of 60 rows were dropped: a cell was missing"
    assert remark in finished.printed
    assert remark in (finished.folder / "records" / "reports" / "index.html").read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Tags and names of attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attributes)]


def test_d11_odd_names_come_through_to_the_end(finished: Finished) -> None:
    (model,) = (path for path in (finished.folder / "mlartifacts").rglob("model.json"))
    assert [column["name"] for column in json.loads(model.read_text())["columns"]] == NAMES
    (record, *_) = (finished.folder / "records" / "runs").glob("*/record.json")
    assert json.loads(record.read_text())["table"]["features"] == NAMES
    found = Tags((finished.folder / "records" / "reports" / "index.html").read_text(encoding="utf-8")).found
    assert not [word for word in found if word == "script" or word.startswith("on")]


def test_t12_artifacts_are_in_the_project_whatever_its_path(finished: Finished) -> None:
    assert (finished.folder / "mlartifacts").as_uri() in column(finished.folder, "experiments", "artifact_location")
    assert not (finished.folder / "mlruns").exists()


def test_a_complete_run_is_found_undamaged(finished: Finished) -> None:
    assert finished.codes == [2, 2, 4, 0, 0, 0, 0]
    assert " checked, 0 damaged" in finished.printed
