"""What DVC tracks is written by the pipeline alone."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaynay.errors import OptionError
from yaynay.storage import find_root


def check_untracked(folder: str, option: str) -> None:
    """Refuse an output folder that holds, or lies in, an output of dvc.yaml, unless DVC runs this command.

    Args:
        folder: Where a command would write.
        option: What set it.

    Raises:
        OptionError: DVC would find the pipeline's outputs changed.
    """
    if "DVC_STAGE" in os.environ:
        return
    asked = Path(folder).resolve()
    for out in _outputs(find_root().resolve()):
        if asked == out or asked in out.parents or out in asked.parents:
            raise OptionError(
                f"option '{option}': {folder!r} is written by the pipeline alone; allowed: any other folder of the "
                "project; choose one, leave the option out, or run dvc repro"
            )


def _outputs(root: Path) -> Iterator[Path]:
    """Every output, metric and plot of the stages in dvc.yaml."""
    import yaml

    path = root / "dvc.yaml"
    pipeline: Any = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    for stage in ((pipeline or {}).get("stages") or {}).values():
        for kind in ("outs", "metrics", "plots"):
            for out in stage.get(kind, ()):
                yield root / (out if isinstance(out, str) else next(iter(out)))
