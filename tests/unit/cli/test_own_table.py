"""`yaynay add`: what it writes, and what it refuses."""

import importlib
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.__main__ import run
from yaynay.cli import own_table
from yaynay.cli.commands import main
from yaynay.config import datasets
from yaynay.data import sources
from yaynay.errors import DataError, OptionError, YaynayError

CONF = Path(__file__).parents[3] / "conf"
ROWS = "size,kind,id,price\n" + "".join(f"{row},{'ab'[row % 2]},n{row},{row * row}\n" for row in range(1, 13))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, this process in it, and houses.csv beside it."""
    root = tmp_path / "project"
    shutil.copytree(CONF, root / "conf")
    (root / "dvc.yaml").touch()
    (tmp_path / "houses.csv").write_text(ROWS)
    monkeypatch.chdir(root)
    monkeypatch.setattr(own_table, "conf_folder", lambda: root / "conf")
    return root


def add(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["yaynay", "add", *words])
    assert main() == 0


def refused(project: Path, monkeypatch: pytest.MonkeyPatch, kind: type[YaynayError], *words: str) -> str:
    """What a refusal says; nothing may be written."""
    before = {path: path.read_bytes() for path in project.parent.rglob("*") if path.is_file()}
    with pytest.raises(kind) as caught:
        add(monkeypatch, *words)
    assert {path: path.read_bytes() for path in project.parent.rglob("*") if path.is_file()} == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_table_is_one_file_of_values_and_one_word_of_the_sweep(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = project / "conf" / "sweep" / "tables.yaml"
    before = sweep.read_text()
    for _ in range(2):  # running it twice is fine
        add(monkeypatch, "../houses.csv", "price", "leave_out=[id]", "dataset.missing=drop")
        assert capsys.readouterr().out.endswith("next: dvc repro\n")
        assert (project / "data" / "own" / "houses.csv").read_text() == ROWS
        lines = (project / "conf" / "dataset" / "houses.yaml").read_text().splitlines()
        assert lines[0] == "# python -m yaynay.train dataset=houses"
        assert yaml.safe_load("\n".join(lines)) == {
            "name": "csv", "table": "houses", "path": "data/own/houses.csv", "target": "price", "missing": "drop",
            "leave_out": ["id"],
        }  # fmt: skip
        assert sweep.read_text() == before.replace("friedman1\n", "friedman1,houses\n")


def test_the_option_composes_and_names_the_table_from_any_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "conf" / "sweep")
    add(monkeypatch, "../../../houses.csv", "price", "leave_out=[id]", "--table", "homes")
    with initialize_config_dir(str(project / "conf"), version_base="1.3"):
        composed = compose("generate", overrides=["dataset=homes"])
    options = datasets.parse(OmegaConf.to_container(composed.dataset)).model_dump()  # type: ignore[arg-type]  # a mapping
    table = sources.make(options)
    assert (table.name, table.n_rows, sources.table_name(options)) == ("homes", 12, "homes")


def test_the_script_is_the_command() -> None:
    scripts = tomllib.loads((CONF.parent / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["yaynay"].partition(":")
    assert getattr(importlib.import_module(module), function) is run


def test_a_file_in_its_place_is_used_there(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = project / "data" / "own" / "town" / "houses.csv"
    place.parent.mkdir(parents=True)
    place.write_text(ROWS)
    add(monkeypatch, "data/own/town/houses.csv", "price", "leave_out=[id]")
    assert "data/own/town/houses.csv is there" in capsys.readouterr().out
    assert [path for path in (project / "data").rglob("*") if path.is_file()] == [place]


WORDS = {
    "missing=drop": "drop", "groups=kind": "kind", "features=[size,id]": ["size", "id"], "leave_out=[id]": ["id"],
    "categories=[kind]": ["kind"], "na_values=[-999,unknown]": [-999, "unknown"], "na_levels=[NA]": ["NA"],
    "dates=parts": "parts", "day_first=true": True, "decimal=point": "point", "sheet='first one'": "first one",
    "separator=comma": "comma", "header=true": True, "encoding=latin-1": "latin-1",
}  # fmt: skip


def test_every_key_of_a_file_is_an_option() -> None:
    asked = {word.partition("=")[0] for word in WORDS}
    assert asked >= set(datasets.File.model_fields) - {"name", "table", "path", "target", "time"}
    assert own_table.parse_words(list(WORDS)) == {word.partition("=")[0]: value for word, value in WORDS.items()}
    assert own_table.parse_words([f"dataset.{word}" for word in WORDS]) == own_table.parse_words(list(WORDS))


@pytest.mark.parametrize("word", [word for word in WORDS if not word.startswith(("sheet", "features", "na_levels"))])
def test_what_is_typed_is_in_the_option(project: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    key, value = word.partition("=")[0], WORDS[word]
    add(monkeypatch, "../houses.csv", "price", word, *(["leave_out=[id]"] if key != "leave_out" else []))
    with initialize_config_dir(str(project / "conf"), version_base="1.3"):
        composed = compose("generate", overrides=["dataset=houses"])
    assert OmegaConf.to_container(composed.dataset)[key] == value  # type: ignore[index,call-overload]  # a mapping
    assert sources.make(datasets.parse(OmegaConf.to_container(composed.dataset)).model_dump()).n_rows == 12  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["prise", "Price"])
def test_what_the_message_tells_to_type_works(project: Path, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    said = refused(project, monkeypatch, DataError, "../houses.csv", typed, "leave_out=[id]")
    add(monkeypatch, "../houses.csv", typed, "leave_out=[id]", *shlex.split(said.partition("? set ")[2]))
    assert yaml.safe_load((project / "conf" / "dataset" / "houses.yaml").read_text())["target"] == "price"


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (["../houses.csv", "prise"], DataError, "no column 'prise'; columns: 'size', 'kind', 'id', 'price'; did you"),
        (["../houses.csv", "id"], DataError, "column 'id': the target is text"),
        (["../house.csv", "price"], DataError, "../house.csv: no such file"),
        (["../houses.csv", "price", "leave_out=[ident]"], DataError, "no column 'ident'"),
        (["../houses.csv", "price", "missing=dorp"], OptionError, "option 'dataset.missing': 'dorp'"),
        (["../houses.csv", "price", "--table", "engel"], OptionError, "'engel' is a built-in table"),
        (["../houses.csv", "price", "--table", "Sine"], OptionError, "'Sine' is a built-in table"),
        (["../houses.csv", "price", "--table", "csv"], OptionError, "'csv' is a built-in table"),
        (["../houses.csv", "price", "--table", "2024"], OptionError, "'2024' cannot name an option"),
        (["../houses.csv", "price", "--table", "a,b"], OptionError, "'a,b' cannot name an option"),
        (["../houses.csv", "price", "--table", "Null"], OptionError, "'Null' cannot name an option"),
        (["../houses.csv", "price", "missing"], OptionError, "option 'missing': cannot be read; allowed: key=value"),
        (["../houses.csv", "price", "groups=Lot Area [m2]"], OptionError, "'groups=\"Lot Area [m2]\"'"),
        (["../houses.csv", "price", "missing=drop,impute"], OptionError, "option 'missing': several values"),
        (["../houses.csv", "price", "+missing=drop"], OptionError, "option '+missing=drop': cannot be read"),
        (["../houses.csv", "price", "mising=drop"], OptionError, "did you mean 'dataset.missing'?"),
        (["../houses.csv", "price", "na_values=['${x}']"], OptionError, "means something else in a YAML file"),
        (["https://a.b/houses.csv", "price"], DataError, "https://a.b/houses.csv: is an address"),
        (["../houses.csv", "${x}"], OptionError, "option 'target': '${x}' means something else in a YAML file"),
        (["../houses.csv"], OptionError, "yaynay add: TARGET is missing; one is needed"),
    ],
)
def test_what_cannot_be_added_is_refused_in_a_sentence(
    project: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], kind: type[YaynayError], said: str
) -> None:
    assert said in refused(project, monkeypatch, kind, *words)


def test_what_is_there_and_differs_is_not_replaced(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = ["../houses.csv", "price", "leave_out=[id]"]
    add(monkeypatch, *own)
    assert "houses.yaml: says something else; a new table needs a new name" in refused(
        project, monkeypatch, OptionError, *own[:-1], "leave_out=[id,kind]"
    )
    (project.parent / "houses.csv").write_text(ROWS + "13,a,n13,5\n")
    assert refused(project, monkeypatch, DataError, *own).startswith("data/own/houses.csv: is another file than ")


def test_outside_a_project_and_in_one_that_no_command_reads_nothing_is_added(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_table, "conf_folder", lambda: project.parent / "conf")
    assert "not this project's conf/" in refused(project, monkeypatch, OptionError, "../houses.csv", "price")
    (project / "dvc.yaml").unlink()
    assert "is not in a project" in refused(project, monkeypatch, OptionError, "../houses.csv", "price")


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("dataset: engel", "dataset: engel,new"),
        ("dataset: engel, sine  # two", "dataset: engel, sine,new  # two"),
        ("dataset: 'engel,sine'", "dataset: 'engel,sine,new'"),
        ("dataset: engel,\n        sine", "dataset: engel,\n        sine,new"),
        ("dataset: sine, new", "dataset: sine, new"),
    ],
)
def test_the_sweep_file_keeps_comments_and_layout(tmp_path: Path, line: str, made: str) -> None:
    frame = "# é\nhydra:\n  sweeper:\n    params:\n      {}\n      seed: 1  # last\n"
    path = tmp_path / "tables.yaml"
    path.write_text(frame.format(line), encoding="utf-8")
    assert own_table._list_table(path, "new") == frame.format(made)


@pytest.mark.parametrize("line", ["dataset: [engel]", "dataset: >-\n        engel", "other: 1"])
def test_a_sweep_file_of_another_form_is_left_to_its_owner(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tables.yaml"
    path.write_text(f"hydra:\n  sweeper:\n    params:\n      {line}\n")
    with pytest.raises(OptionError, match="write it there yourself"):
        own_table._list_table(path, "new")
