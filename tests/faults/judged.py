"""Your own file concluded with the line alone, in this process and without MLflow."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.cli.app import conf_folder
from yaynay.config import schema
from yaynay.data import prepare
from yaynay.records import job_notes
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.sweep import fit
from yaynay.verdict import looks
from yaynay.verdict.conclusion import Conclusion, conclude


def configure(path: Path, *overrides: str, target: str = "y") -> schema.Configuration:
    """The configuration of a line on a file; one repeat of the folds."""
    own = ["dataset=csv", f"dataset.path='{path}'", f"dataset.target='{target}'", "backend=least_squares"]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        composed = compose("config", [*own, "plan.n_repeats=1", "verdict.n_draws=99", *overrides])
    values: Any = OmegaConf.to_container(composed, resolve=True)
    return schema.parse(values)


def judge(path: Path, *overrides: str, store: Store, started_at: float = 1.0) -> tuple[Record, Conclusion]:
    """Its record and what is concluded from it."""
    configuration = configure(path, *overrides)
    table, plan = prepare.make(configuration.dataset, configuration.plan)
    (record,) = fit.train([configuration], table, plan)
    store.write_table(table, plan)
    store.write(record)
    (sweep,) = store.write_sweeps([job_notes.make_note(record.key, table, plan, {})], {"started_at": started_at})
    conclusion = conclude(sweep, configuration.verdict)
    return record, replace(conclusion, verdict=looks.note(conclusion.verdict, store.folder / "looks"))
