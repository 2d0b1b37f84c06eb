from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yaynay.config.messages import sentence


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Optimizer(Closed):
    name: Literal["sgd", "adamw"] = "sgd"
    lr: Annotated[float, Field(gt=0, le=1)] = 0.1
    seed: Annotated[int, Field(ge=0)] | None = None
    start: Annotated[list[float], Field(min_length=1)] | None = None
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = 1
    is_fast: bool = False


class Job(Closed):
    optimizer: Optimizer
    depth: int


def refusal(values: dict[str, Any], prefix: str = "") -> str:
    with pytest.raises(ValidationError) as caught:
        Job.model_validate(values)
    line = sentence(caught.value, Job, prefix)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("lr", 0, "0 is not allowed; it should be greater than 0"),
        ("lr", 2, "2 is not allowed; it should be less than or equal to 1"),
        ("lr", float("nan"), "nan is not allowed; it should be a finite number"),
        ("lr", float("inf"), "inf is not allowed; it should be a finite number"),
        ("lr", "NaN", "'NaN' is not allowed; it should be a valid number"),
        ("seed", -1, "-1 is not allowed; it should be greater than or equal to 0, or null"),
        ("seed", 1.5, "1.5 is not allowed; it should be a valid integer, or null"),
        ("seed", True, "True is not allowed; it should be a valid integer, or null"),
        ("name", "adamv", "'adamv' is not allowed; it should be 'sgd' or 'adamw'; did you mean 'adamw'?"),
        ("name", 3, "3 is not allowed; it should be 'sgd' or 'adamw'"),
        ("start", [], "[] is not allowed; it should have at least 1 item, or null"),
        ("start", [1.0, "x"], "'x' is not allowed; it should be a valid number, or null"),
        ("batch_size", "ful", "'ful' is not allowed; it should be a valid integer or 'full'; did you mean 'full'?"),
        ("batch_size", 0, "0 is not allowed; it should be greater than or equal to 1 or 'full'"),
        ("is_fast", "yes", "'yes' is not allowed; it should be a valid boolean"),
    ],
)
def test_a_value_is_refused_with_what_is_allowed(key: str, value: object, line: str) -> None:
    values = {"optimizer": {key: value}, "depth": 1}
    assert refusal(values) == f"option 'optimizer.{key}': {line}"


def test_an_unknown_key_goes_before_all_else_and_the_nearest_is_named() -> None:
    line = refusal({"optimizer": {"lr": -1, "sed": 3}, "depth": 1})
    assert line.startswith("option 'optimizer.sed': unknown key; allowed: name, lr, seed, ")
    assert line.endswith("; did you mean 'optimizer.seed'?")


def test_an_unknown_key_like_no_other_is_to_be_left_out() -> None:
    line = refusal({"optimizer": {}, "depth": 1, "zzz": 3}, "job.")
    assert line == "option 'job.zzz': unknown key; allowed: optimizer, depth; leave it out"


def test_a_key_without_its_group_is_found() -> None:
    line = refusal({"optimizer": {}, "depth": 1, "batch_sise": 3}, "job.")
    assert line.endswith("; did you mean 'job.optimizer.batch_size'?")


def test_a_missing_key_is_named() -> None:
    assert refusal({"optimizer": {}}, "job.") == "option 'job.depth': is missing; a value is needed; set it"


def test_a_group_that_is_none_lists_its_keys() -> None:
    line = refusal({"optimizer": 3, "depth": 1})
    assert line.startswith("option 'optimizer': 3 is not allowed; it should have the keys name, lr, ")


def test_a_long_value_is_cut() -> None:
    assert len(refusal({"optimizer": {"name": "x" * 10_000}, "depth": 1})) < 250
