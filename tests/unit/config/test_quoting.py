"""Every text that a message tells to type means what it should, to a shell and to Hydra."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from yaynay.config.datasets import parse
from yaynay.config.quoting import override, requote
from yaynay.errors import OptionError

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
