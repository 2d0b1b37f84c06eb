"""Options as they are typed on the command line, where a shell and Hydra both read them."""

import re
import shlex
from collections.abc import Sequence

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
