"""Files, names and values from others run no code, reach nothing outside, and give no secret away."""

import contextlib
import csv
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import Figure
from faults import malicious
from faults.judged import judge

from yaynay.cli import app, commands
from yaynay.config import schema
from yaynay.data.plan import load_plan
from yaynay.data.reading import read_file
from yaynay.data.table_files import load_table
from yaynay.errors import DataError, MachineError, OptionError, redact
from yaynay.records.store import Store
from yaynay.records.verify import verify
from yaynay.reports import page
from yaynay.storage import read_arrays, read_json
from yaynay.tracking import ui
from yaynay.verdict import recall, sweeps

Refused = Callable[..., str]
REPOSITORY = Path(__file__).parents[2]
NOISE = np.random.default_rng(0).normal(size=60)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a concluded sweep, and a run that failed."""
    folder = tmp_path_factory.mktemp("kept")
    path, store = folder / "mine.csv", Store(folder / "records")
    path.write_text("a,y\n" + "".join(f"{row},{row + NOISE[row]}\n" for row in range(60)))
    record, judged = judge(path, store=store)
    recall.remember(judged)
    store.write_failure(replace(record, key="f" * 64, status="failed", reason="it failed"))
    return folder / "records"


def _load_model(path: Path) -> Any:
    from yaynay.tracking.model_code import ServedModel

    return ServedModel().load_context(SimpleNamespace(artifacts={"about": path, "weights": path}))  # type: ignore[arg-type]


READERS: dict[str, Callable[[Path], Any]] = {
    "a CSV file": lambda path: read_file(path, "y"),
    "a Parquet file": lambda path: read_file(shutil.copy(path, path.with_suffix(".parquet")), "y"),
    "weights": read_arrays,
    "a plan": load_plan,
    "JSON": read_json,
    "a served model": _load_model,
}
PARTS = {
    "runs/*/record.json": lambda store: store.read(next((store.folder / "runs").iterdir()).name),
    "runs/*/run.json": lambda store: store.read(next((store.folder / "runs").iterdir()).name),
    "runs/*/arrays.safetensors": lambda store: store.read(next((store.folder / "runs").iterdir()).name),
    "runs/*/weights.safetensors": lambda store: store.read(next((store.folder / "runs").iterdir()).name),
    "tables/*/table.parquet": lambda store: load_table(next((store.folder / "tables").iterdir())),
    "tables/*/card.json": lambda store: load_table(next((store.folder / "tables").iterdir())),
    "tables/*/plan.parquet": lambda store: load_plan(next((store.folder / "tables").iterdir()) / "plan.parquet"),
    "sweeps/*/sweep.json": lambda store: sweeps.find_sweeps(store.folder),
}


TRIED: dict[str, int] = {}


def note_tried(figure: Figure, reader: str, n_files: int) -> None:
    TRIED[reader] = n_files
    figure("Malicious files in every reader", "0 executed", sum(TRIED.values()), f"0 executed by {len(TRIED)} readers")


@pytest.mark.parametrize("reader", READERS)
def test_s1_no_malicious_file_runs_in_a_reader(workplace: Path, reader: str, figure: Figure) -> None:
    files = malicious.files()
    for kind, content in files.items():
        path = workplace / "file"
        path.write_bytes(content)
        with contextlib.suppress(Exception):  # whatever it raises, it must not run
            READERS[reader](path)
        assert not (workplace / malicious.CANARY).exists(), kind
    note_tried(figure, reader, len(files))


@pytest.mark.parametrize("part", PARTS)
def test_s1_no_malicious_file_runs_in_a_store_and_each_is_refused(
    workplace: Path, kept: Path, part: str, figure: Figure
) -> None:
    folder, files = workplace / "records", malicious.files()
    for kind, content in files.items():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder)
        (path,) = folder.glob(part)
        path.write_bytes(content)
        is_right = kind == "JSON" and part.endswith("run.json")  # which may hold any names
        with contextlib.nullcontext() if is_right else pytest.raises(DataError):
            PARTS[part](Store(folder))
        assert not (workplace / malicious.CANARY).exists(), kind
    note_tried(figure, part, len(files))


def test_s1_the_bombs_are_live(workplace: Path) -> None:
    import pickle

    pickle.loads(malicious.files()["pickle"])  # noqa: S301 - this is the point
    assert (workplace / malicious.CANARY).exists()


class Nodes(HTMLParser):
    """Tags, attributes and texts as a browser would have them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "{{ 191*7 }}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_s2_remarks_and_earlier_looks_make_no_node_in_the_report(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([name, "b", "y"])
        writer.writerows([row, 2 * row, row + NOISE[row]] for row in range(60))
    _, found = judge(path, store=Store(tmp_path / "records"))
    assert name[:20] in found.verdict.remarks[0] or "b" in found.verdict.remarks[0]
    verdict = replace(found.verdict, remarks=(name, *found.verdict.remarks), sentence=name, winner=name)
    text = page.render({name: verdict}, {name: found.timings}, {name: [Path("fit.png")]})
    nodes = Nodes(text)
    assert not {"script", "svg", "iframe", "object"} & set(nodes.tags)
    assert not [name for name, _ in nodes.attributes if name.startswith("on")]
    assert "script-src" not in text.split("Content-Security-Policy")[1].split(">")[0]
    assert "default-src 'none'" in text
    assert "1337" not in text
    assert "<script" not in page.markdown(verdict, found.timings, name)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann:CANARY@db/runs",
        "http://ann:CA/NA@RY@db:5000/x",
        "postgresql://db/runs?user=a&password=CANARY",
        "cannot open 'https://CANARY@db/x'",
    ],
)
def test_s4_passwords_are_taken_out_of_every_text(text: str) -> None:
    assert "CANARY" not in redact(text)
    assert "NA" not in redact(text)


@pytest.mark.parametrize(
    "words",
    [
        ["tracking.experiment=postgresql://ann:CANARY@db/runs"],
        ["+tracking.uri=http://ann:CANARY@127.0.0.1:5000"],
        ["-m", "results=http://db/?password=CANARY"],
        ["dataset=csv", "dataset.target=y", "dataset.path=https://ann:CANARY@db/a.csv"],
    ],
)
def test_s4_a_password_on_the_command_line_is_refused_and_not_repeated(refused: Refused, words: list[str]) -> None:
    line = refused(2, "train", *words)
    assert "holds a password" in line
    assert "CANARY" not in line


def test_s4_a_password_in_a_composed_configuration_is_refused(kept: Path) -> None:
    (run,) = (kept / "runs").iterdir()
    values = read_json(run / "record.json")["configuration"]
    values["tracking"]["experiment"] = "mysql://ann:CANARY@db/runs"
    with pytest.raises(OptionError, match=r"'tracking\.experiment': holds a password") as caught:
        schema.parse(values)
    assert "CANARY" not in str(caught.value)


def test_s4_a_fault_that_holds_a_password_is_printed_without(call: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise RuntimeError("no answer from postgresql://ann:CANARY@db/runs")

    monkeypatch.setattr(app, "conf_folder", fail)
    done = call("train")
    assert done.code == 1
    assert "postgresql://db/runs" in done.errors[0]
    assert "CANARY" not in "".join(done.errors)


def test_s5_nothing_free_reaches_the_shell_of_a_stage() -> None:
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    lines = [line for stage in stages.values() for line in np.atleast_1d(stage["cmd"]).tolist()]
    assert lines
    word = r"( -m| [a-z_.]+=[a-z_./]+| --[a-z]+ [a-z]+)"
    assert all(re.fullmatch(rf"python -m yaynay(\.[a-z]+| sync){word}*", line) for line in lines), lines


@pytest.mark.parametrize(
    "words",
    [
        ["train", "results=/tmp/elsewhere"],
        ["train", "results=../elsewhere"],
        ["train", "-m", "results=."],
        ["compare", "reports=../elsewhere"],
        ["compare", "reports=/"],
        ["report", "reports=.."],
        ["train", "hydra.run.dir=/tmp/elsewhere"],
        ["train", "-m", "hydra.sweep.dir=../elsewhere"],
        ["train", "-m", "hydra.sweep.subdir=../../../elsewhere"],
    ],
)
def test_s6_nothing_is_written_outside_of_the_project(refused: Refused, words: list[str]) -> None:
    assert "allowed: folders below it" in refused(2, *words)


@pytest.mark.parametrize(
    "change",
    [{"table": "../../elsewhere"}, {"table": "/tmp"}, {"runs": ["../../../etc"]}, {"table_sha256": "../.."}],  # noqa: S108
)
def test_s6_a_sweep_that_names_another_place_is_refused(tmp_path: Path, kept: Path, change: dict[str, Any]) -> None:
    folder = tmp_path / "records"
    shutil.copytree(kept, folder)
    (path,) = folder.glob("sweeps/*/sweep.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match="not a sweep"):
        sweeps.find_sweeps(folder)


def test_s7_the_ui_listens_on_loopback_and_warns_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], workplace: Path
) -> None:
    started: list[list[str]] = []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # the command sets it for the server
    monkeypatch.setattr(ui.os, "execv", lambda _, words: started.append(words))
    monkeypatch.setattr(ui, "connect", _no_store)
    for host in ([], ["--host", "0.0.0.0"]):  # noqa: S104 - that is what is warned of
        monkeypatch.setattr(sys, "argv", ["yaynay", "ui", "--port", "0", *host])
        commands.main()
    hosts = [words[words.index("--host") + 1] for words in started]
    assert hosts == ["127.0.0.1", "0.0.0.0"]  # noqa: S104
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert errors[0].startswith("warning: option '--host': 0.0.0.0 lets others on the network")


class _no_store:  # noqa: N801 - stands in for a function
    def __init__(self, experiment: str) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def test_t9_a_taken_port_names_a_free_one_and_0_picks_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            MachineError, match=rf"option '--port': {port} is taken on 127.0.0.1 .*; (\d+) is free"
        ) as caught:
            ui._free_port("127.0.0.1", port)
    free = int(re.findall(r"(\d+) is free", str(caught.value))[0])
    assert ui._free_port("127.0.0.1", free) == free
    assert ui._free_port("127.0.0.1", 0) > 0


def test_t2_a_gpu_that_is_not_there_is_refused_before_anything_is_written(refused: Refused) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert "gpu was asked for" in refused(4, "train", "trainer.accelerator=gpu")


def test_t12_a_folder_that_cannot_be_written_is_named(call: Callable, workplace: Path) -> None:
    (workplace / "multirun").touch()  # as a folder on a read-only disk, it cannot be made
    done = call("train", "backend=least_squares", "dataset=engel")
    assert (done.code, len(done.errors)) == (4, 1)
    assert "multirun" in done.errors[0]


def test_t12_another_working_folder_is_the_same_project(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yaynay.tracking.store import tracking_uri

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = tracking_uri(), Store.default().folder
    (workplace / "a folder" / "ü").mkdir(parents=True)
    monkeypatch.chdir(workplace / "a folder" / "ü")
    assert (tracking_uri(), Store.default().folder) == before
    assert before[0].startswith(f"sqlite:///{workplace}")


def test_t12_a_clock_that_steps_back_changes_no_verdict_and_no_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, store = tmp_path / "mine.csv", Store(tmp_path / "records")
    path.write_text("a,y\n" + "".join(f"{row},{row + NOISE[row]}\n" for row in range(60)))
    _, first = judge(path, store=store)
    monkeypatch.setattr("time.time", lambda: 1.0)
    record, second = judge(path, "plan.seed=1", store=store)
    assert record.run["fit_seconds"] > 0
    assert (len(first.verdict.earlier_looks), len(second.verdict.earlier_looks)) == (0, 1)


def test_s8_lightning_is_not_what_is_installed() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text() + (REPOSITORY / "constraints.txt").read_text()
    assert "pytorch-lightning" in text
    assert [line[:12] for line in re.findall(r'^\s*"?(lightning[^-\w].*)', text, re.MULTILINE)] == ["lightning<0 "]
    installed = subprocess.run([sys.executable, "-c", "import lightning"], capture_output=True, text=True)
    assert "ModuleNotFoundError" in installed.stderr


class TestVerify:
    def test_finds_a_flipped_byte_in_every_file_of_a_store(self, tmp_path: Path, kept: Path, figure: Figure) -> None:
        shutil.copytree(kept, tmp_path / "records")
        assert [reason for _, reason in verify(tmp_path) if reason] == []
        files = [path for path in (tmp_path / "records").rglob("*") if path.is_file()]
        assert {path.relative_to(tmp_path).parts[1] for path in files} == {
            "runs",
            "tables",
            "sweeps",
            "looks",
            "failures",
        }
        for path in files:
            content = path.read_bytes()
            flipped = bytearray(content)
            flipped[len(flipped) // 2] ^= 1
            path.write_bytes(flipped)
            assert [damaged for damaged, reason in verify(tmp_path) if reason], path
            path.write_bytes(content)
        figure("A byte flipped in each file of a store: verify", "finds all", len(files), f"found {len(files)}")

    def test_finds_a_missing_file(self, tmp_path: Path, kept: Path) -> None:
        shutil.copytree(kept, tmp_path / "results" / "mine")
        (path,) = (tmp_path / "results").rglob("weights.safetensors")
        path.unlink()
        assert [(damaged, reason) for damaged, reason in verify(tmp_path) if reason] == [(path, "is missing")]

    def test_looks_into_the_cache_of_dvc(self, tmp_path: Path) -> None:
        folder = tmp_path / ".dvc" / "cache" / "files" / "md5" / "5d"
        folder.mkdir(parents=True)
        (folder / "41402abc4b2a76b9719d911017c592").write_bytes(b"hello")
        assert [reason for _, reason in verify(tmp_path)] == [None]
        (folder / "41402abc4b2a76b9719d911017c592").write_bytes(b"hellp")
        ((path, reason),) = verify(tmp_path)
        assert path.parent == folder
        assert "does not match its MD5" in str(reason)

    def test_the_command_lists_each_in_a_line_and_ends_with_3(
        self, workplace: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shutil.copytree(kept, workplace / "records")
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.setattr(sys, "argv", ["yaynay", "verify"])
        assert commands.main() == 0
        for name in ("record.json", "arrays.safetensors"):
            (path,) = (workplace / "records").rglob(name)
            path.write_bytes(path.read_bytes()[:-1] + b"x")
        capsys.readouterr()
        assert commands.main() == 3
        printed = capsys.readouterr()
        assert len(printed.err.splitlines()) == 2
        assert all(line.startswith("error: ") for line in printed.err.splitlines())
        assert printed.out.endswith("2 damaged\n")
