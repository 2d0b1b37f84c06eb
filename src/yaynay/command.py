"""What the four commands share: Hydra's start, and one clear line and exit code for a mistake."""

import functools
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from yaynay.errors import OptionError, YaynayError

SWEEP = "YAYNAY_SWEEP"
"""Environment variable with this process's name for its sweep; workers inherit it."""


def conf_folder() -> Path:
    """The configuration files: `conf/` of a checkout, or those that the wheel brought."""
    package = Path(__file__).parent
    checkout = package.parents[1] / "conf"
    return checkout if (checkout / "config.yaml").is_file() else package / "conf"


def run(task: Callable[[DictConfig], Any], config_name: str) -> None:
    """Compose the configuration from the command line and run a task with it.

    Args:
        task: Called with each job's configuration; from an importable module, so that workers can find it.
        config_name: File in `conf/`.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let errors reach `finish`
    os.environ[SWEEP] = f"{time.strftime('%Y-%m-%d_%H-%M-%S')}_{secrets.token_hex(4)}"
    mistakes: list[YaynayError] = []

    @functools.wraps(task)
    def guarded(config: DictConfig) -> Any:
        try:
            return task(config)
        except YaynayError as mistake:  # kept from Hydra, which would print more than the one line
            mistakes.append(mistake)
            return None

    hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=config_name)(guarded)()
    if mistakes:
        raise mistakes[0]


def finish(body: Callable[[], int]) -> None:
    """Run a command's body and leave with its exit code; mistakes get one line and no traceback."""
    logging.captureWarnings(True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        code = body()
    except YaynayError as error:
        code = _say(error, error.exit_code)
    except (HydraException, OmegaConfBaseException) as error:
        code = _say(error.__cause__ if isinstance(error.__cause__, YaynayError) else error, OptionError.exit_code)
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.exit(code)


def _say(error: BaseException, code: int) -> int:
    message = " ".join(str(error).split())
    print(f"error: {message}", file=sys.stderr)
    return code
