"""Options as they are typed on the command line, where a shell and Hydra both read them."""

import json
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Literal

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "nan", "inf")


def override(option: str, value: str | Sequence[str]) -> str:
    """An option with a text, or a list of texts, quoted for Hydra and for a shell where they need it.

    >>> print(override("dataset.target", "price"), override("dataset.target", "Lot Area"))
    dataset.target=price 'dataset.target="Lot Area"'
    >>> print(override("dataset.features", ["a", "b=c", "2024"]))
    'dataset.features=[a,"b=c","2024"]'
    """
    text = _quote(value) if isinstance(value, str) else f"[{','.join(map(_quote, value))}]"
    return shlex.quote(f"{option}={text}") if text != value else f"{option}={text}"


def requote(option: str, typed: str) -> str:
    """An option as it has to be typed, from what was typed instead.

    >>> print(requote("dataset.target", "Lot Area [m2]"), requote("dataset.features", "[a b,größe]"))
    'dataset.target="Lot Area [m2]"' 'dataset.features=["a b","größe"]'
    """
    is_list = typed.startswith("[") and typed.endswith("]")
    return override(option, [word.strip(" \"'") for word in typed[1:-1].split(",")] if is_list else typed)


def _quote(text: str) -> str:
    """A text that Hydra reads as that text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', text)
    escaped = re.sub(r"(\\+)$", r"\1\1", escaped)
    escaped = re.sub(r"(\\*)\$\{", r"\1\1\\${", escaped)
    return f'"{escaped}"'


_OPTION = re.compile(
    r"""'dataset\.\w+=[^']*'(?:"'"'[^']*')*|dataset\.(?P<key>[a-z_]+)(?:=(?P<value>\[[\w.,-]*\]|[\w.-]*\w))?""",
    re.ASCII,
)
"""An option of a table in a message: quoted for a shell, or plain, with or without a value."""
_ITEM = re.compile(r'"((?:\\.|[^"\\])*)"|([^,\[\]"]+)')
_NAMED = {"target": "--target", "features": "--features", "leave_out": "--drop", "groups": "--groups", "time": "--time"}


def respell(message: str, spelling: Literal["command", "python"]) -> str:
    """A message with the options of a table as `yaynay ask` or `yaynay.ask` take them.

    >>> print(respell("did you mean 'Lot Area'? set 'dataset.target=\\"Lot Area\\"'", "command"))
    did you mean 'Lot Area'? give --target 'Lot Area'
    >>> print(respell("set dataset.missing=impute, or use dataset.leave_out=[id,b]", "python"))
    set missing="impute", or use drop=["id", "b"]
    """
    spell = _spell_for_command if spelling == "command" else _spell_for_python
    text = _OPTION.sub(lambda found: _respell(found, spell), message)
    return re.sub(r"\bset (?=--)", "give ", text) if spelling == "command" else text


def _respell(found: "re.Match[str]", spell: Callable[[str, str | list[str] | None], str]) -> str:
    key, value = found["key"], found["value"]
    if key is None:
        key, _, value = shlex.split(found[0])[0].removeprefix("dataset.").partition("=")
    if value is None or not value.startswith(("[", '"')):
        return spell(key, value)
    items = [_unquote(quoted) if quoted or not plain else plain for quoted, plain in _ITEM.findall(value)]
    return spell(key, items if value.startswith("[") else items[0])


def _unquote(text: str) -> str:
    """What `_quote` was given, from what is between its quotes."""
    return re.sub(r'(\\+)("|\$\{|$)', lambda found: "\\" * (len(found[1]) // 2) + found[2], text)


def _spell_for_command(key: str, value: str | list[str] | None) -> str:
    if key == "path":
        return "FILE" if value is None else shlex.quote(str(value))
    name = _NAMED.get(key)
    if value is None:
        return name or f"--set {key}"
    if name is None:
        return f"--set {shlex.quote(f'{key}={_flow(value)}')}"
    if isinstance(value, str):
        return f"{name} {shlex.quote(value)}"
    if any("," in item for item in value):  # one in each, as it stands
        return " ".join(f"{name} {shlex.quote(item)}" for item in (value * 2 if len(value) == 1 else value))
    return f"{name} {shlex.quote(','.join(value))}"


def _flow(value: str | list[str]) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _spell_for_python(key: str, value: str | list[str] | None) -> str:
    key = "drop" if key == "leave_out" else key
    if value is None:
        return key
    if value in ("true", "false"):
        return f"{key}={str(value).capitalize()}"
    return f"{key}={json.dumps(value, ensure_ascii=False)}"
