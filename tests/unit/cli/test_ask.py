"""`yaynay ask`: how its words are read, and what is asked for or refused before anything is trained."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yaynay.asking import command
from yaynay.asking.command import Request
from yaynay.cli.ask import ask, parse_settings
from yaynay.cli.commands import main
from yaynay.config.quoting import override, respell
from yaynay.data.listing import list_columns
from yaynay.errors import DataError, OptionError

ROWS = "Y,x,kind,Größe = [m²],when\n" + "".join(
    f"{row},{row * row},{'ab'[row % 2]},1.{row},2024-01-{row}\n" for row in range(10, 31)
)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs"]), min_size=1, max_size=12)


def requested(monkeypatch: pytest.MonkeyPatch, *words: str) -> Request:
    """What a command line asks for."""
    asked: list[Request] = []
    monkeypatch.setattr(command, "run", lambda request: asked.append(request) or 0)
    monkeypatch.setattr(sys, "argv", ["yaynay", "ask", *words])
    assert main() == 0
    return asked[0]


def refused(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["yaynay", "ask", *words])
    with pytest.raises((OptionError, DataError)) as caught:
        main()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with tables, and this process in it."""
    for name in ("houses.csv", "-odd.csv", "a = [b] 'c'.csv"):
        (tmp_path / name).write_text(ROWS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_options_all_is_by_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = requested(monkeypatch, "houses.csv", "-t", "Y")
    assert request == Request(Path("houses.csv"), "Y", {}, Path("yaynay"))


def test_every_option_has_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = requested(
        monkeypatch, "houses.csv", "--target", "Y", "--features", "x, kind", "--drop", "when", "--groups", "kind",
        "--time", "when", "--out", "there", "--most-rows", "500", "--json", "-q", "--exit-code", "--open",
        "--set", "missing=drop", "--set", "na_values=[-999,?]", "--set", "header=yes", "--set", "decimal=comma",
    )  # fmt: skip
    options = {
        "features": ["x", "kind"], "leave_out": ["when"], "groups": "kind", "time": "when", "missing": "drop",
        "na_values": ["-999", "?"], "header": True, "decimal": "comma",
    }  # fmt: skip
    assert request == Request(Path("houses.csv"), "Y", options, Path("there"), True, True, True, True, 500)


@pytest.mark.parametrize(
    "name", ["-y", "--target", "a=b", "Größe [m²]", "it's", 'say "a"', "a b", "2024", "${x}", "null"]
)
def test_a_column_s_name_stands_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    request = requested(monkeypatch, "houses.csv", "--target", name, "--groups", name, "--features", name)
    assert (request.target, request.options) == (name, {"groups": name, "features": [name]})


@pytest.mark.parametrize("name", ["-odd.csv", "a = [b] 'c'.csv", "./-odd.csv"])
@pytest.mark.parametrize("is_last", [False, True])
def test_a_path_stands_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_last: bool) -> None:
    words = [name, "-t", "-odd.csv"]
    request = requested(monkeypatch, *(words[1:] + words[:1] if is_last else words))
    assert (request.file.samefile(folder / name), request.target) == (True, "-odd.csv")
    assert requested(monkeypatch, "-t", "Y", "--", name).file == Path(name)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["a,b"], ["a", "b"]),
        (["a, b "], ["a", "b"]),
        (["a,b", "c"], ["a,b", "c"]),
        (["a,b", "a,b"], ["a,b"]),
    ],
)
def test_names_are_separated_by_commas_or_given_one_by_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], names: list[str]
) -> None:
    given = [part for word in words for part in ("--drop", word)]
    assert requested(monkeypatch, "houses.csv", "-t", "Y", *given).options == {"leave_out": names}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("missing", "'missing' has no value; allowed: KEY=VALUE, as missing=drop; write it so"),
        ("mising=drop", "'mising' is unknown; allowed: missing, groups, "),
        ("mising=drop", "did you mean 'missing'?"),
        ("zzz=1", "choose one of them"),
        ("path=b.csv", "'path' is unknown"),
        ("na_values=[a,[b]]", "na_values=[a,[b]] is not a list; allowed: [a,b]; quote what holds a comma or a bracket"),
        ("na_values=[a", "na_values=[a is not a list"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused(word: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_settings((word,))
    assert str(caught.value).startswith("option '--set': ")
    assert said in str(caught.value)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=3))
def test_what_a_message_says_to_type_is_read_as_meant(name: str, names: list[str]) -> None:
    """Whatever a column is called, or a level: through the shell, click and --set."""
    said = [
        respell(override("dataset.groups", name), "command"),
        respell(override("dataset.leave_out", names), "command"),
        respell(override("dataset.na_levels", names), "command"),
    ]
    words = shlex.split(" ".join(["ask", "a.csv", "-t", "y", *said]))
    context = ask.make_context("ask", words[1:])
    options: dict[str, Any] = {key: context.params[key] for key in ("groups", "leave_out") if context.params[key]}
    options |= parse_settings(context.params["settings"])
    assert options == {"groups": name, "leave_out": names, "na_levels": names}


def test_in_a_pipe_the_columns_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, "houses.csv") == (
        "option '--target': none given; allowed: 'Y', 'x', 'kind', 'Größe = [m²]', 'when'; name the column to predict"
    )
    (folder / "wide.csv").write_text(",".join(f"c{n}" for n in range(100)) + "\n" + ",".join(["1"] * 100) + "\n" * 2)
    assert "'c39' and 60 more; name" in refused(monkeypatch, "wide.csv")
    assert refused(monkeypatch, "nowhere.csv").startswith("nowhere.csv: no such file")


def test_in_a_terminal_the_target_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["y", "nothing like it", " Größe = [m²] "])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", lambda text: next(answers))
    assert requested(monkeypatch, "houses.csv").target == "Größe = [m²]"
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "houses.csv has 5 columns:"
    assert [line.split() for line in lines[1:4]] == [
        ["Y", "number"], ["x", "number"], ["kind", "text,", "2", "different:", "'a',", "'b'"],
    ]  # fmt: skip
    assert lines[-2:] == ["no column 'y'; did you mean 'Y'?", "no column 'nothing like it'"]


def test_a_target_in_another_case_is_answered_in_the_words_of_the_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refused(monkeypatch, "houses.csv", "-t", "y")
    assert "did you mean 'Y'? " in said
    assert said.endswith("use --target Y")
    assert "dataset." not in said
    assert list(folder.rglob("*.db")) == []


def test_columns_of_a_typed_file_are_described(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({
        "n": [1.5, None, 2.5], "t": ["a", None, "c"], "c": pd.Categorical([1, 2, 1]), "b": [True, False, True],
        "d": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]), "l": [[1], [2], [3]],
    })  # fmt: skip
    frame.to_parquet(tmp_path / "a.parquet")
    found = list_columns(tmp_path / "a.parquet")
    assert found["n"] == "number, 1 missing"
    assert found["t"] == "text, 2 different: 'a', 'c', 1 missing"
    assert found["d"] == "date"
    assert list(found) == ["n", "t", "c", "b", "d", "l"]
    with pytest.raises(DataError, match=r"is a folder .* such as .*a\.parquet"):
        list_columns(tmp_path)
    with pytest.raises(DataError, match=r"no such file; .* use .*a\.parquet"):
        list_columns(tmp_path / "A.parque")


def test_columns_are_listed_as_they_are_read(tmp_path: Path) -> None:
    import pandas as pd

    text = tmp_path / "a.csv"
    text.write_bytes("größe;y\n-9;1\n2;3\n".encode("cp1252"))
    assert list_columns(text, encoding="cp1252", na_values=["-9"]) == {"größe": "number, 1 missing", "y": "number"}
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        pd.DataFrame({"a": [1, 2], "b": [3, 4]}).to_excel(book, sheet_name="one", index=False)
        pd.DataFrame({"c": [1, 2], "d": [3, 4]}).to_excel(book, sheet_name="two", index=False)
    assert list(list_columns(tmp_path / "a.xlsx")) == ["a", "b"]
    assert list(list_columns(tmp_path / "a.xlsx", sheet="two")) == ["c", "d"]
