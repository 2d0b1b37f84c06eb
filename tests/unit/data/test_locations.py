"""Paths that name no file: each is told for what it is, with what to type."""

import os
import shlex
from pathlib import Path

import pytest

from yaynay.cli.own_table import parse_words
from yaynay.data import sources
from yaynay.data.locations import check_file
from yaynay.data.reading import read_file
from yaynay.errors import DataError, OptionError

PLAIN = "x,y\n1,2\n2.5,3\n3,5\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a.csv in a project."""
    folder = tmp_path / "project" / "mine"
    folder.mkdir(parents=True)
    (tmp_path / "project" / "dvc.yaml").touch()
    (folder / "a.csv").write_text(PLAIN)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def refusal(path: str) -> str:
    with pytest.raises(DataError) as caught:
        read_file(path, "y")
    assert "\n" not in str(caught.value)
    assert str(caught.value).count(";") >= 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "https://example.org/a.csv",
            "https://example.org/a.csv: is an address; a file on this machine is needed; download",
        ),
        ("s3://bucket/a.csv", "s3://bucket/a.csv: is an address; a file on this machine is needed; download it, with"),
        ("gs://bucket/a.csv", "is an address"),
        ("https://ann:secret@example.org/a.csv", "https://example.org/a.csv: is an address"),
        ("file:///tmp/a.csv", "file:///tmp/a.csv: is an address; a path is needed; leave out file://"),
        ("/dev/null", "/dev/null: is a device or a pipe; a file is needed"),
        ("nowhere/b.csv", "nowhere/b.csv: no such file; give the path of a table"),
        (".", "is a folder with 1 files in it; a file is needed; use one of them, such as"),
        ("a\0.csv", "no such file"),
        ("a" * 300, "cannot be reached (File name too long)"),
    ],
)
def test_what_is_no_file_is_named_with_what_to_do(path: str, said: str) -> None:
    assert said in refusal(path)


def test_a_pipe_and_a_broken_link_are_named(here: Path) -> None:
    os.mkfifo(here / "pipe")
    assert "pipe: is a device or a pipe" in refusal("pipe")
    (here / "link.csv").symlink_to("gone.csv")
    assert "it is a link to gone.csv, which is not there" in refusal("link.csv")


@pytest.mark.parametrize("path", ["A.csv", "b.csv", ".", "~/a.csv", "../mine", "./a.CSV"])
def test_the_path_that_a_message_gives_is_there(path: str) -> None:
    typed = refusal(path).rpartition("use ")[2].removeprefix("one of them, such as ")
    assert read_file(parse_words(shlex.split(typed))["path"], "y").n_rows == 3


def test_a_relative_path_starts_at_the_project_and_the_file_here_is_told(here: Path) -> None:
    options = {"name": "csv", "path": "a.csv", "target": "y"}
    with pytest.raises(DataError) as caught:
        sources.make(options)
    said = str(caught.value)
    assert f"{here.parent}/a.csv: no such file; a relative path starts at {here.parent}, and the file is in the" in said
    typed = parse_words(shlex.split(said.rpartition("use ")[2]))
    assert sources.make(options | typed).n_rows == 3
    assert sources.make(options | {"path": "mine/a.csv"}).n_rows == 3


def test_an_address_is_told_as_one_in_a_project_too() -> None:
    with pytest.raises(DataError, match=r"https://example\.org/a\.csv: is an address"):
        sources.make({"name": "csv", "path": "https://example.org/a.csv", "target": "y"})


def test_a_file_may_be_called_as_an_address_begins(here: Path) -> None:
    (here / "s3:").mkdir()
    (here / "s3:" / "a.csv").write_text(PLAIN)
    assert check_file("s3:/a.csv") == Path("s3:/a.csv")


def test_a_dataframe_is_no_table_that_a_command_can_make() -> None:
    options = {"name": "frame", "target": "y", "table": "houses"}
    assert (sources.table_name(options), sources.table_name({"name": "frame"})) == ("houses", "frame")
    assert sources.table_name({"name": "frame", "table": "sine"}) == "sine-frame"
    with pytest.raises(OptionError, match=r"'frame' is a DataFrame, which lives in Python .* yaynay\.ask\(frame"):
        sources.make(options)
    with pytest.raises(OptionError, match=r"'dataset\.path': unknown key"):
        sources.make(options | {"path": "a.csv"})
