"""The version of the numerics changes with every module that shapes a fit, and with no other."""

import shutil
from pathlib import Path

import pytest

from yaynay.models.backends.base import MODULES
from yaynay.records import version
from yaynay.records.provenance import run_facts

SOURCE = Path(__file__).parents[3] / "src"
BACKENDS = ("least_squares", *MODULES)
ENCODING = "yaynay/data/columns.py"


def versions(source: Path) -> dict[str, str]:
    """Version of each backend's numerics, and of the verdict's."""
    version._KNOWN.clear()
    found = {backend: version.numerics_version(backend, source) for backend in BACKENDS}
    return found | {"verdict": version.verdict_version(source)}


def closure(name: str) -> set[str]:
    """Files of a version, relative to the source."""
    entries = (version.VERDICT,) if name == "verdict" else version.fit_entries(name)
    return {path.relative_to(SOURCE).as_posix() for path in version.import_closure(entries, SOURCE)}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source that a test may edit."""
    folder = tmp_path_factory.mktemp("source")
    shutil.copytree(SOURCE / "yaynay", folder / "yaynay", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_what_encodes_splits_fits_and_scores_is_in_every_version() -> None:
    shared = {"data/columns.py", "data/table.py", "data/plan.py", "models/scores.py", "models/ols.py"}
    for backend in BACKENDS:
        assert {f"yaynay/{name}" for name in shared} <= closure(backend)


def test_no_picture_page_or_run_in_mlflow_shapes_a_fit() -> None:
    for backend in BACKENDS:
        packages = {Path(name).parts[1] for name in closure(backend)}
        assert not packages & {"reports", "tracking", "verdict", "cli"}


def test_editing_a_module_changes_the_versions_that_it_is_in_and_no_other(source: Path) -> None:
    before = versions(source)
    closures = {name: closure(name) for name in before}
    files = sorted(path.relative_to(source).as_posix() for path in (source / "yaynay").rglob("*.py"))
    assert len(files) > 50
    for name in files:
        text = (source / name).read_text()
        (source / name).write_text(f"{text}\nEDITED = True\n")
        after = versions(source)
        (source / name).write_text(text)
        changed = {entry for entry in before if after[entry] != before[entry]}
        assert changed == {entry for entry in before if name in closures[entry]}, name


def test_an_import_that_is_added_is_followed(source: Path) -> None:
    """Also where it is inside a function, or the module is new."""
    before = versions(source)
    scores, new = source / "yaynay/models/scores.py", source / "yaynay/models/rounding.py"
    text = scores.read_text()
    new.write_text("DIGITS = 3\n")
    scores.write_text(f"{text}\n\ndef f():\n    from yaynay.models import rounding\n    return rounding.DIGITS\n")
    with_import = versions(source)
    new.write_text("DIGITS = 4\n")
    with_edit = versions(source)
    scores.write_text(text)
    new.unlink()
    assert versions(source) == before
    for name in before:
        assert len({before[name], with_import[name], with_edit[name]}) == 3


def test_words_change_nothing(source: Path) -> None:
    before = versions(source)
    path = source / ENCODING
    text = path.read_text()
    path.write_text(text.replace('"""', '"""Said otherwise. ', 1) + "# a comment\n")
    assert versions(source) == before
    path.write_text(text.replace("return levels[1:] or", "return levels or"))
    assert not set(versions(source).values()) & set(before.values())
    path.write_text(text)


def test_a_run_notes_the_version_of_its_backend() -> None:
    noted = {backend: run_facts(backend, 0.0, 0.0, "cpu")["numerics"] for backend in (*BACKENDS, "ridge")}
    assert noted == {backend: version.numerics_version(backend)[:16] for backend in noted}
    assert len(set(noted.values())) == len(noted) - 1  # closed forms share theirs
