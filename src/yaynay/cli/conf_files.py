"""The YAML files in conf/ are values and nothing else: checked before anything expands or instantiates them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from yaynay.errors import OptionError, holds_password

MOST_BYTES = 100_000
"""The largest of ours has two thousand."""
HYDRA_KEYS = ("run", "sweep", "sweeper", "launcher", "job_logging", "hydra_logging", "output_subdir", "verbose")
"""What may be set below `hydra`; the rest (callbacks, search path, environment) runs code or reaches outside."""
ENVIRONMENT = re.compile(r"\$\{\s*oc\.env\s*:(?!\s*YAYNAY_)")
"""A value that would copy an environment variable into records."""
_DEEPEST = 20
_CODE = ("_target_", "()")
_AMBIGUOUS = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
"""What YAML 1.1 reads as another number than it looks like: 010 is 8, 12:30:00 is 45000."""


@dataclass(eq=False)
class _Frame:
    """A mapping or sequence that is open; `key` is None while a mapping waits for one."""

    is_mapping: bool
    key: str | None = None
    seen: set[str] = field(default_factory=set)


def check_files(folder: Path) -> None:
    """Check every YAML file of a folder.

    Raises:
        OptionError: One is too large, no YAML, or holds an alias, a tag, code to call, a password, or a number
            that YAML reads as another one.
    """
    for path in sorted(folder.rglob("*.yaml")):
        try:
            _check(path, folder)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path}:{mark.line + 1}" if mark else str(path)
            reason = " ".join(str(getattr(error, "problem", None) or "unreadable").split())
            raise OptionError(f"{where}: no YAML: {reason}; correct it") from None


def _check(path: Path, folder: Path) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise OptionError(f"{path}: {size:,} bytes; allowed: {MOST_BYTES:,}; shorten it")
    text = path.read_text(encoding="utf-8", errors="replace")
    package = re.search(r"^#\s*@package\s+(\S+)", text, re.MULTILINE)
    place = package[1].split(".") if package else list(path.parent.relative_to(folder).parts)
    for line, keys, value in _entries(text, path):
        where, whole = f"{path}:{line}", [*(part for part in place if part != "_global_"), *keys]
        if keys and keys[-1] in _CODE:
            raise OptionError(f"{where}: '{keys[-1]}' would run code; allowed: values alone; take it out")
        if len(whole) > 1 and whole[0] == "hydra" and whole[1] not in HYDRA_KEYS:
            raise OptionError(
                f"{where}: option 'hydra.{whole[1]}' cannot be set; allowed: {', '.join(HYDRA_KEYS)}; take it out"
            )
        if value is None:
            continue
        if ENVIRONMENT.search(value):
            raise OptionError(f"{where}: reads an environment variable; allowed: plain values; write the value")
        if holds_password(value):
            raise OptionError(f"{where}: holds a password; allowed: none in files; use MLFLOW_TRACKING_URI")
        if _AMBIGUOUS.fullmatch(value):
            raise OptionError(
                f"{where}: '{value}' is another number in YAML; allowed: decimal numbers; write it so, or quote it"
            )


def _entries(text: str, path: Path) -> Iterator[tuple[int, list[str], str | None]]:
    """Line, keys from the top, and the text of each unquoted value; None in its place for a key that opens."""
    frames: list[_Frame] = []
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise OptionError(f"{path}:{line}: anchors and aliases are not allowed; write the value out")
        if tag := getattr(event, "tag", None):
            raise OptionError(f"{path}:{line}: tag '{tag}' is not allowed; allowed: plain values; take it out")
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            frames.pop()
        elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
            top = frames[-1] if frames else None
            if top is not None and top.is_mapping and top.key is None:
                if not isinstance(event, yaml.ScalarEvent):
                    raise OptionError(f"{path}:{line}: a key must be a word; correct it")
                if event.value in top.seen:
                    raise OptionError(
                        f"{path}:{line}: '{event.value}' is a duplicate key; allowed: each once; take one out"
                    )
                top.seen.add(event.value)
                top.key = event.value
                yield line, [frame.key for frame in frames if frame.key is not None], None
                continue
            if isinstance(event, yaml.ScalarEvent):
                plain = event.value if event.implicit[0] else f" {event.value}"  # a quoted text is no number
                yield line, [frame.key for frame in frames if frame.key is not None], plain
            else:
                if len(frames) == _DEEPEST:
                    raise OptionError(f"{path}:{line}: nested deeper than {_DEEPEST}; flatten it")
                frames.append(_Frame(isinstance(event, yaml.MappingStartEvent)))
                continue
        else:
            continue
        if frames and frames[-1].is_mapping:
            frames[-1].key = None
