"""Where the settings of a question are."""

from pathlib import Path

import yaynay


def conf_folder() -> Path:
    """The configuration files of the checkout or wheel that runs."""
    source = Path(yaynay.__file__).parent
    checkout = source.parents[1] / "conf"
    return checkout if (checkout / "config.yaml").is_file() else source / "conf"
