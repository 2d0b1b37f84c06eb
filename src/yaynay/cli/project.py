"""Whose configuration and whose code a command uses: those of the project that it runs in."""

import ast
import os
import sys
from pathlib import Path

from yaynay.asking.conf import conf_folder as installed_conf
from yaynay.errors import MachineError
from yaynay.storage import find_root

_COMMANDS = ("config.yaml", "generate.yaml", "compare.yaml", "report.yaml")
"""What makes a folder `conf/` ours: another program's may have a config.yaml."""
_SOURCE = Path(__file__).parents[2]
"""The folder that holds the packages that run."""
_MODULES = ("yaynay/**/*.py", "hydra_plugins/yaynay_fleet/*.py")


def conf_folder() -> Path:
    """The configuration files: `conf/` of the project, or of the checkout or wheel that is installed."""
    own = find_root() / "conf"
    return own if all((own / name).is_file() for name in _COMMANDS) else installed_conf()


def check_code(source: Path = _SOURCE) -> None:
    """Compare the project's own code, where it has any, with the code that runs.

    A stage of DVC keeps its result under the digest of the project's code, so there it must be that code. Anywhere
    else records are named after the code that runs, and a warning is enough.

    Args:
        source: The folder that holds the packages that run.

    Raises:
        MachineError: They differ, and a stage of DVC is running.
    """
    own = find_root() / "src"
    if not (own / "yaynay" / "__init__.py").is_file() or own.samefile(source):
        return
    name = _first_difference(own, source)
    if name is None:
        return
    what = f"{own / name}: is not the code that runs, which is that of {source}"
    if "DVC_STAGE" in os.environ:
        raise MachineError(
            f"{what}; DVC would keep its results as those of this code; allowed: the project's own code in a stage; "
            "set PYTHONPATH=src, or install this checkout (pip install -e .), and run the same command again"
        )
    print(f"warning: {what}; to run this project's own code, set PYTHONPATH={own}", file=sys.stderr)


def _first_difference(own: Path, source: Path) -> str | None:
    """The first module that only one folder has, or whose code differs; comments and layout do not count."""
    names = {
        path.relative_to(folder).as_posix()
        for folder in (own, source)
        for glob in _MODULES
        for path in folder.glob(glob)
    }
    return next((name for name in sorted(names) if _differs(own / name, source / name)), None)


def _differs(one: Path, other: Path) -> bool:
    try:
        texts = [path.read_bytes() for path in (one, other)]
        return texts[0] != texts[1] and ast.dump(ast.parse(texts[0])) != ast.dump(ast.parse(texts[1]))
    except (OSError, SyntaxError, ValueError):  # missing, or no code
        return True
