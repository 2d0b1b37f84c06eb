"""The answer as JSON holds to its schema, whose copy and example in the docs are as the code writes them."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from unit.concluded import conclude_table, make_frame, make_table

from yaynay.data.reading import read_file
from yaynay.data.table import Table
from yaynay.reports.answer_json import AnswerJson, answer_json, schema
from yaynay.verdict.comparison import Interval, compare
from yaynay.verdict.conclusion import Conclusion

DOCS = Path(__file__).parents[3] / "docs"
WRITE_AGAIN = (
    'python -c "import json; from yaynay.reports.answer_json import schema; print(json.dumps(schema(), indent=2))"'
    " > docs/ask.schema.json"
)


def write(conclusion: Conclusion, **paths: str | None) -> dict[str, Any]:
    text = answer_json(conclusion, compare(conclusion), paths=paths, seconds=4.56789, version="1.2.3")

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    values: dict[str, Any] = json.loads(text, parse_constant=refuse)
    jsonschema.validate(values, schema())
    assert AnswerJson.model_validate_json(text).model_dump(by_alias=True) == values
    return values


CASES: dict[str, tuple[int, float | None]] = {"yay": (80, 0.6), "small": (12, 0.3), "no network": (60, None)}


@pytest.mark.parametrize("case", CASES)
def test_every_answer_holds_to_the_schema_and_comes_back_equal(case: str) -> None:
    n_rows, share = CASES[case]
    conclusion = conclude_table(make_table(n_rows), share)
    values = write(conclusion, report="yaynay/report.html", model=None)
    verdict = conclusion.verdict
    assert (values["schema"], values["yaynay"], values["seconds"]) == (1, "1.2.3", 4.568)
    assert (values["outcome"], values["sentence"]) == (verdict.outcome, verdict.sentence)
    assert values["paths"] == {"report": "yaynay/report.html", "runs": None, "model": None, "records": None}
    assert values["rule"] == verdict.rule.model_dump()
    assert (values["gate"] is None) == (case == "small")
    assert (values["gain"] is None) == (case != "yay")
    assert values["folds"] == {"n_folds": verdict.n_folds, "n_repeats": verdict.n_repeats}
    assert values["line"]["equation"].startswith("y = ")


def test_what_became_of_each_column_is_there(tmp_path: Path) -> None:
    frame = make_frame(80, ["area", "age"], "price")
    frame["town"] = ["Oslo", "Bergen"] * 40
    frame["sold"] = pd.date_range("2020-01-01", periods=80).astype(str)
    frame["id"] = range(80)
    frame.loc[[3, 8], "age"] = np.nan
    frame.loc[5, "price"] = np.nan
    frame.to_csv(tmp_path / "houses.csv", index=False)
    table = read_file(tmp_path / "houses.csv", "price")
    found = write(conclude_table(table))["table"]
    columns = {column["name"]: column for column in found["columns"]}
    assert (found["n_rows"], found["n_dropped"], found["n_features"]) == (79, 1, table.n_features)
    assert list(columns) == ["area", "age", "price", "town", "sold", "id"]
    assert {name: column["kind"] for name, column in columns.items()} == {
        "area": "number",
        "age": "number",
        "price": "number",
        "town": "category",
        "sold": "number",
        "id": "left out",
    }
    assert columns["age"]["n_missing"] == 2
    assert columns["sold"]["becomes"] == ["sold (days)"]
    assert columns["id"]["note"] == "numbers the rows, 0 to 79"
    assert set(found["remarks"]) == set(table.remarks)


def test_figures_that_are_not_finite_are_null_or_refused_and_never_nan() -> None:
    conclusion = conclude_table(make_table())
    effect = conclusion.effect
    assert effect is not None
    broken = effect.predictions.copy()
    broken[0, 0] = math.nan
    verdict = replace(conclusion.verdict, gain=None, gain_low=None, gain_high=None, rmse_network=None)
    values = write(replace(conclusion, effect=replace(effect, predictions=broken), verdict=verdict))
    (network,) = [model for model in values["models"] if model["name"] == "network"]
    assert (network["rmse"], network["r2"], network["gain"]) == (None, None, None)
    with pytest.raises(ValueError, match="finite"):
        AnswerJson.model_validate(values | {"seconds": math.inf})
    assert Interval(1.0).low is None


def test_names_of_any_kind_survive() -> None:
    names = ['"quoted"', "<script>alert(1)</script>", "\u6536\u5165", "a=b, {c}", "back\\slash"]
    frame = make_frame(60, names, "y'\u00e9")
    values = write(conclude_table(Table("t\u4ef7", frame, "y'\u00e9", "made here")))
    assert [column["name"] for column in values["table"]["columns"]] == [*names, "y'\u00e9"]
    assert {term["feature"] for term in values["line"]["terms"]} <= set(names)


def test_the_schema_in_the_docs_is_the_one_of_the_code() -> None:
    kept = json.loads((DOCS / "ask.schema.json").read_text(encoding="utf-8"))
    assert kept == schema(), WRITE_AGAIN
    jsonschema.Draft202012Validator.check_schema(kept)


def test_the_example_in_the_docs_holds_to_the_schema_and_has_every_field() -> None:
    page = (DOCS / "how-to" / "ask.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(\{.*?\n\})\n```", page, re.S)
    values = json.loads(example)
    jsonschema.validate(values, schema())
    assert values == AnswerJson.model_validate(values).model_dump(by_alias=True)


def test_every_field_is_explained_in_the_docs() -> None:
    page = (DOCS / "how-to" / "ask.md").read_text(encoding="utf-8")
    table = page[page.index("| field |") :]
    fields = {name for part in (schema(), *schema()["$defs"].values()) for name in part["properties"]}
    explained = {name.split(".")[-1] for name in re.findall(r"`([a-z0-9_.]+)`", table)}
    assert fields <= explained
