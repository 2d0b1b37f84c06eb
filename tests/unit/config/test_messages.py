from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

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
    odd: int = 1

    @field_validator("odd")
    @classmethod
    def is_odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError(f"{value} is even; allowed: odd numbers")
        return value


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
        ("lr", 0, "0 is out of range; allowed: numbers above 0 to 1"),
        ("lr", float("nan"), "nan is not allowed; allowed: numbers above 0 to 1"),
        ("lr", float("inf"), "inf is not allowed; allowed: numbers above 0 to 1"),
        ("lr", "NaN", "'NaN' is not allowed; allowed: numbers above 0 to 1"),
        ("seed", -1, "-1 is out of range; allowed: whole numbers from 0, or null"),
        ("seed", 1.5, "1.5 is not allowed; allowed: whole numbers from 0, or null"),
        ("seed", True, "True is not allowed; allowed: whole numbers from 0, or null"),
        ("name", "adamv", "'adamv' is not allowed; allowed: sgd, adamw; did you mean 'adamw'?"),
        ("name", 3, "3 is not allowed; allowed: sgd, adamw"),
        ("start", [], "[] is not allowed; allowed: a list of numbers of length 1 or more, or null"),
        ("start", [1.0, "x"], "'x' is not allowed; allowed: a list of numbers of length 1 or more, or null"),
        (
            "batch_size",
            "ful",
            "'ful' is not allowed; allowed: whole numbers from 1, or full; did you mean 'full'?",
        ),
        ("is_fast", "yes", "'yes' is not allowed; allowed: true or false"),
        ("odd", 2, "2 is even; allowed: odd numbers"),
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


def test_a_missing_key_is_named() -> None:
    assert refusal({"optimizer": {}}, "job.") == "option 'job.depth': is missing; allowed: whole numbers; set it"


def test_a_group_that_is_none_lists_its_keys() -> None:
    line = refusal({"optimizer": 3, "depth": 1})
    assert line.startswith("option 'optimizer': 3 is not allowed; allowed: the keys name, lr, ")


def test_a_long_value_is_cut() -> None:
    assert len(refusal({"optimizer": {"name": "x" * 10_000}, "depth": 1})) < 250
