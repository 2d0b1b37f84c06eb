"""A job's configuration from a cached composition: one for each choice of group options, with values set on top."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import Container, DictConfig, OmegaConf


@dataclass(frozen=True, eq=False)
class ComposedJob:
    """One job before it runs.

    Attributes:
        number: As Hydra counts.
        overrides: Its own overrides.
        config: Its configuration, resolved and without `hydra`.
        folder: Its output folder.
    """

    number: int
    overrides: list[str]
    config: DictConfig
    folder: Path

    @cached_property
    def values(self) -> dict[str, Any]:
        """The configuration as plain values."""
        values: Any = OmegaConf.to_container(self.config)
        return values

    def write_files(self, output_subdir: str | None) -> None:
        """Write .hydra/config.yaml and overrides.yaml; Hydra's own part is in the sweep's multirun.yaml."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if output_subdir is None:
            return
        folder = self.folder / output_subdir
        folder.mkdir(exist_ok=True)
        for name, content in (("config", self.values), ("overrides", self.overrides)):
            text = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


class Composer:
    """Composes the jobs of one sweep.

    Args:
        loader: Hydra's.
        master: The sweep's own configuration, with `hydra`.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self.loader, self.master = loader, master
        self.parser = OverridesParser.create(config_loader=loader)
        self.cache: dict[tuple[str, ...], DictConfig] = {}
        self.parsed: dict[str, tuple[Override, bool]] = {}
        self.groups: dict[str, bool] = {}
        self.sweep_dir = Path(str(master.hydra.sweep.dir))
        sweep: Any = OmegaConf.to_container(master.hydra.sweep, resolve=False)
        self.subdir: str = sweep["subdir"]

    def compose(self, overrides: Sequence[str], number: int) -> ComposedJob:
        """The job that these overrides describe.

        Raises:
            ConfigCompositionException: An override does not fit; as Hydra's own composition.
        """
        parsed = [self._parse(text) for text in overrides]
        chosen = tuple(text for text, (_, is_value) in zip(overrides, parsed, strict=True) if not is_value)
        values = {override.key_or_group: override.value() for override, is_value in parsed if is_value}
        base = self._load(chosen)
        if any(isinstance(OmegaConf.select(base, key, default=base), Container) for key in values):
            base, values = self._load(tuple(overrides)), {}  # no such value: Hydra explains what is wrong with the key
        config = copy.deepcopy(base)
        for key, value in values.items():
            OmegaConf.update(config, key, value)
        OmegaConf.resolve(config)
        return ComposedJob(number, list(overrides), config, self.sweep_dir / self._subdir(overrides, number))

    def _parse(self, text: str) -> tuple[Override, bool]:
        """An override, and whether it only changes a value; parsed once per text."""
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

    def _load(self, overrides: tuple[str, ...]) -> DictConfig:
        """Configuration of these overrides, without `hydra`."""
        if overrides not in self.cache:
            config = self.loader.load_sweep_config(self.master, list(overrides))
            OmegaConf.set_struct(config, False)
            config.pop("hydra")
            self.cache[overrides] = config
        return self.cache[overrides]

    def _subdir(self, overrides: Sequence[str], number: int) -> str:
        """The job's folder below the sweep's, after `hydra.sweep.subdir`."""
        name = self.subdir.replace("${hydra.job.num}", str(number)).replace("${hydra:job.num}", str(number))
        return name if "${" not in name else str(self.load_whole(overrides, number).hydra.sweep.subdir)

    def load_whole(self, overrides: Sequence[str], number: int) -> DictConfig:
        """A job's configuration with `hydra`, as Hydra's own launchers compose it, which takes 80 ms."""
        config = self.loader.load_sweep_config(self.master, list(overrides))
        OmegaConf.set_struct(config, False)
        OmegaConf.set_readonly(config.hydra, False)
        config.hydra.job.num, config.hydra.job.id = number, str(number)
        config.hydra.runtime.output_dir = str(Path(config.hydra.sweep.dir, config.hydra.sweep.subdir).absolute())
        return config
