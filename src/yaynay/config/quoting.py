"""Options as they are typed: on the command line, where a shell and Hydra both read them, and in Python.

Messages spell an option of a table as Hydra does, `dataset.missing=drop`; `respell` makes of it what the caller types.
"""

import re
import shlex
from collections.abc import Sequence
from functools import partial
from typing import Literal

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
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


Style = Literal["hydra", "command", "python"]
"""Who reads a message: of the commands of Hydra, of `yaynay ask`, or of the functions of Python."""

LISTS = ("features", "leave_out", "categories", "na_values", "na_levels")
"""Keys of a table that hold a list."""

_FLAGS = {"target": "--target", "features": "--features", "leave_out": "--drop", "groups": "--groups", "time": "--time"}
"""What `yaynay ask` has a flag for; any other key goes into `--set`."""

_VALUE = r"\[[^]]*\]|\"(?:[^\"\\]|\\.)*\"|\.\.\.|[\w.~/-]*\w"
_MENTION = re.compile(
    r"(?P<set>\bset )?(?:(?P<quoted>'dataset\.\w+=[^']*'(?:\"'\"'[^']*')*)"
    rf"|dataset\.(?P<key>\w+)(?:=(?P<value>{_VALUE}))?)"
)


def respell(text: str, style: Style) -> str:
    """A message with the options of a table as its reader types them.

    Args:
        text: A message in which they are spelt as for Hydra.
        style: Who reads it.

    Example:
        >>> message = "set 'dataset.na_values=[-999]' or dataset.missing=drop, or list it in dataset.leave_out"
        >>> print(respell(message, "command"))
        use --set 'na_values=[-999]' or --set missing=drop, or list it in --drop
        >>> print(respell(message, "python"))
        use na_values=[-999] or missing='drop', or list it in drop
    """
    return text if style == "hydra" else _MENTION.sub(partial(_respell, style), text)


def _respell(style: Style, found: re.Match[str]) -> str:
    key, value = found["key"], found["value"]
    if found["quoted"]:
        key, _, value = shlex.split(found["quoted"])[0].removeprefix("dataset.").partition("=")
    spelt = _for_python(key, value) if style == "python" else _for_shell(key, value)
    return ("use " if found["set"] else "") + spelt


def _for_shell(key: str, value: str | None) -> str:
    if key == "path":
        return "FILE" if value is None else shlex.quote(str(_read(value)))
    flag = _FLAGS.get(key)
    if value is None:
        return flag or f"--set {key}={'[...]' if key in LISTS else '...'}"
    meant = _read(value)
    words = [str(word) for word in meant] if isinstance(meant, list) else [str(meant)]
    if flag is None or (isinstance(meant, list) and any("," in word or word != word.strip() for word in words)):
        return f"--set {shlex.quote(f'{key}={value}')}"
    return f"{flag} {shlex.quote(','.join(words))}"


def _for_python(key: str, value: str | None) -> str:
    name = {"leave_out": "drop", "path": "data"}.get(key, key)
    return name if value is None else f"{name}={'...' if value == '...' else repr(_read(value))}"


_PLAIN_VALUES = {"true": True, "false": False, "null": None}


_ITEM = r"(?:\"(?:[^\"\\]|\\.)*\"|[^\s,\"\[\]](?:[^,\"\[\]]*[^\s,\"\[\]])?)"
"""An item of a list: quoted, or without blanks around it."""
_LIST = re.compile(rf"\[\s*(?:{_ITEM}\s*(?:,\s*{_ITEM}\s*)*)?\]")


def _split(typed: str) -> list[str]:
    """The items of a list, as they were typed.

    Raises:
        ValueError: It is none.
    """
    if not _LIST.fullmatch(typed):
        raise ValueError(typed)
    return re.findall(_ITEM, typed[1:-1])


def read_text(typed: str) -> str:
    """A text as `override` writes it, or as it stands.

    >>> read_text('"two words"'), read_text("7 %")
    ('two words', '7 %')
    """
    is_quoted = len(typed) > 1 and typed.startswith('"') and typed.endswith('"')
    return _unescape(typed[1:-1]) if is_quoted else typed


def read_list(typed: str) -> list[str]:
    """Texts of a list as `override` writes it; a text alone is a list of one.

    >>> read_list('[ a , "b, c", -999, ? ]'), read_list("n/a"), read_list("[]")
    (['a', 'b, c', '-999', '?'], ['n/a'], [])

    Raises:
        ValueError: It begins as a list, and is none.
    """
    if not typed.startswith("["):
        return [read_text(typed)]
    return [read_text(item) for item in _split(typed)]


def _unescape(text: str) -> str:
    """What `_quote` was given, from what is between its quotes."""
    return re.sub(r'(\\+)("|\$\{|$)', lambda run: "\\" * (len(run[1]) // 2) + run[2], text)


def _read(value: str) -> object:
    """What Hydra reads in a value that `override` wrote.

    >>> _read('[a,"b, c",-999,"7"]'), _read("true"), _read('"two words"')
    (['a', 'b, c', -999, '7'], True, 'two words')
    """
    if value.startswith("["):
        return [_read(item) for item in _split(value)]
    if value.startswith('"'):
        return _unescape(value[1:-1])
    if value in _PLAIN_VALUES:
        return _PLAIN_VALUES[value]
    if re.fullmatch(r"[+-]?[0-9]+", value):
        return int(value)
    return float(value) if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?", value) else value
