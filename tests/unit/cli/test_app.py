"""Hydra's errors, in one sentence each."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from yaynay.cli import app


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("backend=tensorflw", "option 'backend': 'tensorflw' is unknown; allowed: least_squares, pytensor, ridge, "),
        ("sweep=defualt", "option 'sweep': 'defualt' is unknown; allowed: backends, default, search, tables, worked; did you mean 'default'?"),
        ("dept=2", "option 'dept': unknown key; --cfg job lists the keys; did you mean 'model.depth'?"),
        ("model.dept=2", "option 'model.dept': unknown key; --cfg job lists the keys; did you mean 'model.depth'?"),
        ("dataset=csv", "option 'dataset.path': no value given; give one with dataset.path=..."),
        ("seed=1,2", "option 'seed': several values; one is allowed without -m; add -m to sweep over them"),
        ("dept", "options: 'dept' cannot be read; allowed: key=value, such as dataset=engel; correct it"),
        ("model={depth", "options: 'model={depth' cannot be read; allowed: key=value"),
        ("~foo", "options: Could not delete from config. 'foo' does not exist."),
    ],
)
def test_what_hydra_refuses_is_said_in_a_sentence(word: str, said: str) -> None:
    with (
        initialize_config_dir(str(app.conf_folder()), version_base="1.3"),
        pytest.raises((HydraException, OmegaConfBaseException)) as caught,
    ):
        OmegaConf.to_container(compose("config", overrides=[word]), resolve=True, throw_on_missing=True)
    assert app.explain(caught.value).startswith(said)
