"""The plan of the house: every module stands in a room, and every room says what lives there."""

import ast
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src"
ROOMS = sorted(path.parent for path in (SOURCE / "yaynay").glob("*/__init__.py"))


def test_every_room_and_every_module_beside_them_has_its_layer() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [one["layers"] for one in project["contracts"] if one["type"] == "layers"]
    layered = {name.strip() for layer in layers for name in layer.split("|")}
    found = {f"yaynay.{path.stem}" for path in (SOURCE / "yaynay").iterdir() if path.suffix == ".py" or path in ROOMS}
    plugins = {f"hydra_plugins.{path.name}" for path in (SOURCE / "hydra_plugins").iterdir() if path.name[0] != "_"}
    assert layered == (found | plugins) - {"yaynay.__init__"}
    assert len(layers) <= 13
    assert len(ROOMS) == 9


def test_a_room_says_in_a_few_lines_what_lives_there() -> None:
    for room in ROOMS:
        words = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
        assert words, room
        assert 2 <= len(words.splitlines()) <= 7, room


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
