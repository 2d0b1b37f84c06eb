"""A job's configuration from a cached composition: one for each choice of group options, values put on top."""

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.core.utils import JobReturn, JobStatus, filter_overrides
from omegaconf import DictConfig, OmegaConf

_MARK = "<job>"
"""Stands in the cached hydra.yaml where a job's own values go."""


@dataclass(frozen=True, eq=False)
class Job:
    """One job before it runs.

    Attributes:
        number: As Hydra counts.
        overrides: What sets it apart.
        dirname: The same as one name, for folders.
        values: Its configuration, resolved and without `hydra`.
        folder: Its output folder.
    """

    number: int
    overrides: list[str]
    dirname: str
    values: dict[str, Any]
    folder: Path

    def write_files(self, output_subdir: str | None, hydra_text: str) -> None:
        """Write .hydra/config.yaml, overrides.yaml and hydra.yaml, as every Hydra job has them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if output_subdir is None:
            return
        folder = self.folder / output_subdir
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(_dump(self.values), encoding="utf-8")
        (folder / "overrides.yaml").write_text(_dump(self.overrides), encoding="utf-8")
        (folder / "hydra.yaml").write_text(hydra_text, encoding="utf-8")


class Composer:
    """Composes the jobs of one sweep.

    Args:
        loader: Hydra's.
        master: The sweep's own configuration, with `hydra`.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self.loader, self.master = loader, master
        self.parser = OverridesParser.create(config_loader=loader)
        self.cache: dict[tuple[str, ...], tuple[dict[str, Any], bool]] = {}
        self.parsed: dict[str, tuple[Override, bool]] = {}
        self.groups: dict[str, bool] = {}
        self.sweep_dir = Path(str(master.hydra.sweep.dir))

    def compose(self, overrides: Sequence[str], number: int) -> Job:
        """The job that these overrides describe.

        Raises:
            ConfigCompositionException: An override does not fit; as Hydra's own composition.
        """
        parsed, is_value = zip(*(self._parse(text) for text in overrides), strict=True) if overrides else ((), ())
        chosen = tuple(text for text, value in zip(overrides, is_value, strict=True) if not value)
        if chosen not in self.cache:
            self.cache[chosen] = self._load(chosen)
        base, is_plain = self.cache[chosen]
        if is_plain and all(_has(base, o.key_or_group) for o, value in zip(parsed, is_value, strict=True) if value):
            values = copy.deepcopy(base)
            for override, value in zip(parsed, is_value, strict=True):
                if value:
                    _put(values, override.key_or_group, override.value())
        else:  # an interpolation may depend on the value, or Hydra has something to say about the key
            values, _ = self._load(tuple(overrides))
        dirname = self._dirname(overrides)
        return Job(number, list(overrides), dirname, values, self.sweep_dir / self._subdir(overrides, number, dirname))

    def _parse(self, text: str) -> tuple[Override, bool]:
        """An override, and whether it only changes a value; parsed once a text."""
        if text not in self.parsed:
            override = self.parser.parse_override(text)
            self.parsed[text] = override, self._is_value(override)
        return self.parsed[text]

    def _is_value(self, override: Override) -> bool:
        """Whether an override only changes a value; choosing an option, adding and deleting need a composition."""
        key = override.key_or_group
        return (
            override.type is OverrideType.CHANGE
            and override.package is None
            and not key.startswith("hydra")
            and not self._is_group(key)
            and isinstance(override.value(), (int, float, str, bool, type(None)))
            and "${" not in str(override.value())
        )

    def _is_group(self, key: str) -> bool:
        """Whether a key is a group of options; Hydra takes 20 ms to say so."""
        if key not in self.groups:
            self.groups[key] = bool(self.loader.get_group_options(key))
        return self.groups[key]

    def _load(self, overrides: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
        """Configuration of these overrides, and whether it holds no interpolation outside of `hydra`."""
        composed = self.loader.load_sweep_config(self.master, list(overrides))
        OmegaConf.set_struct(composed, False)
        composed.pop("hydra")
        raw = OmegaConf.to_container(composed, resolve=False)
        values: Any = OmegaConf.to_container(composed, resolve=True)
        return values, "${" not in str(raw)

    def _dirname(self, overrides: Sequence[str]) -> str:
        """The overrides of the task as one name, as Hydra makes it."""
        options: Any = self.master.hydra.job.config.override_dirname
        return get_overrides_dirname([self._parse(text)[0] for text in filter_overrides(list(overrides))], **options)

    def _subdir(self, overrides: Sequence[str], number: int, dirname: str) -> str:
        """The job's folder below the sweep's, after `hydra.sweep.subdir`."""
        text = str(OmegaConf.to_container(self.master.hydra.sweep, resolve=False)["subdir"])  # type: ignore[index, call-overload]  # a mapping
        for separator in ".:":
            text = text.replace(f"${{hydra{separator}job.num}}", str(number))
            text = text.replace(f"${{hydra{separator}job.override_dirname}}", dirname)
        if "${" not in text:
            return text
        composed = self.loader.load_sweep_config(self.master, list(overrides))
        OmegaConf.set_struct(composed, False)
        composed.hydra.job.num, composed.hydra.job.id, composed.hydra.sweep.subdir = number, str(number), text
        return str(composed.hydra.sweep.subdir)

    def hydra_text(self, job: Job) -> str:
        """The job's hydra.yaml: the sweep's, with the job's own values."""
        own = {
            "task": _indent(_dump(job.overrides)),
            "override_dirname": _scalar(job.dirname),
            "id": f"'{job.number}'",
            "num": str(job.number),
            "output_dir": _scalar(str(job.folder.absolute())),
        }
        text = self._hydra_template
        for name, value in own.items():
            text = text.replace(f"{_MARK}{name}", value)
        return text

    @cached_property
    def _hydra_template(self) -> str:
        hydra = copy.deepcopy(self.master.hydra)
        OmegaConf.set_struct(hydra, False)
        OmegaConf.set_readonly(hydra, False)
        hydra.job.id = f"{_MARK}id"
        hydra.job.num = 0
        hydra.job.override_dirname = f"{_MARK}override_dirname"
        hydra.runtime.output_dir = f"{_MARK}output_dir"
        hydra.overrides.task = []
        text = OmegaConf.to_yaml(DictConfig({"hydra": hydra}))
        text = re.sub(r"(\n\s+num:) 0", rf"\1 {_MARK}num", text, count=1)
        return re.sub(r"(\n\s+task:) \[\]", rf"\1{_MARK}task", text, count=1)


class FusedReturn(JobReturn):
    """A return whose `cfg` and `hydra_cfg` are made when somebody asks: making them takes as long as a job's start."""

    values: dict[str, Any]
    hydra_text: Callable[[], str]

    @property
    def cfg(self) -> DictConfig | None:
        return OmegaConf.create(self.values)

    @cfg.setter
    def cfg(self, value: DictConfig | None) -> None:
        """The base class sets its default."""

    @property
    def hydra_cfg(self) -> DictConfig | None:
        hydra_cfg = OmegaConf.create(self.hydra_text())
        assert isinstance(hydra_cfg, DictConfig)
        return hydra_cfg

    @hydra_cfg.setter
    def hydra_cfg(self, value: DictConfig | None) -> None:
        """As for `cfg`."""


class _Dumper(yaml.CSafeDumper):
    """libyaml's, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _scalar(text: str) -> str:
    """A text as YAML writes it behind a key.

    >>> [_scalar(text) for text in ("seed=1", "a: b", "")]
    ['seed=1', "'a: b'", "''"]
    """
    return yaml.dump(text, Dumper=_Dumper, width=10**6, allow_unicode=True).removesuffix("...\n").rstrip("\n")


def _indent(text: str) -> str:
    return " []" if text.strip() == "[]" else "\n" + "\n".join(f"    {line}" for line in text.rstrip().splitlines())


def _has(tree: dict[str, Any], key: str) -> bool:
    *path, last = key.split(".")
    for part in path:
        if not isinstance(tree.get(part), dict):
            return False
        tree = tree[part]
    return last in tree and not isinstance(tree[last], (dict, list))


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        tree = tree[part]
    tree[last] = value


def job_return(job: Job, value: Any, composer: Composer) -> JobReturn:
    """What Hydra is told of a job: its value, or the exception that ended it."""
    made = FusedReturn(
        overrides=job.overrides,
        working_dir=str(Path.cwd()),
        task_name=composer.master.hydra.job.name,
        status=JobStatus.FAILED if isinstance(value, Exception) else JobStatus.COMPLETED,
        _return_value=value,
    )
    made.values, made.hydra_text = job.values, partial(composer.hydra_text, job)
    return made
