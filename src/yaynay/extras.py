"""Packages that come with an extra of yaynay, and what is said where one is needed and missing.

Backends say it themselves (`models.backends.base`), because their code is part of a record's key.
"""

import importlib.util

from yaynay.errors import MachineError

EXTRAS = {
    "dvc": ("dvc", "pipeline"),
    "hydra_plugins.hydra_joblib_launcher": ("hydra-joblib-launcher", "joblib"),
    "hydra_plugins.hydra_submitit_launcher": ("hydra-submitit-launcher", "slurm"),
    "openpyxl": ("openpyxl", "excel"),
    "psycopg": ("psycopg", "postgresql"),
    "ray": ("ray", "ray"),
    "sklearn": ("scikit-learn", "pipeline"),
    "statsmodels": ("statsmodels", "pipeline"),
}
"""By the name that is imported: a package's own name, and the extra that installs it."""

_LAUNCHERS = {
    "hydra/launcher/joblib": "hydra_plugins.hydra_joblib_launcher",
    "hydra/launcher/submitit_local": "hydra_plugins.hydra_submitit_launcher",
    "hydra/launcher/submitit_slurm": "hydra_plugins.hydra_submitit_launcher",
}


def is_installed(package: str) -> bool:
    """Whether a package can be imported; it is not."""
    return importlib.util.find_spec(package) is not None


def check(package: str, where: str) -> None:
    """Check that a package is installed.

    Args:
        package: A key of `EXTRAS`.
        where: What needs it, the subject of the sentence.

    Raises:
        MachineError: It is missing; the message says what to install.
    """
    if not is_installed(package):
        raise MachineError(
            f"{where} needs the package {EXTRAS[package][0]}, which is not installed here; install it with: "
            f"{command(package)}"
        )


def check_launcher(file: str) -> None:
    """Check that a launcher which Hydra does not find, such as `hydra/launcher/joblib`, is not one of an extra.

    Raises:
        MachineError: It is; the message says what to install.
    """
    if file in _LAUNCHERS:
        check(_LAUNCHERS[file], f"option 'hydra/launcher': '{file.rpartition('/')[2]}'")


def command(package: str) -> str:
    """What to type to install a package.

    >>> command("openpyxl")
    "pip install 'yaynay[excel]'"
    """
    return f"pip install 'yaynay[{EXTRAS[package][1]}]'"
