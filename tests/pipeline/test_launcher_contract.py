"""The cases of Hydra's own suite for launchers, on yaynay's jobs: what a launcher must give back, and leave on disk."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import yaml
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from hydra.types import TaskFunction
from omegaconf import DictConfig, OmegaConf
from pipeline.project import QUICK

from yaynay.cli import app
from yaynay.errors import OptionError
from yaynay.sweep import SWEEP
from yaynay.train import train

LINE = ["dataset=engel", "backend=least_squares", *QUICK]
Multirun = Callable[..., list[Sequence[JobReturn]]]


@pytest.fixture
def multirun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Multirun]:
    """Batches of what the jobs of a sweep return. Seeds mean nothing to least squares: one fit serves all jobs."""
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SWEEP, "a-sweep")

    def sweep(*words: str) -> list[Sequence[JobReturn]]:
        made = Hydra.create_main_hydra2("train", create_config_search_path(str(app.conf_folder())))
        return made.multirun("config", train, [*LINE, *words])

    yield sweep
    GlobalHydra.instance().clear()


def verify(job: JobReturn, words: list[str]) -> None:
    """Overrides, configuration and folder of a job agree."""
    assert job.overrides == [*LINE, *words]
    assert job.hydra_cfg is not None
    assert job.hydra_cfg.hydra.output_subdir == ".hydra"
    assert job.status == JobStatus.COMPLETED
    assert 0 < job.return_value < 1000


def folders(root: Path, subdir: str = ".hydra") -> dict[str, dict[str, Any]]:
    """Configuration and overrides of each job, by its folder below multirun/."""
    (sweep,) = root.glob("multirun/*")
    found = {}
    for folder in sorted(sweep.rglob(subdir)):
        assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "overrides.yaml"]
        files = {name: yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in ("config", "overrides")}
        found[str(folder.parent.relative_to(sweep))] = files
    return found


def test_one_job(multirun: Multirun, tmp_path: Path) -> None:
    ((job,),) = multirun("seed=3")
    verify(job, ["seed=3"])
    assert job.cfg is not None
    assert (job.cfg.seed, job.cfg.dataset.name) == (3, "engel")
    assert job.task_name == "train"
    assert folders(tmp_path)["0"]["config"] == OmegaConf.to_container(job.cfg)


def test_two_jobs_in_order_each_in_its_folder(multirun: Multirun, tmp_path: Path) -> None:
    (jobs,) = multirun("seed=0,1")
    for number, job in enumerate(jobs):
        verify(job, [f"seed={number}"])
        assert job.cfg is not None
        assert job.cfg.seed == number
    found = folders(tmp_path)
    assert [found[name]["config"]["seed"] for name in ("0", "1")] == [0, 1]


def test_groups_may_be_swept_and_values_of_the_group_given_beside(multirun: Multirun) -> None:
    (jobs,) = multirun("optimizer=sgd,adam", "optimizer.lr=0.5")
    assert [job.overrides[-2:] for job in jobs] == [
        [f"optimizer={name}", "optimizer.lr=0.5"] for name in ("sgd", "adam")
    ]
    configurations = [job.cfg for job in jobs]
    assert [
        configuration and (configuration.optimizer.name, configuration.optimizer.lr) for configuration in configurations
    ] == [("sgd", 0.5), ("adam", 0.5)]


def test_a_grid_may_be_cut_into_batches(multirun: Multirun, tmp_path: Path) -> None:
    batches = multirun("optimizer=sgd,adam", "seed=1,2,3", "hydra.sweeper.max_batch_size=2")
    assert [len(batch) for batch in batches] == [2, 2, 2]
    jobs = [job.overrides[-2:] for batch in batches for job in batch]
    assert jobs == [[f"optimizer={name}", f"seed={seed}"] for name in ("sgd", "adam") for seed in (1, 2, 3)]
    found = folders(tmp_path)
    assert list(found) == ["0", "1", "2", "3", "4", "5"]
    assert [job["overrides"][-2:] for job in found.values()] == jobs
    (saved,) = tmp_path.glob("multirun/*/multirun.yaml")
    asked = yaml.safe_load(saved.read_text())["hydra"]["overrides"]["task"]
    assert asked == [*LINE, "optimizer=sgd,adam", "seed=1,2,3"]


def test_the_sweeper_s_params_are_the_grid(multirun: Multirun) -> None:
    (jobs,) = multirun("hydra.sweeper.params={optimizer:'sgd,adam',seed:'1,2'}")
    assert [job.overrides[:2] for job in jobs] == [
        [f"optimizer={name}", f"seed={seed}"] for name in ("sgd", "adam") for seed in (1, 2)
    ]


def test_one_bad_value_refuses_the_whole_grid_before_anything_is_written(multirun: Multirun, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"option 'model\.depth': -1"):
        multirun("model.depth=0,1,-1", "optimizer.lr=0.01,0.1")
    assert [path.name for path in tmp_path.iterdir()] == ["dvc.yaml"]


def test_quoted_lists_and_interpolations_reach_the_job(multirun: Multirun, tmp_path: Path) -> None:
    (jobs,) = multirun("seed=3,4", "plan.seed=${seed}", "model.depth=0", "model.start=[1.0,0.0]")
    for job, (folder, found) in zip(jobs, folders(tmp_path).items(), strict=True):
        assert job.cfg is not None
        assert OmegaConf.to_container(job.cfg) == found["config"]
        assert found["config"]["plan"]["seed"] == found["config"]["seed"] == 3 + int(folder)
        assert found["config"]["model"]["start"] == [1.0, 0.0]


def test_an_unknown_key_is_refused_before_any_job(multirun: Multirun, tmp_path: Path) -> None:
    with pytest.raises((HydraException, OptionError), match="boo"):
        multirun("boo=bar", "seed=0,1")
    assert not (tmp_path / "multirun").exists()


def test_hydra_s_own_configuration_cannot_be_swept(multirun: Multirun, tmp_path: Path) -> None:
    with pytest.raises(HydraException, match=r"Sweeping over Hydra's configuration is not supported : 'hydra\.verbose"):
        multirun("seed=0,1", "hydra.verbose=true,false")
    assert not (tmp_path / "multirun").exists()


def test_a_resolver_of_one_s_own_is_resolved_in_each_job(multirun: Multirun) -> None:
    OmegaConf.register_new_resolver("double", lambda number: 2 * number)
    try:
        (jobs,) = multirun("seed=1,2", "plan.seed='${double:${seed}}'")
        assert [job.cfg and job.cfg.plan.seed for job in jobs] == [2, 4]
    finally:
        OmegaConf.clear_resolver("double")


def test_folders_are_called_as_the_user_asks(multirun: Multirun, tmp_path: Path) -> None:
    multirun(
        "seed=0,1",
        "hydra.job.name=mine",
        "hydra.output_subdir=settings",
        "hydra.sweep.subdir=${hydra.job.name}/${hydra.job.override_dirname}-${hydra.job.num}",
        "hydra.job.config.override_dirname.exclude_keys=[dataset,backend,plan.n_repeats,trainer.max_epochs,verdict.n_draws]",
    )
    assert list(folders(tmp_path, "settings")) == ["mine/seed=0-0", "mine/seed=1-1"]


class Witness(Callback):
    """A callback that keeps what it receives for each job."""

    seen: ClassVar[list[tuple[str, int, str]]] = []

    def on_job_start(self, config: DictConfig, *, task_function: TaskFunction, **_: Any) -> None:
        assert task_function is train
        assert config.seed in (3, 4)
        self.seen.append(("start", config.hydra.job.num, Path(config.hydra.runtime.output_dir).name))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        assert 0 < job_return.return_value < 1000
        assert job_return.hydra_cfg is not None
        assert job_return.hydra_cfg.hydra.job.id == config.hydra.job.id
        self.seen.append(("end", config.hydra.job.num, config.hydra.job.id))


def test_callbacks_see_each_job_start_and_end(multirun: Multirun, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("witness")
    module.Witness = Witness  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "witness", module)
    monkeypatch.setattr(Witness, "seen", [])
    multirun("seed=3,4", "+hydra.callbacks.mine._target_=witness.Witness")
    assert Witness.seen == [("start", 0, "0"), ("start", 1, "1"), ("end", 0, "0"), ("end", 1, "1")]


def test_a_job_has_a_log_of_its_own_where_hydra_s_job_logging_says_so(multirun: Multirun, tmp_path: Path) -> None:
    multirun(
        "dataset=engel,diabetes", "predict_at=500", "hydra/job_logging=default", "hydra.job_logging.root.level=INFO"
    )
    good, bad = sorted(tmp_path.glob("multirun/*/*/train.log"))
    assert "INFO] - objective: " in good.read_text()
    assert "ERROR] - objective: option 'predict_at'" in bad.read_text()


def test_a_task_other_than_training_is_refused(multirun: Multirun, tmp_path: Path) -> None:
    made = Hydra.create_main_hydra2("other", create_config_search_path(str(app.conf_folder())))
    with pytest.raises(OptionError, match="option 'hydra/launcher': 'fleet' trains"):
        made.multirun("config", verify, [*LINE, "seed=0,1"])
    assert not (tmp_path / "multirun").exists()


def test_an_interval_is_refused(multirun: Multirun, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"option 'optimizer\.lr': an interval has no values"):
        multirun("optimizer.lr=interval(0,1)")
    assert not (tmp_path / "multirun").exists()


def test_a_job_that_fails_gives_its_exception_and_the_other_its_value(multirun: Multirun) -> None:
    ((good, bad),) = multirun("dataset=engel,diabetes", "predict_at=500")
    assert good.status == JobStatus.COMPLETED
    assert bad.status == JobStatus.FAILED
    with pytest.raises(OptionError, match="predict_at"):
        _ = bad.return_value
