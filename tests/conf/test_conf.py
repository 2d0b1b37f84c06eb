"""Every file under conf/ is composed and checked by the schema."""

from pathlib import Path
from typing import get_args

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.config import datasets, schema
from yaynay.data.sources import NAMES, bundled, generated, table_name, worked
from yaynay.errors import OptionError
from yaynay.models.backends.base import MODULES
from yaynay.models.network import ACTIVATIONS
from yaynay.records import version

CONF = Path(__file__).parents[2] / "conf"
FILES = sorted(path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml"))
ROOTS = {"config.yaml", "generate.yaml", "compare.yaml", "report.yaml", "running.yaml"}


def values(*overrides: str, config: str = "config") -> dict:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose(config, overrides=list(overrides)), resolve=True)  # type: ignore[return-value]  # a mapping


def test_every_file_is_known() -> None:
    """A count, so that a test that finds nothing cannot pass."""
    assert set(FILES) >= ROOTS
    assert {f"dataset/{name}.yaml" for name in NAMES} <= set(FILES)
    assert len(FILES) >= 40


@pytest.mark.parametrize("file", FILES)
def test_the_first_line_says_how_a_file_is_used(file: str) -> None:
    lines = [line for line in (CONF / file).read_text().splitlines() if "@package" not in line]
    assert lines[0].startswith("# ")


@pytest.mark.parametrize("file", [file for file in FILES if file not in ROOTS])
def test_every_option_composes_and_is_allowed(file: str) -> None:
    group, option = file.removesuffix(".yaml").rsplit("/", 1)
    given = ["dataset.path=a.csv", "dataset.target=y"] if option == "csv" else []
    configuration = schema.parse(values(f"{group}={option}", *given))
    if group in ("dataset", "backend"):
        assert configuration.flat()[group] == option


def test_a_table_of_one_s_own_goes_by_its_option_s_name() -> None:
    """As `yaynay add` writes it."""
    own = ["dataset=csv", "dataset.table=houses", "dataset.path=data/own/a.csv", "dataset.target=y"]
    configuration = schema.parse(values(*own))
    assert configuration.flat()["dataset"] == "houses"
    assert table_name(configuration.dataset) == "houses"


def test_the_names_that_the_schema_allows_are_those_that_exist() -> None:
    assert set(get_args(schema.Backend.model_fields["name"].annotation)) == {*schema.CLOSED_FORMS, *MODULES}
    assert set(get_args(schema.Model.model_fields["activation"].annotation)) == set(ACTIVATIONS)
    assert set(datasets.GENERATED) == set(generated.MEANS)
    assert set(datasets.WORKED) == set(worked.TABLES)
    assert set(datasets.BUNDLED) == set(bundled.TABLES)


def test_the_other_commands_compose_and_take_no_option_that_they_would_ignore() -> None:
    schema.parse_table(values(config="generate"))
    schema.parse_compare(values(config="compare"))
    schema.parse_report(values(config="report"))
    for config, parse, key in (
        ("compare", schema.parse_compare, "tracking.experiment=other"),
        ("report", schema.parse_report, "verdict.delta=0.2"),
        ("report", schema.parse_report, "records=records"),
    ):
        with pytest.raises(OptionError, match="unknown key"):
            parse(values(f"++{key}", config=config))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model.depth=-1"], r"option 'model.depth': -1"),
        (["model.depth=1.5"], r"option 'model.depth': 1.5"),
        (["model.depth=1000000000"], r"option 'model.depth'"),
        (["optimizer.lr=0"], r"option 'optimizer.lr': 0"),
        (["optimizer.lr=nan"], r"option 'optimizer.lr'"),
        (["optimizer.lr=1e400"], r"option 'optimizer.lr'"),
        (["trainer.max_epochs=0"], r"option 'trainer.max_epochs': 0"),
        (["trainer.batch_size=0"], r"option 'trainer.batch_size"),
        (["++dept=3"], r"option 'dept'"),
        (["++model.dept=3"], r"depth"),
        (["++backend.name=foo"], r"option 'backend"),
        (["model.start=[1.0]"], r"option 'model.start'"),
        (["trainer.accelerator=tpu"], r"option 'trainer.accelerator'"),
    ],
)
def test_a_mistake_is_one_sentence_with_key_and_value(overrides: list[str], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        schema.parse(values(*overrides))
    assert "\n" not in str(caught.value)
    assert "allowed" in str(caught.value) or "did you mean" in str(caught.value)


def test_what_shapes_no_fit_is_not_in_the_key() -> None:
    plain, other = (schema.parse(values(*given)) for given in ([], ["verdict.delta=0.3", "tracking.experiment=other"]))
    assert plain.numerics() == other.numerics()
    plain, other = (
        schema.parse(values("experiment=theano_points", *given)) for given in ([], ["published.slope.value=9"])
    )
    assert plain.published != other.published
    assert plain.numerics() == other.numerics()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["+published.slop.value=1"],
            r"option 'published.slop': unknown key; .*did you mean 'published.slope.value'\?",
        ),
        (["published.slope.value=a"], r"option 'published.slope.value': 'a' is not allowed"),
        (["published.slope.within=0"], r"option 'published.slope.within': 0 is not allowed"),
        (["~published.slope.within"], r"option 'published.slope.within': is missing"),
        (["published.slope=3"], r"option 'published.slope': 3 is not allowed; it should have the keys value, within"),
        (["published=3"], r"option 'published': 3 is not allowed; it should have the keys slope, intercept"),
        (["model.depth=2", "model.start=null"], r"option 'published.slope': a network with model.depth=2 has none"),
        (
            ["+published.prediction={value: 8, within: 1}"],
            r"option 'published.prediction': needs a value to predict at",
        ),
    ],
)
def test_a_figure_that_a_run_cannot_have_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        schema.parse(values("experiment=theano_points", *overrides))
    assert "\n" not in str(caught.value)


def test_published_figures_are_no_params_of_a_run() -> None:
    assert not [key for key in schema.parse(values("experiment=theano_points")).flat() if "published" in key]


def test_width_means_nothing_without_hidden_layers() -> None:
    narrow, wide = (schema.parse(values("model.depth=0", f"model.width={width}")) for width in (4, 64))
    assert narrow.numerics() == wide.numerics()


def test_all_values_are_in_the_flat_form() -> None:
    flat = schema.parse(values("dataset=engel")).flat()
    for key in (
        "dataset", "backend", "model.depth", "model.width", "optimizer.lr", "optimizer.weight_decay",
        "trainer.max_epochs", "trainer.batch_size", "trainer.early_stopping", "trainer.accelerator", "plan.n_folds",
        "plan.n_repeats", "seed",
    ):  # fmt: skip
        assert key in flat


@pytest.mark.parametrize(
    ("stage", "entries"),
    [
        ("generate", ("yaynay.data.prepare",)),
        (
            "train",
            (
                "yaynay.verdict.names",
                *{entry for backend in (*schema.CLOSED_FORMS, *MODULES) for entry in version.fit_entries(backend)},
            ),
        ),
        (
            "worked",
            (
                "yaynay.verdict.answers",
                "yaynay.verdict.names",
                *{entry for backend in (*schema.CLOSED_FORMS, *MODULES) for entry in version.fit_entries(backend)},
            ),
        ),
        ("compare", (version.VERDICT, "yaynay.reports.plots")),
        ("report", ("yaynay.reports.page", "yaynay.reports.plots", "yaynay.reports.worked")),
        ("track", ("yaynay.verdict.sweeps", "yaynay.verdict.answers")),
    ],
)
def test_a_stage_depends_on_every_module_that_shapes_what_it_makes(stage: str, entries: tuple[str, ...]) -> None:
    stages = yaml.safe_load((CONF.parent / "dvc.yaml").read_text())["stages"]
    deps = {CONF.parent / dep for dep in stages[stage]["deps"]}
    files = version.import_closure(entries)
    assert len(files) > 5
    missing = [str(file) for file in files if file.name != "__init__.py" and not {file, *file.parents} & deps]
    assert missing == []


def test_a_stage_that_sweeps_depends_on_what_expands_its_sweep() -> None:
    stages = yaml.safe_load((CONF.parent / "dvc.yaml").read_text())["stages"].values()
    sweeping = [stage for stage in stages if " -m sweep=" in stage["cmd"]]
    assert len(sweeping) == 3
    assert all("src/hydra_plugins" in stage["deps"] for stage in sweeping)
