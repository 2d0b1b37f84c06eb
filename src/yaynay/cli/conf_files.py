"""The YAML files in conf/ are values and nothing else: checked before anything expands or instantiates them."""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from yaynay.errors import OptionError, holds_password

MOST_BYTES = 100_000
"""The largest of our own files has two thousand."""
HYDRA_KEYS = ("run", "sweep", "sweeper", "launcher", "job_logging", "hydra_logging", "output_subdir", "verbose")
"""What may be set below `hydra`; the rest (callbacks, search path, environment) runs code or reaches outside."""
ENVIRONMENT = re.compile(r"\$\{\s*oc\.env\s*:(?!\s*YAYNAY_)")
"""A value that would copy an environment variable into records."""
_DEEPEST = 20
_CODE = ("_target_", "()")
_AMBIGUOUS = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
"""What YAML 1.1 reads as another number than it looks like: 010 is 8, 12:30:00 is 45000."""


def check_files(folder: Path) -> None:
    """Check every YAML file of a folder.

    Raises:
        OptionError: A file is too large, not valid YAML, or holds an alias, a tag, code to call, a password, or a
            number that YAML reads as another one.
    """
    for path in sorted(folder.rglob("*.yaml")):
        try:
            _check_file(path, folder)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path}:{mark.line + 1}" if mark else str(path)
            reason = " ".join(str(getattr(error, "problem", None) or "unreadable").split())
            raise OptionError(f"{where}: not valid YAML: {reason}; correct it") from None


def _check_file(path: Path, folder: Path) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise OptionError(f"{path}: {size:,} bytes; allowed: {MOST_BYTES:,}; shorten it")
    text = path.read_text(encoding="utf-8", errors="replace")
    _check_syntax(text, path)
    package = re.search(r"^#\s*@package\s+(\S+)", text, re.MULTILINE)
    above = package[1].split(".") if package else path.parent.relative_to(folder).parts
    if root := yaml.compose(text, Loader=yaml.CSafeLoader):
        _check_node(root, [key for key in above if key != "_global_"], path)


def _check_syntax(text: str, path: Path) -> None:
    """Refuse YAML that means more than it shows, and a depth at which PyYAML would crash."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        where = f"{path}:{event.start_mark.line + 1 if event.start_mark else 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise OptionError(f"{where}: anchors and aliases are not allowed; write the value out")
        if tag := getattr(event, "tag", None):
            raise OptionError(f"{where}: tag '{tag}' is not allowed; allowed: plain values; take it out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise OptionError(f"{where}: nested deeper than {_DEEPEST}; flatten it")


def _check_node(node: yaml.Node, above: Sequence[str], path: Path) -> None:
    """Check a value and all that is below it; `above` are the keys that lead to it in the configuration."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            where = f"{path}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise OptionError(f"{where}: a key must be a word; correct it")
            if key.value in seen:
                raise OptionError(f"{where}: '{key.value}' is a duplicate key; allowed: each once; take one out")
            seen.add(key.value)
            keys = [*above, key.value]
            if key.value in _CODE:
                raise OptionError(f"{where}: '{key.value}' would run code; allowed: values alone; take it out")
            if len(keys) > 1 and keys[0] == "hydra" and keys[1] not in HYDRA_KEYS:
                raise OptionError(
                    f"{where}: option 'hydra.{keys[1]}' cannot be set; allowed: {', '.join(HYDRA_KEYS)}; take it out"
                )
            _check_node(value, keys, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_node(value, above, path)
    elif isinstance(node, yaml.ScalarNode):
        _check_value(node.value, f"{path}:{node.start_mark.line + 1}", is_quoted=bool(node.style))


def _check_value(value: str, where: str, *, is_quoted: bool) -> None:
    if ENVIRONMENT.search(value):
        raise OptionError(f"{where}: reads an environment variable; allowed: plain values; write the value")
    if holds_password(value):
        raise OptionError(f"{where}: holds a password; allowed: none in files; use MLFLOW_TRACKING_URI")
    if not is_quoted and _AMBIGUOUS.fullmatch(value):
        raise OptionError(
            f"{where}: '{value}' is another number in YAML; allowed: decimal numbers; write it so, or quote it"
        )
