"""Hydra's errors, in one sentence each."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from yaynay.cli import app, exits
from yaynay.config import schema
from yaynay.errors import OptionError

SOURCE = Path(app.__file__).parents[2]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("backend=tensorflw", "option 'backend': 'tensorflw' is unknown; allowed: least_squares, pytensor, ridge, "),
        (
            "sweep=defualt",
            "option 'sweep': 'defualt' is unknown; allowed: backends, default, search, tables, worked; "
            "did you mean 'default'?",
        ),
        ("dataset=frame", "option 'dataset': 'frame' is a DataFrame, which lives in Python and not in a command; use"),
        ("dept=2", "option 'dept': unknown key; --cfg job lists the keys; did you mean 'model.depth'?"),
        ("model.dept=2", "option 'model.dept': unknown key; --cfg job lists the keys; did you mean 'model.depth'?"),
        ("dataset=csv", "option 'dataset.path': no value given; give one with dataset.path=..."),
        ("seed=1,2", "option 'seed': several values; one is allowed without -m; add -m to sweep over them"),
        ("dept", "options: 'dept' cannot be read; allowed: key=value, such as dataset=engel; correct it"),
        ("model={depth", "options: 'model={depth' cannot be read; allowed: key=value"),
        ("dataset.missing=drop", "option 'dataset.missing': unknown key for this table; --cfg job lists the keys"),
        ("~foo", "options: Could not delete from config. 'foo' does not exist."),
    ],
)
def test_what_hydra_refuses_is_said_in_a_sentence(word: str, said: str) -> None:
    with (
        initialize_config_dir(str(app.conf_folder()), version_base="1.3"),
        pytest.raises((HydraException, OmegaConfBaseException)) as caught,
    ):
        OmegaConf.to_container(compose("config", overrides=[word]), resolve=True, throw_on_missing=True)
    assert app.explain(caught.value).startswith(said)


MEANT = {
    "optimizer.learning_rate": "optimizer.lr", "learning_rate": "optimizer.lr", "lr": "optimizer.lr",
    "trainer.lr": "optimizer.lr", "optimiser.lr": "optimizer.lr", "epochs": "trainer.max_epochs",
    "trainer.epochs": "trainer.max_epochs", "optimizer.epochs": "trainer.max_epochs",
    "training.max_epochs": "trainer.max_epochs", "model.layers": "model.depth", "model.hidden": "model.depth",
    "hidden_size": "model.width", "model.units": "model.width", "model.dept": "model.depth", "depth": "model.depth",
    "batch": "trainer.batch_size", "trainer.batchsize": "trainer.batch_size", "optimizer.l2": "optimizer.weight_decay",
    "optimizer.decay": "optimizer.weight_decay", "activaton": "model.activation",
    "trainer.device": "trainer.accelerator", "gpu": "trainer.accelerator", "model.epoch": "trainer.max_epochs",
    "trainer.early_stop": "trainer.early_stopping", "plan.folds": "plan.n_folds",
    "plan.sed": "plan.seed", "seeds": "seed", "verdict.alfa": "verdict.alpha", "n_rows": "dataset.n_rows",
    "target": "dataset.target", "path": "dataset.path", "datset": "dataset", "model.zzz": None, "zzz": None,
    "trainer.momentum": None,
}  # fmt: skip


def _said(command: str, word: str) -> str:
    """What a command says of a word that it cannot use."""
    parse = {"config": schema.parse, "generate": schema.parse_table, "compare": schema.parse_compare}.get(command)
    with initialize_config_dir(str(app.conf_folder()), version_base="1.3"):
        try:
            values: Any = OmegaConf.to_container(compose(command, overrides=[word]), resolve=True)
            (parse or schema.parse_report)(values)
        except OptionError as error:
            return str(error)
        except HydraException as error:
            return app.explain(error)
    raise AssertionError(f"{word} was accepted")


@pytest.mark.parametrize("plus", ["", "+"])
@pytest.mark.parametrize(("key", "meant"), MEANT.items())
def test_a_mistyped_key_gets_the_whole_key_that_is_meant(plus: str, key: str, meant: str | None) -> None:
    said = _said("config", f"{plus}{key}=1")
    assert re.match(r"option '[\w.]+': unknown key; ", said)
    assert re.findall(r"did you mean '(.*)'\?$", said) == ([meant] if meant else [])


@pytest.mark.parametrize("plus", ["", "+"])
@pytest.mark.parametrize(
    ("command", "key", "meant"),
    [
        ("generate", "dataset.n_row", "dataset.n_rows"),
        ("generate", "repeats", "plan.n_repeats"),
        ("generate", "lr", None),
        ("compare", "recods", "records"),
        ("compare", "delta", "verdict.delta"),
        ("compare", "tracking.experiment", None),
        ("report", "report", "reports"),
        ("report", "verdict.delta", None),
    ],
)
def test_a_command_suggests_its_own_keys_alone(plus: str, command: str, key: str, meant: str | None) -> None:
    assert re.findall(r"did you mean '(.*)'\?$", _said(command, f"{plus}{key}=1")) == ([meant] if meant else [])


def test_an_option_of_another_command_is_said_to_be_one() -> None:
    assert (
        _said("compare", "dataset=engel") == "option 'dataset': unknown key for this command; --cfg job lists the keys"
    )
    assert _said("report", "verdict.delta=1").startswith("option 'verdict.delta': unknown key for this command;")


@pytest.mark.parametrize("is_buffered", ["", "1"])
@pytest.mark.parametrize(
    "words", [["yaynay", "verify"], ["yaynay.generate", "dataset=pytorch_line"], ["yaynay.train", "--cfg", "job"]]
)
def test_a_command_whose_output_nobody_reads_ends_silently(tmp_path: Path, words: list[str], is_buffered: str) -> None:
    """As `| head` leaves it; Python's own buffer decides when the command notices."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tmp_path,
        env=plain | {"PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": is_buffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=100,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_broken_pipe_inside_a_command_is_said(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture) -> None:
    def main() -> int:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        exits.run_and_exit(main)
    assert ended.value.code == 4
    assert "Broken pipe" in capfd.readouterr().err
