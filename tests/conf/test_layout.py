"""The layout: every module is in a package, and every package's docstring says what is in it."""

import ast
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src"
PACKAGES = sorted(path.parent for path in (SOURCE / "yaynay").glob("*/__init__.py"))


def test_every_package_and_every_module_beside_them_has_its_layer() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [contract["layers"] for contract in project["contracts"] if contract["type"] == "layers"]
    layered = {name.strip() for layer in layers for name in layer.split("|")}
    found = {
        f"yaynay.{path.stem}" for path in (SOURCE / "yaynay").iterdir() if path.suffix == ".py" or path in PACKAGES
    }
    plugins = {f"hydra_plugins.{path.name}" for path in (SOURCE / "hydra_plugins").iterdir() if path.name[0] != "_"}
    assert layered == (found | plugins) - {"yaynay.__init__"}
    assert len(layers) <= 14
    assert len(PACKAGES) == 10


def test_a_package_says_in_a_few_lines_what_is_in_it() -> None:
    for package in PACKAGES:
        words = ast.get_docstring(ast.parse((package / "__init__.py").read_text()))
        assert words, package
        assert 2 <= len(words.splitlines()) <= 7, package


def test_commands_are_short() -> None:
    for name in ("__main__", "generate", "train", "compare", "report"):
        assert len((SOURCE / "yaynay" / f"{name}.py").read_text().splitlines()) <= 60, name


def test_no_module_and_no_function_is_long() -> None:
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= 250, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                words = ast.get_docstring(node) or ""
                length = node.end_lineno - node.lineno + 1 - len(words.splitlines()) if node.end_lineno else 0
                assert length <= 45, f"{path}: {node.name}"
