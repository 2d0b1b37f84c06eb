"""Every text that a message tells to type means what it should, to a shell and to Hydra."""

import ast
import re
import shlex
from pathlib import Path
from typing import get_origin

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from yaynay.config.datasets import File, parse
from yaynay.config.quoting import LISTS, override, read_list, requote, respell
from yaynay.errors import OptionError

SOURCE = Path(__file__).parents[3] / "src" / "yaynay"

ODD = [
    "2024",
    "1.50",
    "true",
    "null",
    "NaN",
    "Lot Area",
    "größe",
    "a=b",
    "x[1]",
    "{a}",
    "a,b",
    'q"uote',
    "it's",
    "end\\",
]
ODD += [
    'a\\"b',
    "${x}",
    "\\${x}",
    "$x",
    "a:b",
    "(x)",
    "",
    "日本",
    "50%",
    "a/b",
    "<img>",
    "a;b",
    "#n",
    "~a",
    "a*b",
    "a\tb",
]


def as_typed(line: str) -> object:
    """What a shell and Hydra make of an option."""
    (word,) = shlex.split(line)
    parsed = OverridesParser.create().parse_override(word)
    return OmegaConf.to_container(OmegaConf.create({"it": parsed.value()}), resolve=True)["it"]  # type: ignore[index,call-overload]


@pytest.mark.parametrize("text", ODD)
def test_an_odd_name_comes_through(text: str) -> None:
    assert as_typed(override("dataset.target", text)) == text
    assert as_typed(override("dataset.features", [text, "a", text])) == [text, "a", text]


@given(st.text(st.characters(exclude_categories=["C"]), max_size=12))
def test_any_name_comes_through(text: str) -> None:
    assert as_typed(override("dataset.target", text)) == text


def test_a_plain_name_stays_plain() -> None:
    assert override("dataset.target", "price") == "dataset.target=price"


@pytest.mark.parametrize("typed", ["Lot Area [m2]", "größe", "a=b", "it's", "[a b,größe]"])
def test_what_was_typed_wrongly_is_shown_as_it_works(typed: str) -> None:
    wanted = typed[1:-1].split(",") if typed.startswith("[") else typed
    assert as_typed(requote("dataset.target", typed)) == wanted


def test_whole_numbers_are_names_and_other_values_are_told_how_to_be() -> None:
    options = {"name": "csv", "path": "x.csv"}
    assert parse({**options, "target": 2024}).model_dump()["target"] == "2024"
    for value, shown in ((1.5, "1.5"), (True, "true")):
        with pytest.raises(OptionError) as caught:
            parse({**options, "target": value})
        assert str(caught.value).startswith(
            f"option 'dataset.target': {value} is not allowed; it should be the name of a column, quoted where Hydra "
            f"would take it for a value: '\"{shown}\"'"
        )


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=12)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=3))
def test_what_a_message_gives_a_command_is_read_as_those_names(name: str, names: list[str]) -> None:
    said = f"no such column; set {override('dataset.groups', name)}, or {override('dataset.na_values', names)}; mend it"
    words = shlex.split(respell(said, "command").removeprefix("no such column; use ").replace("; mend it", ""))
    assert words[:2] == ["--groups", f"{name},"]
    assert words[2:4] == ["or", "--set"]
    parsed = OverridesParser.create().parse_override(words[4])
    assert (parsed.key_or_group, parsed.value()) == ("na_values", names)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=3))
def test_what_a_message_gives_python_is_an_argument(name: str, names: list[str]) -> None:
    said = f"use {override('dataset.target', name)} or {override('dataset.leave_out', names)}"
    target, _, drop = respell(said, "python").removeprefix("use ").rpartition(" or ")
    call = ast.parse(f"f({target}, {drop})", mode="eval").body
    assert isinstance(call, ast.Call)
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords} == {"target": name, "drop": names}


@pytest.mark.parametrize(
    ("said", "command", "python"),
    [
        (
            "set dataset.missing=drop, or mend it",
            "use --set missing=drop, or mend it",
            "use missing='drop', or mend it",
        ),
        ("list it in dataset.na_values", "list it in --set na_values=[...]", "list it in na_values"),
        ("dataset.day_first=true or", "--set day_first=true or", "day_first=True or"),
        ("dataset.features=[a,b]", "--features a,b", "features=['a', 'b']"),
        (r"""'dataset.features=["a,b","2024"]'""", """--set 'features=["a,b","2024"]'""", "features=['a,b', '2024']"),
        ("option 'dataset.leave_out': x", "option '--drop': x", "option 'drop': x"),
        ("give one (dataset.path)", "give one (FILE)", "give one (data)"),
        ("""use 'dataset.path="my data/a.csv"'""", "use 'my data/a.csv'", "use data='my data/a.csv'"),
        ("set dataset.separator=..., one of", "use --set separator=..., one of", "use separator=..., one of"),
        ("'dataset.na_values=[-999]'", "--set 'na_values=[-999]'", "na_values=[-999]"),
        ("the dataset. It is", "the dataset. It is", "the dataset. It is"),
    ],
)
def test_options_are_spelt_as_the_reader_types_them(said: str, command: str, python: str) -> None:
    assert respell(said, "command") == command
    assert respell(said, "python") == python
    assert respell(said, "hydra") == said


def test_a_list_may_have_blanks_wherever_they_mean_nothing() -> None:
    assert read_list("[ a , b ]") == read_list("[a,b]") == ["a", "b"]
    assert read_list("[]") == read_list("[ ]") == []
    assert read_list('[ "a, b]" ,c d]') == ["a, b]", "c d"]
    assert respell("set dataset.features=[ a , 7 ]", "python") == "use features=['a', 7]"
    assert respell("set dataset.features=[]", "command") == "use --features ''"
    for typed in ("[a", "[a,,b]", "[a]b", "[,]", '["a]'):
        with pytest.raises(ValueError, match=re.escape(typed)):
            read_list(typed)


def test_the_lists_are_those_of_the_options() -> None:
    assert {key for key, field in File.model_fields.items() if get_origin(field.annotation) is list} == set(LISTS)


def messages() -> list[str]:
    """Every text in the source that mentions an option of a table, with 7 for what is filled in; no docstrings."""
    found = []
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(
                        str(getattr(part, "value", 7)) if isinstance(part, ast.Constant) else "7"
                        for part in node.values
                    )
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inside | docs):
                found.append(node.value)
    return [text for text in found if re.search(r"dataset\.\w", text) and " " in text]


def test_every_message_can_be_respelt() -> None:
    found = messages()
    assert len(found) >= 20
    for text in found:
        for style in ("command", "python"):
            said = respell(text, style)  # type: ignore[arg-type]  # one of them
            assert "dataset." not in said, text
            assert "set --" not in said, text
            assert "set features" not in said, text
