"""Wrong options: code 2 and one line, before anything is written."""

import importlib.util
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from yaynay.cli import app
from yaynay.cli.conf_files import check_files
from yaynay.errors import OptionError

Refused = Callable[..., str]


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration files, to be changed."""
    folder = tmp_path / "conf"
    shutil.copytree(app.conf_folder(), folder)
    monkeypatch.setattr(app, "conf_folder", lambda: folder)
    return folder


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("model.depth=-1", "'model.depth': -1"),
        ("model.depth=1.5", "'model.depth': 1.5"),
        ("model.depth=1e9", "'model.depth': 1000000000.0"),
        ("model.depth=1000000000", "'model.depth': 1000000000"),
        ("optimizer.lr=0", "'optimizer.lr': 0"),
        ("optimizer.lr=-1", "'optimizer.lr': -1"),
        ("optimizer.lr=nan", "'optimizer.lr': nan"),
        ("optimizer.lr=1e400", "'optimizer.lr': inf"),
        ("trainer.max_epochs=0", "'trainer.max_epochs': 0"),
        ("trainer.batch_size=0", "'trainer.batch_size': 0"),
        ("max_jobs=0", "'max_jobs': 0"),
    ],
)
def test_c1_a_value_out_of_range_is_refused_with_key_and_value(refused: Refused, word: str, shown: str) -> None:
    assert refused(2, "train", word).startswith(f"option {shown} is ")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["dataset=diabetes", "predict_at=1"], ["diabetes"]),
        (["dataset=friedman1", "predict_at=1"], ["friedman1"]),
        (["-m", "dataset=diabetes", "predict_at=1,2", "seed=1,2"], ["diabetes"]),
        (["-m", "dataset=engel,diabetes,longley", "predict_at=1"], ["diabetes", "longley"]),
        (["-m", "dataset=engel,diabetes,longley", "predict_at=null,1"], ["diabetes", "longley"]),
        (["-m", "hydra/launcher=basic", "dataset=engel,longley", "predict_at=1"], ["longley"]),
    ],
)
def test_c1_every_table_that_a_prediction_does_not_fit_is_named(
    refused: Refused, words: list[str], named: list[str]
) -> None:
    line = refused(2, "train", *words)
    assert re.findall(r"table '(\w+)' has", line) == named


def test_c1_workers_out_of_range_are_refused(refused: Refused) -> None:
    assert refused(2, "train", "-m", "hydra.launcher.n_jobs=0").startswith("option 'hydra.launcher.n_jobs': 0; ")


@pytest.mark.parametrize("launcher", ["fleet", "basic", "joblib"])
def test_c1_the_whole_grid_is_checked_before_its_first_job(refused: Refused, launcher: str) -> None:
    line = refused(2, "train", "-m", f"hydra/launcher={launcher}", "dataset=engel", "model.depth=0,1,-1", "seed=1,2")
    assert line.startswith("option 'model.depth': -1 is not allowed; it should be greater than or equal to 0")


@pytest.mark.parametrize("words", [["backend=tensorflw"], ["-m", "backend=torch,tensorflw"]])
def test_c2_an_unknown_backend_gets_the_list_and_the_nearest(refused: Refused, words: list[str]) -> None:
    line = refused(2, "train", *words)
    assert "'tensorflw' is unknown; allowed: least_squares, pytensor, ridge, tensorflow, terms, torch" in line
    assert line.endswith("did you mean 'tensorflow'?")


def test_c2_a_backend_that_is_not_installed_names_what_to_install(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pytensor" else find(name))
    line = refused(4, "train", "backend=pytensor")
    assert line.endswith("pytensor is not installed here; install it with: pip install 'yaynay[pytensor]'")


@pytest.mark.parametrize("word", ["dept=2", "+dept=2", "++dept=2", "model.dept=2", "+model.dept=2", "++model.dept=2"])
def test_c3_an_unknown_key_is_refused_however_it_comes_in(refused: Refused, word: str) -> None:
    line = refused(2, "train", word)
    assert "unknown key" in line
    assert "did you mean 'model.depth'?" in line
    assert "+dept" not in line


@pytest.mark.parametrize("words", [["~dataset"], ["-m", "~dataset", "seed=1,2"], ["-m", "~dataset", "predict_at=1,2"]])
def test_a_group_that_was_taken_out_is_said_to_be_missing(refused: Refused, words: list[str]) -> None:
    assert refused(2, "train", *words) == "option 'dataset': is missing; a value is needed; set it"


def test_c3_an_option_of_no_group_is_refused_in_a_sweep_too(refused: Refused) -> None:
    assert "'foo' is unknown" in refused(2, "train", "+backend=foo")
    assert "unknown key" in refused(2, "train", "-m", "++dept=2,3")
    assert "unknown key" in refused(2, "generate", "dataset.n_row=3")
    assert "unknown key" in refused(2, "compare", "++verdict.alfa=0.1")


@pytest.mark.parametrize(
    "words", [("report", "verdict.delta=0.2"), ("report", "records=records"), ("compare", "tracking.experiment=other")]
)
def test_an_option_that_a_command_would_ignore_is_refused(refused: Refused, words: tuple[str, ...]) -> None:
    assert "unknown key" in refused(2, *words)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("lr: NaN", "'NaN' is not allowed"),
        ("lr: 'fast'", "'fast' is not allowed"),
        ("lr: yes", "True is not allowed"),
        ("lr: on", "True is not allowed"),
        ("lr: 12:30:00", "adamw.yaml:3: '12:30:00' is another number in YAML"),
        ("lr: 010", "adamw.yaml:3: '010' is another number in YAML"),
        ("lr: 0.1\nlr: 0.2", "duplicate"),
        ("lr: [", "not valid YAML"),
    ],
)
def test_c4_what_yaml_makes_of_a_value_is_caught(refused: Refused, conf: Path, line: str, shown: str) -> None:
    (conf / "optimizer" / "adamw.yaml").write_text(f"# one\nname: adamw\n{line}\nweight_decay: 0.0\n")
    assert shown in refused(2, "train", "optimizer=adamw")


def test_c4_a_quoted_text_stays_a_text(conf: Path) -> None:
    (conf / "tracking" / "mine.yaml").write_text("experiment: '12:30:00'\n")
    check_files(conf)


@pytest.mark.parametrize("word", ["model.depth=range(0,0)", "model=glob(none*)"])
def test_c5_an_empty_grid_is_refused(refused: Refused, word: str) -> None:
    assert "0 jobs" in refused(2, "train", "-m", word)


def test_c5_a_large_grid_shows_its_count_and_needs_max_jobs(refused: Refused) -> None:
    line = refused(2, "train", "-m", "seed=range(0,101)", "plan.seed=range(0,101)")
    assert line.startswith("option 'max_jobs': 10,201 jobs (seed: 101 x plan.seed: 101); allowed: 10,000; ")
    assert "4 jobs" in refused(2, "train", "-m", "max_jobs=3", "seed=1,2", "model.depth=0,1")


def test_c5_an_endless_range_is_not_laid_out(refused: Refused) -> None:
    started = time.process_time()
    assert "10,001 or more jobs" in refused(2, "train", "-m", "seed=shuffle(range(0,1000000000000))")
    assert time.process_time() - started < 2


def test_c5_a_sweep_file_counts(refused: Refused) -> None:
    assert "456 jobs" in refused(2, "train", "-m", "sweep=backends", "max_jobs=400")
    line = refused(2, "train", "-m", "sweep=default", "max_jobs=160")
    assert "184 jobs (of two grids" in line  # 19 tables with torch, and 4 of them with the two other backends
    assert "8 jobs (" in refused(2, "train", "-m", "sweep=default", "dataset=engel", "max_jobs=7")


@pytest.mark.parametrize("launcher", ["fleet", "basic"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["optimizer.lr=interval(0,1)"], "option 'optimizer.lr': an interval has no values to list"),
        (["hydra.sweeper.n_trials=10"], "option 'hydra.sweeper.n_trials': no key has several values"),
        (["hydra.sweeper.n_trials=0", "seed=1,2"], "option 'hydra.sweeper.n_trials': 0 is not allowed"),
        (["hydra.sweeper.n_trials=10001", "seed=range(0,20000)"], "option 'max_jobs': 10,001 trials"),
        (
            ["hydra.sweeper.n_trials=5", "optimizer.lr=tag(log, interval(0,1))"],
            "option 'optimizer.lr': interval(0, 1)",
        ),
        (["hydra.sweeper.n_trials=5", "optimizer.lr=interval(-2,-1)"], "option 'optimizer.lr': -1."),
        (["hydra.sweeper.n_trials=5", "sweep=default"], "option 'hydra.sweeper.also': a search draws from one grid"),
    ],
)
def test_c5_a_search_that_cannot_be_is_refused(refused: Refused, launcher: str, words: list[str], said: str) -> None:
    assert refused(2, "train", "-m", f"hydra/launcher={launcher}", *words).startswith(said)


@pytest.mark.parametrize(
    "words",
    [
        ["+_target_=os.system"],
        ["+model._target_=os.system"],
        ["model={_target_:os.system}"],
        ["+model={depth: 1, '_target_': os.system}"],
        ["-m", "+model={depth: 1, _target_ : os.system}"],
        ["-m", "hydra.launcher._target_=os.system"],
        ["+hydra.callbacks.mine._target_=os.system"],
        ["+hydra.callbacks.mine.x=1"],
        ["hydra.searchpath=[file:///tmp]"],
        ["+hydra.job.env_set.PATH=x"],
        ["+hydra.job_logging.formatters.mine.()=os.system"],
        ["--config-dir", "conf"],
        ["--config-d=conf"],
        ["--config-path", "conf"],
        ["--experimental-rerun", "a.pickle"],
        ["tracking.experiment=${oc.env:HOME}"],
    ],
)
def test_c6_nothing_on_the_command_line_runs_code_or_reaches_outside(refused: Refused, words: list[str]) -> None:
    line = refused(2, "train", *words)
    assert line.startswith("option '")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("_target_: os.system\ncommand: touch pwned", ":1: '_target_' would run code"),
        ("depth:\n  _target_: os.system", ":2: '_target_' would run code"),
        ("start:\n  - _target_: os.system", ":2: '_target_' would run code"),
        ("# @package _global_\nhydra:\n  callbacks:\n    mine: {x: 1}", ":3: option 'hydra.callbacks' cannot be set"),
        ("# @package hydra.callbacks\nmine: {x: 1}", ":2: option 'hydra.callbacks' cannot be set"),
        ("# @package _global_\nhydra: {job_logging: {formatters: {a: {(): os.system}}}}", ":2: '()' would run code"),
        (
            "depth: !!python/object/apply:os.system [touch pwned]",
            "tag 'tag:yaml.org,2002:python/object/apply:os.system'",
        ),
        ("depth: 1\nwidth: &a 2", ":2: anchors and aliases are not allowed"),
        ("depth: !!int 1", ":1: tag 'tag:yaml.org,2002:int' is not allowed"),
        ("? [depth]\n: 1", ":1: a key must be a word"),
        ("start:\n  - - 010", ":2: '010' is another number in YAML"),
        ("depth: 1\n---\ndepth: 2", ":2: not valid YAML: but found another document"),
        ("depth: ${oc.env:HOME}", ":1: reads an environment variable"),
        ("activation: http://ann:secret@host", ":1: holds a password"),
    ],
)
def test_c6_no_file_runs_code_or_reaches_outside(refused: Refused, conf: Path, text: str, shown: str) -> None:
    (conf / "model" / "mine.yaml").write_text(text)
    line = refused(2, "train", "model=mine")
    assert line.startswith(f"{conf / 'model' / 'mine.yaml'}:")
    assert shown in line
    assert "secret" not in line


@pytest.mark.parametrize(
    "word", ["dataset.target=my_target_", "dataset.path=a_target_b/x.csv", "dataset.target=_target_"]
)
def test_c6_a_text_that_holds_the_word_is_no_code(refused: Refused, word: str) -> None:
    own = ["dataset=csv", "dataset.target=y", "dataset.path=x.csv", word]
    assert refused(3, "train", *own).endswith("no such file; give the path of a table (dataset.path)")


def test_c6_options_of_hydra_have_one_place(refused: Refused, conf: Path) -> None:
    folder = conf / "hydra" / "callbacks"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("mine: {x: 1}\n")
    assert "option 'hydra/callbacks': cannot be set" in refused(2, "train", "+hydra/callbacks=mine")
    assert "mine.yaml:1: option 'hydra.callbacks' cannot be set" in refused(2, "train")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcde", "bcdef", strict=True)),
        "depth: " + "[" * 40_000,
        "depth: " + "9" * 200_000,
    ],
)
def test_c7_a_yaml_bomb_is_refused_within_a_second(refused: Refused, conf: Path, text: str) -> None:
    (conf / "model" / "bomb.yaml").write_text(text)
    started = time.process_time()  # of this process only: another's load does not count
    line = refused(2, "train", "model=bomb")
    assert time.process_time() - started < 1
    assert line.startswith(f"{conf / 'model' / 'bomb.yaml'}:")


def test_our_own_files_pass() -> None:
    check_files(app.conf_folder())


def test_a_fault_of_ours_is_one_line_unless_debug_is_asked(
    call: Callable, conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "conf_folder", lambda: 1 / 0)
    done = call("train")
    assert (done.code, len(done.errors)) == (1, 1)
    assert done.errors[0].startswith("error: ZeroDivisionError: ")
    assert any("Traceback" in line for line in call("train", "--debug").errors)


def test_a_password_in_a_file_is_found_by_the_scan_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("uri: postgresql://ann:secret@db/x\n")
    with pytest.raises(OptionError, match="holds a password") as caught:
        check_files(tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("word", ["results=a,b", "verdict.alpha=0.01,0.05", "tracking.experiment=a,b", "max_jobs=1,2"])
def test_what_a_command_has_once_is_not_swept(refused: Callable[..., str], word: str) -> None:
    said = refused(2, "train", "-m", "dataset=engel", word)
    assert said.startswith(f"option '{word.partition('=')[0]}': several values; one per command is allowed")


def test_a_key_of_a_sweep_file_that_the_command_line_replaces_is_counted_once(refused: Callable[..., str]) -> None:
    grid = ["sweep=default", "dataset=engel", "backend=torch", "optimizer.lr=0.001,0.002,0.003", "max_jobs=11"]
    assert "12 jobs (" in refused(2, "train", "-m", *grid)


def test_hydra_s_own_part_is_not_set_as_a_whole(refused: Callable[..., str]) -> None:
    assert refused(2, "train", "hydra={job:{chdir:true}}").startswith("option 'hydra': cannot be set; allowed: hydra.")
