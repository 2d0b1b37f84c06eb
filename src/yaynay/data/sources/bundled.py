"""Real tables that ship with statsmodels and scikit-learn, so nothing is downloaded; the extra `pipeline` has both.

Sources and licences are given as far as the two libraries state them.
"""

from collections.abc import Callable, Mapping
from functools import partial

from yaynay import extras
from yaynay.data.table import Table


def engel() -> Table:
    """Household income and food expenditure, 235 rows: the classic case of spread that grows with x."""
    from statsmodels.datasets import engel

    return Table(
        name="engel",
        frame=engel.load_pandas().data[["income", "foodexp"]],
        target="foodexp",
        source="Engel's Belgian working-class households of 1857 [francs a year]; Koenker & Bassett (1982), "
        "Econometrica 50, 43-61; public domain; from statsmodels",
    )


def longley() -> Table:
    """Employment and six nearly collinear series, 16 years: a test of arithmetic, too small to compare on."""
    from statsmodels.datasets import longley

    return Table(
        name="longley",
        frame=longley.load_pandas().data,
        target="TOTEMP",
        source="United States employment 1947 to 1962; Longley (1967), Journal of the American Statistical "
        "Association 62, 819-841; public domain; from statsmodels",
        notes=("rows are years in order, so they are not independent",),
    )


def cancer() -> Table:
    """Breast cancer and population of 301 counties: near a line through 0, spread growing with x."""
    from statsmodels.datasets import cancer

    return Table(
        name="cancer",
        frame=cancer.load_pandas().data[["population", "cancer"]],
        target="cancer",
        source="Rice, Mathematical Statistics and Data Analysis [cases; people]; licence not stated; from statsmodels",
    )


def star98() -> Table:
    """School districts: share of pupils above the national median in mathematics, 303 rows.

    Of the source's columns, the two counts become the target and the products of features are left out: they
    would give the line what a network has to find.
    """
    from statsmodels.datasets import star98

    data = star98.load_pandas().data
    features = ["LOWINC", "PERASIAN", "PERBLACK", "PERHISP", "PERMINTE", "AVYRSEXP", "AVSALK", "PERSPENK"]
    frame = data[[*features, "PTRATIO", "PCTAF", "PCTCHRT", "PCTYRRND"]].copy()
    frame["PCTABOVE"] = 100 * data["NABOVE"] / (data["NABOVE"] + data["NBELOW"])
    return Table(
        name="star98",
        frame=frame,
        target="PCTABOVE",
        source="California's STAR tests of 1998 [percent of pupils]; Gill, Generalized Linear Models: A "
        "Unified Approach; used by statsmodels with the author's permission, who retains all rights",
    )


def anes96() -> Table:
    """Household income of 944 voters by age, education and place: the retirement story in real answers."""
    from statsmodels.datasets import anes96

    return Table(
        name="anes96",
        frame=anes96.load_pandas().data[["age", "educ", "logpopul", "TVnews", "PID", "income"]],
        target="income",
        source="American National Election Studies 1996; public domain; from statsmodels",
        notes=("income is a bracket's number, 1 to 24; brackets are not of one width",),
    )


def diabetes() -> Table:
    """Progression of diabetes after a year, ten measurements of 442 patients."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True, scaled=False).frame
    frame["sex"] = frame["sex"].map({1.0: "1", 2.0: "2"})
    return Table(
        name="diabetes",
        frame=frame.rename(columns={"target": "progression"}),
        target="progression",
        source="Efron, Hastie, Johnstone & Tibshirani (2004), Least Angle Regression, Annals of Statistics, "
        "407-499; licence not stated; from scikit-learn",
        notes=("the source does not say which sex is 1 and which is 2",),
    )


def iris() -> Table:
    """Width of a petal from its length, the sepal and the species, 150 flowers."""
    from sklearn.datasets import load_iris

    loaded = load_iris(as_frame=True)
    frame = loaded.data.rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
    frame["species"] = [str(loaded.target_names[code]) for code in loaded.target]
    return Table(
        name="iris",
        frame=frame,
        target="petal_width",
        source="Fisher (1936), The use of multiple measurements in taxonomic problems [cm]; UCI Machine "
        "Learning Repository; licence not stated; from scikit-learn",
    )


def nuclei() -> Table:
    """Area of cell nuclei from their radius and shape, 569 images: an area is not linear in a radius."""
    from sklearn.datasets import load_breast_cancer

    loaded = load_breast_cancer(as_frame=True)
    names = [
        "mean radius",
        "mean texture",
        "mean smoothness",
        "mean compactness",
        "mean symmetry",
        "mean area",
    ]
    frame = loaded.data[names].rename(columns=lambda name: name.removeprefix("mean "))
    frame["diagnosis"] = [str(loaded.target_names[code]) for code in loaded.target]
    return Table(
        name="nuclei",
        frame=frame,
        target="area",
        source="Breast Cancer Wisconsin (Diagnostic), Wolberg, Street & Mangasarian (1995); UCI Machine "
        "Learning Repository; licence not stated; from scikit-learn",
    )


_BY_LIBRARY = {
    "statsmodels": (engel, longley, cancer, star98, anes96),
    "sklearn": (diabetes, iris, nuclei),
}


def check(name: str) -> None:
    """Check that the library is installed that a table ships with; other tables ship with yaynay.

    Raises:
        MachineError: It is missing; the message says what to install.
    """
    for library, makes in _BY_LIBRARY.items():
        if name in {make.__name__ for make in makes}:
            extras.check(library, f"option 'dataset': '{name}'")


def _make(make: Callable[[], Table]) -> Table:
    check(make.__name__)
    return make()


TABLES: Mapping[str, Callable[[], Table]] = {
    make.__name__: partial(_make, make) for makes in _BY_LIBRARY.values() for make in makes
}
