"""What is checked for all jobs of a command, before anything is written."""

from collections.abc import Iterable
from typing import Any

from yaynay.config.schema import parse_table
from yaynay.data import prepare
from yaynay.data.sources import bundled
from yaynay.models.backends import base
from yaynay.sweep import fit
from yaynay.sweep.jobs import Job
from yaynay.tracking import store


def check(values: dict[str, Any]) -> None:
    """Refuse a configuration that cannot be used."""
    check_jobs([Job(values, overrides=[])])


def check_jobs(jobs: Iterable[Job]) -> None:
    """Check every job of a grid, before anything is written.

    Raises:
        MachineError: A backend, or the library of a table that was not made before, is not installed, or a GPU is
            asked for and there is none.
        OptionError: In any of the jobs a value is out of range or a key is unknown.
    """
    asked = {
        (job.configuration.backend.name, job.configuration.trainer.accelerator, job.values["dataset"]["name"])
        for job in jobs
    }
    for backend, accelerator in {(backend, accelerator) for backend, accelerator, _ in asked}:
        base.check(backend, accelerator)
    for table in {table for _, _, table in asked}:
        if not (prepare.find_tables() / table).is_dir():
            bundled.check(table)


def check_tables(choices: Iterable[dict[str, Any]]) -> None:
    """Read your own file before anything is written, and any table where `predict_at` asks for one feature.

    What was decided on the file is printed. The jobs of this process use what was read.

    Raises:
        DataError: A table cannot be used.
        OptionError: Tables do not fit `predict_at`.
    """
    asked = []
    for values in choices:
        predicts = values.get("predict_at") is not None
        made_of = {key: value for key, value in values.items() if key in ("dataset", "plan")}
        is_own = made_of.get("dataset", {}).get("name") in ("csv", "frame")
        if predicts or is_own:
            table, _ = prepare.load_or_make(*parse_table(made_of))
            if is_own:
                prepare.announce(table)
            asked += [table] * predicts
    fit.check_one_feature("predict_at", asked)


def check_store(values: dict[str, Any]) -> None:
    """Ask MLflow's store whether it will take the runs, before any is trained."""
    store.check_store(str(values["tracking"]["experiment"]))
