"""A fitted line, with or without terms, as a record keeps it: coefficients by name, in the columns' own units."""

import json
import keyword
from collections.abc import Sequence
from typing import Any

import numpy as np

from yaynay.models import ols
from yaynay.models.formula import Floats, Formula, Term
from yaynay.models.ridge import Ridge


def report_least_squares(line: ols.LeastSquares, features: Sequence[str]) -> dict[str, Any]:
    """Rank, dependent columns and coefficients of a line, ready for JSON."""
    columns = {
        "value": line.coefficients,
        "standard_error": line.standard_errors,
        "t": line.t_values,
        "p": line.p_values,
        "low": line.intervals()[:, 0],
        "high": line.intervals()[:, 1],
    }
    return {
        "rank": line.rank,
        "dependent": ols.name_dependent(line, features),
        "coefficients": [
            {"name": name} | {key: _finite(values[index]) for key, values in columns.items()}
            for index, name in enumerate(["intercept", *features])
        ],
    }


def report_ridge(line: Ridge, features: Sequence[str]) -> dict[str, Any]:
    """Penalty and coefficients of a ridge regression, ready for JSON; shrunk coefficients have no standard errors."""
    return {
        "penalty": line.penalty,
        "coefficients": _named(["intercept", *features], np.array([line.intercept, *line.slopes])),
    }


def report_formula(formula: Formula, penalty: float, target: str, features: Sequence[str]) -> dict[str, Any]:
    """A line with terms, ready for JSON.

    Returns:
        formula: As `write`.
        penalty: Shrinkage of the terms.
        smear: Of a model of the target's logarithm what its exponential is multiplied by; None for one of the target.
        coefficients: In the columns' own units, so that they add up to the prediction; a spline has one for each inner
            knot, which is what the curve adds there to the line.
        knots: Of each spline, by its code.
    """
    names, values = ["intercept", *features], _own_units(formula)
    for term in formula.terms:
        code = write_term(term, features)
        names += [f"{code}[{knot:g}]" for knot in term.knots[1:-1]] or [code]
    return {
        "formula": write(formula, target, features),
        "penalty": penalty,
        "smear": formula.log and formula.log[0],
        "coefficients": _named(names, values),
        "knots": {write_term(term, features): list(term.knots) for term in formula.terms if term.knots},
    }


def write(formula: Formula, target: str, features: Sequence[str]) -> str:
    """A formula as code: "price ~ area + age + age^2 + area:rooms"."""
    left = quote(target) if formula.log is None else f"log({quote(target)})"
    terms = [write_term(term, features) for term in formula.terms]
    return f"{left} ~ {' + '.join([*map(quote, features), *terms]) or '1'}"


def write_term(term: Term, features: Sequence[str]) -> str:
    """A term as code.

    >>> write_term(Term("square", (0,)), ["age"]), write_term(Term("product", (0, 1)), ["age", "Lot Area"])
    ('age^2', 'age:Q("Lot Area")')
    >>> write_term(Term("spline", (0,), (1.0, 2.0, 3.0, 4.0)), ["age"])
    'spline(age, 4)'
    """
    names = [quote(features[feature]) for feature in term.features]
    if term.kind == "product":
        return ":".join(names)
    if term.kind == "square":
        return f"{names[0]}^2"
    return f"log({names[0]})" if term.kind == "log" else f"spline({names[0]}, {len(term.knots)})"


def quote(name: str) -> str:
    """A column's name in a formula; as Patsy does, one that is no identifier is in Q("...").

    >>> quote("age"), quote("Lot Area")
    ('age', 'Q("Lot Area")')
    """
    is_plain = name.isidentifier() and not keyword.iskeyword(name)
    return name if is_plain else f"Q({json.dumps(name, ensure_ascii=False)})"


def _own_units(formula: Formula) -> Floats:
    """Intercept, slopes and coefficients of the terms, on columns that are not standardised."""
    design = formula.design
    n_features = design.n_line - 1
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        weights = formula.weights[1:] / design.scale  # of the columns, centred or not
        values = np.append(formula.weights[0] - weights @ design.mean, weights)
        slopes = values[1 : design.n_line] / design.spread
        values[0] -= slopes @ design.shift
        for term, (first, *_) in zip(design.terms, design.of_term, strict=True):
            if term.kind not in ("square", "product"):
                continue
            one, other = term.features[0], term.features[-1]
            values[first] = values[first] / design.spread[one] / design.spread[other]
            slopes[one] -= values[first] * design.shift[other]
            slopes[other] -= values[first] * design.shift[one]
            values[0] += values[first] * design.shift[one] * design.shift[other]
    values[1 : 1 + n_features] = slopes
    return values


def _named(names: Sequence[str], values: Floats) -> list[dict[str, Any]]:
    return [{"name": name, "value": _finite(value)} for name, value in zip(names, values, strict=True)]


def _finite(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return float(value) if np.isfinite(value) else None
