"""What pip installs: every package that the code imports is asked for, and everything that runs is in the wheel."""

import ast
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import lacks

from yaynay import extras
from yaynay.models.backends import base

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
OF_EXTRAS = {package.partition(".")[0] for package in extras.EXTRAS} | {"tensorflow", "pytensor", "numba"}
COME_ALONG = {"alembic": "mlflow", "markupsafe": "jinja2", "pydantic_core": "pydantic", "sqlalchemy": "mlflow"}
"""Packages that are imported in the release that another one asks for."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each foreign package that a module imports, and whether as soon as it is imported itself."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in {name.partition(".")[0] for name in names} - {"yaynay", "hydra_plugins"} - sys.stdlib_module_names:
            yield name, node in tree.body


def test_every_package_that_is_imported_is_asked_for() -> None:
    asked = {normal(re.split(r"[^\w.-]", line)[0]) for line in PROJECT["dependencies"]}
    providers = importlib.metadata.packages_distributions()
    found = {name for path in SOURCE.rglob("*.py") for name, _ in imports(path)}
    assert len(found) >= 20
    missing = {name for name in found if not {normal(each) for each in providers.get(name, [name])} & asked}
    assert missing <= OF_EXTRAS | COME_ALONG.keys()
    assert set(COME_ALONG.values()) <= asked


def test_a_package_of_an_extra_is_imported_only_where_it_is_used() -> None:
    of_backends = {
        SOURCE / "yaynay" / "models" / "backends" / f"{name}.py" for name in (*base.MODULES.values(), "stacked")
    }
    early = {
        (path.name, name)
        for path in set(SOURCE.rglob("*.py")) - of_backends
        for name, is_early in imports(path)
        if is_early and name in OF_EXTRAS | {"torch", "pytorch_lightning", "mlflow"}
    }
    assert early == {("model_code.py", "mlflow")}  # a logged model's own code


def test_every_package_has_one_exact_version() -> None:
    """Those of the extras too; a lock file without an address."""
    text = (REPOSITORY / "constraints.txt").read_text()
    pinned = {normal(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    asked = [*PROJECT["dependencies"], *(line for lines in PROJECT["optional-dependencies"].values() for line in lines)]
    names = {normal(re.split(r"[^\w.-]", line)[0]) for line in asked if "linux' and" in line or "!=" not in line}
    assert names - {"yaynay"} <= pinned
    assert "://" not in text


def test_importing_yaynay_imports_nothing_that_is_slow() -> None:
    script = "import sys, yaynay; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=SOURCE
    )
    loaded = set(ast.literal_eval(done.stdout))
    assert "yaynay" in loaded
    assert loaded & {"torch", "pytorch_lightning", "pandas", "mlflow", "hydra", "numpy", "scipy", "pyarrow"} == set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built by the project's own build backend."""
    if importlib.util.find_spec("hatchling") is None:
        lacks("hatchling is not installed: make test installs it")
    folder = tmp_path_factory.mktemp("wheel")
    script = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return zipfile.ZipFile(folder / done.stdout.split()[-1])


def test_the_wheel_has_all_that_runs_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    def files(folder: Path, below: str) -> set[str]:
        return {
            f"{below}{path.relative_to(folder).as_posix()}"
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    built = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert built == files(SOURCE, "") | files(REPOSITORY / "conf", "yaynay/conf/")
    assert {"yaynay/py.typed", "yaynay/reports/templates/report.html"} < built
    about = {name.partition(".dist-info/")[2] for name in wheel.namelist() if ".dist-info/" in name}
    assert about == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    texts = {name.rpartition("/")[2]: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    assert "yaynay = yaynay.__main__:run" in texts["entry_points.txt"]
    assert "Requires-Python: >=3.11" in texts["METADATA"]
    assert set(re.findall(r"^Provides-Extra: (.+)$", texts["METADATA"], re.MULTILINE)) == set(
        PROJECT["optional-dependencies"]
    )
