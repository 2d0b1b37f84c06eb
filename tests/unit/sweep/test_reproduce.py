"""A run that is trained again: the same, within tolerance or different; and what is unknown or damaged."""

import json
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.cli.commands import main
from yaynay.data import prepare
from yaynay.errors import DataError, OptionError
from yaynay.records.store import Store
from yaynay.storage import CHECKSUMS, file_digest, read_arrays, read_json, write_arrays, write_json
from yaynay.sweep import SWEEP
from yaynay.sweep.jobs import Job
from yaynay.sweep.run import run_jobs
from yaynay.sweep.summary import conclude_jobs

CONF = Path(__file__).parents[3] / "conf"
QUICK = [
    "dataset=csv", "dataset.path=mine.csv", "dataset.target=y", "plan.n_repeats=1", "trainer.max_epochs=4",
    "model.width=4", "verdict.n_draws=99",
]  # fmt: skip
Reproduce = Callable[[str], tuple[int, str, str]]


def job(*overrides: str) -> Job:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        values: Any = OmegaConf.to_container(compose("config", [*QUICK, *overrides]), resolve=True)
    return Job(values, [*QUICK, *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a sweep of a network that ended and one that diverged, lines in closed form, and its MLflow."""
    root = tmp_path_factory.mktemp("trained")
    (root / "dvc.yaml").touch()
    rng = np.random.default_rng(0)
    rows = "".join(f"{x:.4f},{x * x + rng.normal():.4f}\n" for x in rng.uniform(-2, 2, 40))
    (root / "mine.csv").write_text("x,y\n" + rows)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in a command
        patch.chdir(root)
        patch.setenv(SWEEP, "a-sweep")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        run_jobs([job("model.depth=1"), job("model.depth=1", "optimizer=sgd", "optimizer.lr=100000")], "here")
        conclude_jobs("a-sweep")
    return root


@pytest.fixture
def project(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, and this process in it."""
    root = tmp_path / "project"
    shutil.copytree(trained, root)
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return root


@pytest.fixture
def reproduce(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reproduce:
    """The command's exit code and what it prints; it may write nothing."""

    def run(name: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yaynay", "reproduce", name])
        before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
        capsys.readouterr()
        code = main()
        assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
        return code, *capsys.readouterr()

    return run


def run_id(project: Path, key: str) -> str:
    """Id of the run that shows a record, or of the parent's."""
    with closing(sqlite3.connect(project / "mlflow.db")) as store:
        query = "SELECT run_uuid FROM tags WHERE key = 'yaynay.run' AND value = ?"
        ((found,),) = store.execute(query, (key,)).fetchall()
    return str(found)


def folder_of(project: Path, backend: str, status: str = "finished") -> Path:
    """Folder of the record of a backend."""
    for path in (project / "records" / "runs").glob("*/record.json"):
        about = read_json(path)
        if (about["configuration"]["backend"]["name"], about["status"]) == (backend, status):
            return path.parent
    raise AssertionError(backend)


def rewrite(folder: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change a file of a record, and its digest with it."""
    path = folder / name
    if path.suffix == ".json":
        write_json(path, change(read_json(path)))
    else:
        arrays = {key: array.copy() for key, array in read_arrays(path).items()}
        write_arrays(path, change(arrays))
    write_json(folder / CHECKSUMS, read_json(folder / CHECKSUMS) | {name: file_digest(path)})


def test_a_sweep_s_own_run_stands_for_all_of_its_configurations(project: Path, reproduce: Reproduce) -> None:
    code, out, errors = reproduce(run_id(project, "parent"))
    assert (code, errors) == (0, "")
    lines = out.splitlines()
    assert lines[-1] == "5 runs: 5 identical"
    assert [line.split("  ")[0] for line in lines[1:-1]] != []
    assert sum("bit for bit" in line for line in lines) == 4
    assert sum("diverged (" in line and "as before" in line for line in lines) == 1


@pytest.mark.parametrize("backend", ["least_squares", "ridge", "terms", "torch"])
def test_a_run_and_a_record_s_key_stand_for_one(project: Path, reproduce: Reproduce, backend: str) -> None:
    key = folder_of(project, backend).name
    by_key = reproduce(key)
    assert by_key[0] == 0
    assert by_key[1].startswith(f"mine, {backend} ")
    assert by_key[1].endswith(": identical: scores, predictions and weights are the same, bit for bit\n")
    assert reproduce(run_id(project, key)) == by_key


def test_what_is_not_as_it_was_is_named(project: Path, reproduce: Reproduce) -> None:
    folder = folder_of(project, "least_squares")
    then = {"numerics": "0" * 16, "git_commit": "abcdef0123456789", "processor": "Z80", "python": "2.7.18"}
    rewrite(folder, "run.json", lambda run: run | then | {"versions": run["versions"] | {"numpy": "1.0", "gone": "2"}})
    code, out, _ = reproduce(folder.name)
    assert code == 0
    changes = [line.removeprefix("changed since: ") for line in out.splitlines()[1:]]
    assert changes[0].startswith("yaynay's code of the fit (version 0000000000000000, commit abcdef0123; now ")
    assert [change.partition(" (now")[0] for change in changes[1:]] == [
        "gone 2", "numpy 1.0", "python 2.7.18", "processor Z80",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("backend", "factor", "code", "outcome"),
    [
        ("torch", 1 + 1e-6, 0, "within tolerance"),
        ("torch", 1.01, 1, "different"),
        ("least_squares", 1 + 1e-12, 0, "within tolerance"),
        ("least_squares", 1 + 1e-6, 1, "different"),
    ],
)
def test_other_predictions_are_within_tolerance_or_different(
    project: Path, reproduce: Reproduce, backend: str, factor: float, code: int, outcome: str
) -> None:
    folder = folder_of(project, backend)
    rewrite(folder, "arrays.safetensors", lambda found: found | {"predictions": found["predictions"] * factor})
    found, out, _ = reproduce(folder.name)
    assert found == code
    first, *others = out.splitlines()
    assert f": {outcome}: predictions differ by " in first
    assert others == [
        "nothing that a record names has changed: rounding differs with the networks that are trained together"
    ]


def test_other_weights_that_predict_the_same_are_not_identical(project: Path, reproduce: Reproduce) -> None:
    folder = folder_of(project, "torch")
    rewrite(folder, "weights.safetensors", lambda found: {name: array * 2 for name, array in found.items()})
    assert ": within tolerance: predictions differ by 0 of the largest" in reproduce(folder.name)[1]


def test_a_run_that_ended_otherwise_is_different(project: Path, reproduce: Reproduce) -> None:
    folder = folder_of(project, "torch", "diverged")
    rewrite(folder, "record.json", lambda record: record | {"reason": "something else"})
    code, out, _ = reproduce(folder.name)
    assert code == 1
    assert ": different: diverged (diverged: the loss is not finite" in out
    assert "before: diverged (something else)" in out


def test_configurations_that_were_halved_are_trained_together(
    project: Path, reproduce: Reproduce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWEEP, "another")
    words = ["model.depth=1", "trainer.max_epochs=9", "trainer.halving=2"]
    jobs = [job(*words, f"optimizer.lr={rate}") for rate in (0.001, 0.003, 0.01, 0.03)]
    scores = run_jobs(jobs, "processes", 1)
    assert not any(isinstance(score, Exception) for score in scores)
    records = [Store.default().read_scores(one.key) for one in jobs]
    assert len({record.run["companions"] for record in records}) == 1
    loser = min(records, key=lambda record: -record.scores["share_halved"])
    assert loser.scores["share_halved"] > 0
    assert ": identical: " in reproduce(loser.key)[1]
    for record in records:
        rewrite(project / "records" / "runs" / record.key, "run.json", lambda run: run | {"companions": ""})
    with pytest.raises(DataError, match="does not name the configurations that it was halved among"):
        reproduce(loser.key)


def test_data_that_has_changed_is_said_and_what_was_kept_is_used(project: Path, reproduce: Reproduce) -> None:
    path = project / "mine.csv"
    path.write_text(path.read_text().replace("x,y\n", "x,y\n0.5,0.25\n"))
    prepare._load_or_make.cache_clear()
    code, out, errors = reproduce(folder_of(project, "least_squares").name)
    assert (code, errors) == (
        0, "mine: the data has changed since; what was kept with the run was trained on\n",
    )  # fmt: skip
    assert ": identical: " in out
    path.unlink()
    prepare._load_or_make.cache_clear()
    assert reproduce(folder_of(project, "least_squares").name)[0] == 0
    prepare._load_or_make.cache_clear()


DAMAGED = [f"tables/*/{name}" for name in ("table.parquet", "plan.parquet", "card.json")]
DAMAGED += [f"runs/*/{name}" for name in ("arrays.safetensors", "weights.safetensors", "run.json")]


@pytest.mark.parametrize(
    ("name", "is_missing"),
    [*((name, way) for name in DAMAGED for way in (False, True)), ("runs/*/record.json", False)],
)
def test_what_is_damaged_is_named(project: Path, reproduce: Reproduce, name: str, is_missing: bool) -> None:
    key = folder_of(project, "least_squares").name
    (path,) = (project / "records").glob(name.replace("runs/*", f"runs/{key}"))
    if is_missing:
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(DataError, match=path.parent.name) as caught:
        reproduce(key)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_a_run_whose_record_is_gone_is_said_to_be(project: Path, reproduce: Reproduce) -> None:
    folder = folder_of(project, "least_squares")
    name = run_id(project, folder.name)
    shutil.rmtree(folder)
    with pytest.raises(DataError, match=f"run {name}: its record is not in "):
        reproduce(name)


def test_a_sweep_without_a_run_that_ended_is_said_to_be_one(project: Path, reproduce: Reproduce) -> None:
    (sweep,) = (project / "records" / "sweeps").iterdir()
    for name in ("runs", "failures"):
        shutil.rmtree(project / "records" / name, ignore_errors=True)
    with pytest.raises(DataError, match="no run of this sweep has ended"):
        reproduce(sweep.name)


@pytest.mark.parametrize("name", ["0" * 32, "0" * 64, "torch", "../records", "a' OR '1'='1"])
@pytest.mark.parametrize("has_store", [True, False])
def test_an_unknown_run_is_an_error_with_the_way_out(
    project: Path, reproduce: Reproduce, name: str, has_store: bool
) -> None:
    if not has_store:
        (project / "mlflow.db").unlink()
    with pytest.raises(OptionError, match="is in neither MLflow's store nor the records; allowed: the id of a run"):
        reproduce(name)


def test_a_failed_run_is_compared_by_its_reason(project: Path, reproduce: Reproduce) -> None:
    """It fails no more: that is different, and its scores are there."""
    folder = folder_of(project, "ridge")
    about = json.loads((folder / "record.json").read_text())
    record = Store.default().read(folder.name)
    shutil.rmtree(folder)
    object.__setattr__(record, "status", "failed")
    object.__setattr__(record, "reason", "out of memory")
    Store.default().write_failure(record)
    code, out, _ = reproduce(about["key"])
    assert (code, ": different: finished; before: failed (out of memory)" in out) == (1, True)
