"""The logged model predicts what was validated, with or without yaynay around it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pipeline.project import REPOSITORY
from unit.tracking.conftest import Swept

from yaynay.config import schema
from yaynay.sweep import fit
from yaynay.tracking.model import save_model
from yaynay.tracking.runs import child
from yaynay.tracking.store import connect
from yaynay.tracking.sync import sync

# MLflow 3.17 wants rows of the table beside the model
pytestmark = pytest.mark.filterwarnings("ignore:.*An input example was not provided")


def model_folder(swept: Swept, kind: str, project: Path) -> Path:
    """Where the model of a sweep that a network or a line won is."""
    sync([swept.result(winner=getattr(swept, kind))], "yaynay")
    with connect("yaynay"):
        pass
    (found,) = (project / "mlartifacts").rglob("MLmodel")
    return found.parent


@pytest.mark.parametrize("kind", ["network", "line"])
def test_a_model_predicts_from_raw_cells_what_the_record_holds(swept: Swept, project: Path, kind: str) -> None:
    """Numbers, a category and missing cells in both."""
    import mlflow

    rows = swept.table.frame.drop(columns=swept.table.target)
    assert rows.isna().any().to_dict() == {"size": False, "age": True, "side": True}
    model = mlflow.pyfunc.load_model(str(model_folder(swept, kind, project)))
    whole = getattr(swept, kind).arrays["whole"]
    np.testing.assert_allclose(model.predict(rows), whole, rtol=1e-12)
    np.testing.assert_allclose(model.predict(rows.iloc[:1]), whole[:1], rtol=1e-12)
    with pytest.warns(UserWarning, match="column 'side': 'east' was not among the levels that the model learnt from"):
        unseen = model.predict(rows.assign(side="east"))
    np.testing.assert_array_equal(unseen, model.predict(rows.assign(side="north")))
    spelt = rows.assign(side=[None if cell is None else f" {cell} " for cell in rows["side"]])
    np.testing.assert_array_equal(model.predict(spelt), model.predict(rows))
    np.testing.assert_array_equal(model.predict(rows.fillna({"side": "n/a"})), model.predict(rows))
    with pytest.warns(UserWarning, match="column 'size': 48 missing cells, where the table had none"):
        unknown = model.predict(rows.assign(size=np.nan))
    assert np.isfinite(unknown).all()
    if kind == "line":
        np.testing.assert_allclose(unknown, model.predict(rows.assign(size=rows["size"].mean())))
    assert not list(project.rglob("*.pkl"))


def test_a_line_with_terms_shows_its_formula_and_predicts_from_raw_cells(swept: Swept, tmp_path: Path) -> None:
    import mlflow

    frame = swept.table.frame
    bent = replace(swept.table, frame=frame.assign(price=(frame["size"] - 50) ** 2 + 30 * (frame["side"] == "west")))
    configuration = schema.parse(swept.line.configuration | {"backend": {"name": "terms"}})
    (record,) = fit.train([configuration], bent, swept.sweep.data()[1])
    run = child(record, "a sweep", "0")
    assert run.name == "terms formula"
    assert run.tags["formula"].startswith("price ~ size + age + ")
    assert "size^2" in run.tags["formula"]
    shown = json.loads(run.artifacts.texts["coefficients.json"])
    assert shown["columns"] == ["name", "value"]
    assert ["size^2", pytest.approx(1, abs=0.1)] in shown["data"]
    save_model(tmp_path / "model", bent, record)
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    rows = bent.frame.drop(columns="price")
    np.testing.assert_allclose(model.predict(rows), record.arrays["whole"], rtol=1e-12)
    np.testing.assert_allclose(model.predict(rows.iloc[:1]), record.arrays["whole"][:1], rtol=1e-12)


HIDDEN = """
import json, sys
sys.path = [path for path in sys.path if not path.startswith({source!r})]
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "yaynay" and not any("artifacts/code" in entry for entry in (path or sys.path)):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hide())
try:
    import yaynay
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("yaynay is not hidden")
import mlflow, pandas
model = mlflow.pyfunc.load_model({folder!r})
files = sorted(module.__file__ for name, module in sys.modules.items() if name.startswith("yaynay"))
print(json.dumps([list(model.predict(pandas.read_json({rows!r}))), files]))
"""


def test_a_model_carries_the_code_that_it_needs(swept: Swept, project: Path, tmp_path: Path) -> None:
    folder = model_folder(swept, "network", project)
    swept.table.frame.drop(columns=swept.table.target).to_json(tmp_path / "rows.json")
    script = HIDDEN.format(source=str(REPOSITORY / "src"), folder=str(folder), rows=str(tmp_path / "rows.json"))
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    predictions, files = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_allclose(predictions, swept.network.arrays["whole"], rtol=1e-9)
    assert len(files) == 12
    assert all(Path(file).is_relative_to(folder / "code") for file in files)
    assert len([path for path in (folder / "code").rglob("*") if path.is_file() and path.suffix == ".py"]) == 12


def test_a_process_that_loaded_a_model_can_still_import_the_rest(swept: Swept, project: Path) -> None:
    script = (
        f"import mlflow; mlflow.pyfunc.load_model({str(model_folder(swept, 'line', project))!r});"
        "import yaynay.data.columns, yaynay.data.table, yaynay.records.record;"
        "print(yaynay.data.columns.__file__, yaynay.data.table.__file__)"
    )
    environment = {"PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    own, rest = done.stdout.splitlines()[-1].split()
    assert own.startswith(str(project))
    assert rest.startswith(str(REPOSITORY / "src"))
