"""What a record keeps of a line with terms: its code, and coefficients that add up to its predictions."""

import json

import numpy as np
import pytest

from yaynay.models import equations
from yaynay.models.formula import Design, Formula, Term

NAMES = ["age", "Lot Area", "class"]
SQUARE, LOG, PRODUCT = Term("square", (0,)), Term("log", (1,)), Term("product", (0, 1))
SPLINE = Term("spline", (2,), (1.0, 2.0, 3.0, 4.0))


def make(*terms: Term, log: tuple[float, float, float] | None = None) -> tuple[Formula, np.ndarray]:
    dice = np.random.default_rng(0)
    x = dice.uniform(1, 5, (50, 3)) * [10.0, 1000.0, 1.0]
    design = Design.of(x, terms)
    return Formula(design, dice.normal(size=1 + len(design.mean)), log), x


def test_a_formula_is_code_with_quoted_names() -> None:
    formula, _ = make(SQUARE, LOG, PRODUCT, SPLINE)
    assert equations.write(formula, "price", NAMES) == (
        'price ~ age + Q("Lot Area") + Q("class") + age^2 + log(Q("Lot Area")) + age:Q("Lot Area") '
        '+ spline(Q("class"), 4)'
    )
    formula, _ = make(log=(1.0, 0.0, 1.0))
    assert equations.write(formula, 'sale "price"', ["a", "b", "c"]) == 'log(Q("sale \\"price\\"")) ~ a + b + c'


@pytest.mark.parametrize("terms", [(), (SQUARE,), (LOG,), (PRODUCT,), (SQUARE, LOG, PRODUCT, Term("square", (1,)))])
def test_coefficients_in_the_columns_own_units_add_up_to_the_prediction(terms: tuple[Term, ...]) -> None:
    formula, x = make(*terms)
    found = equations.report_formula(formula, 1.0, "price", NAMES)
    names = {name: x[:, place] for place, name in enumerate(NAMES)} | {"intercept": np.ones(len(x))}
    names |= {"age^2": x[:, 0] ** 2, 'Q("Lot Area")^2': x[:, 1] ** 2, 'age:Q("Lot Area")': x[:, 0] * x[:, 1]}
    names |= {'log(Q("Lot Area"))': np.log(x[:, 1])}
    total = sum(row["value"] * names[row["name"]] for row in found["coefficients"])
    np.testing.assert_allclose(total, formula.predict(x), rtol=1e-9, atol=1e-9)
    assert (found["penalty"], found["smear"], found["knots"]) == (1.0, None, {})
    json.dumps(found, allow_nan=False)


def test_a_spline_has_what_its_curve_adds_at_each_inner_knot() -> None:
    formula, x = make(SPLINE)
    found = equations.report_formula(formula, 1.0, "price", NAMES)
    values = {row["name"]: row["value"] for row in found["coefficients"]}
    assert found["knots"] == {'spline(Q("class"), 4)': [1.0, 2.0, 3.0, 4.0]}
    line = values["intercept"] + values["age"] * x[0, 0] + values["Lot Area"] * x[0, 1] + values["class"] * 2.0
    at_knot = formula.predict(np.array([[x[0, 0], x[0, 1], 2.0]]))[0]
    assert values['spline(Q("class"), 4)[2]'] == pytest.approx(at_knot - line)


def test_a_coefficient_that_no_number_holds_is_left_out() -> None:
    dice = np.random.default_rng(0)
    x = dice.uniform(1, 5, (50, 1)) * 1e-200
    formula = Formula(Design.of(x, [SQUARE]), np.ones(3))
    found = equations.report_formula(formula, 1.0, "y", ["x"])
    assert found["coefficients"][-1] == {"name": "x^2", "value": None}
    json.dumps(found, allow_nan=False)
