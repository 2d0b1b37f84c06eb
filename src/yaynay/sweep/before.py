"""What is checked once for all jobs of a command, before anything is written."""

from typing import Any

from yaynay.config import schema
from yaynay.data import prepare
from yaynay.tracking import store


def check_table(values: dict[str, Any]) -> None:
    """Read your own file before anything is written; the jobs of this process use what was read."""
    if values["dataset"]["name"] == "csv":
        prepare.load_or_make(*schema.parse_table({key: values[key] for key in ("dataset", "plan")}))


def check_store(values: dict[str, Any]) -> None:
    """Ask MLflow's store whether it will take the runs, before any is trained."""
    store.check_store(str(values["tracking"]["experiment"]))
