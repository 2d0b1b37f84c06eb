"""`yaynay add FILE TARGET`: your own table joins the pipeline, as an option of `dataset` and a word of the sweep."""

import argparse
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from yaynay.cli.project import conf_folder
from yaynay.config import datasets
from yaynay.config.quoting import requote
from yaynay.config.schema import Plan
from yaynay.data import prepare
from yaynay.data.locations import check_file
from yaynay.data.sources import table_name
from yaynay.errors import DataError, OptionError
from yaynay.storage import file_digest, find_root, replacing

OWN = "data/own"
"""Where the pipeline looks for changed files."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_VALUES = ("null", "true", "false", "nan", "inf", "infinity")
"""What Hydra reads as a value and not as the name of an option, in any case."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, help="the table; it is copied to data/own/")
    parser.add_argument("target", help="the column to predict")
    parser.add_argument("--table", help="name of the table (default: the file's name without its ending)")
    parser.add_argument("options", nargs="*", metavar="key=value", help="any key of dataset=csv, such as missing=drop")


def add(file: Path, target: str, table: str | None, options: Mapping[str, Any]) -> int:
    """Check a file as `dataset=csv` would, then copy it, write its option and list it among the sweep's tables.

    Args:
        file: From the current folder; it is copied to data/own/.
        target: The column to predict.
        table: Name of the table; None is the file's name without its ending.
        options: Any other keys of `dataset=csv`; where they hold one of the above, that is meant.

    Raises:
        DataError: The file cannot be used as it is, or another one is in its place in data/own/.
        OptionError: There is no project here, or the name cannot be that of a new option.
    """
    conf = _find_conf()
    root, here = find_root(), Path.cwd()
    file = check_file(options.get("path", file), None if root == here else here)
    name = str(options.get("table") or table or table_name({"name": "csv", "path": str(file)}))
    values: dict[str, Any] = {"name": "csv", "table": name, "path": str(file), "target": target}
    values |= {key: value for key, value in options.items() if key not in ("table", "path")}
    _check_name(name)
    _check_texts(values)
    checked = datasets.parse(values).model_dump()
    made, _ = prepare.make(
        checked, Plan(**yaml.safe_load((conf / "plan" / "default.yaml").read_text(encoding="utf-8")))
    )
    copy = _place(file, root)
    values["path"] = copy.relative_to(root).as_posix()
    option, sweep = conf / "dataset" / f"{name}.yaml", conf / "sweep" / "tables.yaml"
    _check_option(option, values)
    swept = _list_table(sweep, name)

    print(f"{name}: {made.n_rows} rows, {made.n_features} features, target {made.target!r}")
    for note in (*made.notes, *made.remarks):
        print(f"  {note}")
    if copy.exists():
        print(f"{values['path']} is there: the pipeline reads that file")
    else:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with replacing(copy) as aside:
            shutil.copyfile(file, aside)
        print(f"copied to {values['path']}: the pipeline reads that file from now on")
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=10_000)
    _write(option, f"# python -m yaynay.train dataset={name}\n{text}")
    _write(sweep, swept)
    print(f"written: {option.relative_to(root)}; '{name}' is in {sweep.relative_to(root)}")
    print("next: dvc repro")
    return 0


def parse_words(words: Sequence[str]) -> dict[str, Any]:
    """Options of a table as they are typed for Hydra, with or without `dataset.` before the key.

    Raises:
        OptionError: One cannot be read.

    Example:
        >>> parse_words(["na_values=[-999,unknown]", "dataset.missing=drop", "groups='who is it'"])
        {'na_values': [-999, 'unknown'], 'missing': 'drop', 'groups': 'who is it'}
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import OverrideType
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    options: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not re.fullmatch(r"(?:dataset\.)?\w+", key):
            raise OptionError(f"option {word!r}: cannot be read; allowed: key=value, such as missing=drop; correct it")
        try:
            found = parser.parse_override(word)
        except HydraException:
            raise OptionError(
                f"option {word!r}: cannot be read; allowed: key=value, such as missing=drop; quote what is no plain "
                f"word: {requote(key, value)}"
            ) from None
        if found.type is not OverrideType.CHANGE or found.is_sweep_override():
            raise OptionError(f"option {key!r}: several values; one is allowed, or a list in brackets; choose")
        options[key.removeprefix("dataset.")] = found.value()
    return options


def _find_conf() -> Path:
    """The project's configuration files."""
    root, conf = find_root(), conf_folder()
    if not (root / "dvc.yaml").is_file():
        raise OptionError(f"{root}: is not in a project, a folder with a dvc.yaml; go to one and run this there")
    if root.resolve() not in conf.resolve().parents:
        raise OptionError(f"{root}: the commands read {conf}, not this project's conf/; run those of this project")
    return conf


def _check_name(name: str) -> None:
    if name.lower() in datasets.NAMES:
        raise OptionError(f"option '--table': '{name}' is a built-in table; allowed: another name; give one")
    if not _NAME.fullmatch(name) or name.lower() in _VALUES:
        raise OptionError(
            f"option '--table': '{name}' cannot name an option; allowed: letters, digits, - and _, a letter first; "
            "give such a name with --table"
        )


def _check_texts(values: dict[str, Any]) -> None:
    """Refuse what OmegaConf would not read back from a file."""
    for key, value in values.items():
        for text in map(str, value if isinstance(value, list) else [value]):
            if "${" in text or text == "???":
                raise OptionError(f"option '{key}': {text!r} means something else in a YAML file; rename it")


def _place(file: Path, root: Path) -> Path:
    """Where the pipeline reads a file: in data/own/, at any depth, or its copy there."""
    own, whole = (root / OWN).resolve(), file.resolve()
    if own in whole.parents:
        return root / OWN / whole.relative_to(own)
    copy = root / OWN / file.name
    if copy.exists() and file_digest(copy) != file_digest(file):
        raise DataError(
            f"{copy.relative_to(root)}: is another file than {file}; one of a name is allowed; add that one, "
            f"or remove it and run the same command again"
        )
    return copy


def _check_option(option: Path, values: dict[str, Any]) -> None:
    """An option that says the same may be there already."""
    same = {path.stem.lower(): path for path in option.parent.glob("*.yaml")}.get(option.stem.lower())
    if same is not None and yaml.safe_load(same.read_text(encoding="utf-8")) != values:
        raise OptionError(
            f"{same}: says something else; a new table needs a new name; give one with --table, or remove that file"
        )


def _list_table(sweep: Path, name: str) -> str:
    """The sweep file with a table more, or as it is where the table is in it; comments and layout stay."""
    text = sweep.read_text(encoding="utf-8")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in ("hydra", "sweeper", "params", "dataset"):
        below = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for found, value in below if found.value == key), None)
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
        raise OptionError(f"{sweep}: has no line 'dataset: NAME,NAME' to add '{name}' to; write it there yourself")
    if name in re.split(r"\s*,\s*", node.value):
        return text
    end = node.end_mark.index - bool(node.style)  # before a closing quote
    return f"{text[:end]},{name}{text[end:]}"


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with replacing(path) as aside:
            aside.write_text(text, encoding="utf-8")
