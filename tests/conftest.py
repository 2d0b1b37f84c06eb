"""How often a fault is tried, how long it may take, and where the figures are written."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    # as commands do, before NumPy starts: beside another process, BLAS's second thread waits in a loop for its turn
    os.environ.setdefault(_name, "1")

import pytest
from hypothesis import settings

settings.register_profile("yaynay", max_examples=300, stateful_step_count=12, deadline=None)  # a busy machine is slow
settings.load_profile("yaynay")

_FIGURES = pytest.StashKey[dict[str, tuple[str, str, str]]]()
_PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"
_HEAD = "| what is promised | goal | tries | seen |\n| --- | --- | --- | --- |\n"

Times = Callable[[int, int], int]
Within = Callable[[float], float]
Figure = Callable[[str, str, int, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--faults`: every repeat of the fault tests; writes their figures to docs/reliability.md."""
    parser.addoption("--faults", action="store_true", help="all repeats of the fault tests; writes docs/reliability.md")


def pytest_configure() -> None:
    """Commands start with signals as a terminal leaves them, even where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background inherits it ignored
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def lacks(reason: str) -> NoReturn:
    """End a test, or a module, that this machine cannot run: skipped, but failed in continuous integration."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=True)


@pytest.fixture
def times(request: pytest.FixtureRequest) -> Times:
    """How often to try: `times(sample, full)`."""
    is_full = request.config.getoption("--faults")
    return lambda sample, full: full if is_full else sample


@pytest.fixture
def within(request: pytest.FixtureRequest) -> Within:
    """A promised time [s]; twelve times that without `--faults`, where the machine may be busy."""
    factor = 1 if request.config.getoption("--faults") else 12
    return lambda seconds: factor * seconds


@pytest.fixture
def only_with_faults(request: pytest.FixtureRequest) -> None:
    """Leave a test, or a case that asks for this by name, to `make test-faults`."""
    if not request.config.getoption("--faults"):
        pytest.skip("runs in make test-faults")


@pytest.fixture(scope="session")
def figure(request: pytest.FixtureRequest) -> Figure:
    """Note what was measured: `figure(promise, goal, tries, seen)`; kept with --faults."""
    found = request.config.stash.setdefault(_FIGURES, {})

    def note(promise: str, goal: str, tries: int, seen: str) -> None:
        print(f"{promise} ({goal}): {tries} tries, {seen}")
        found[promise] = (goal, str(tries), seen)

    return note


@pytest.fixture(scope="module")
def timed(request: pytest.FixtureRequest, figure: Figure) -> Iterator[None]:
    """Note how long a module's properties take together."""
    clock = time.perf_counter()
    yield
    seconds = time.perf_counter() - clock
    n_tests = sum(item.path == request.path for item in request.session.items)
    figure(f"Properties in {request.path.name}, 300 examples each", "all within 60 s", n_tests, f"{seconds:.0f} s")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Replace the figures of the same promises with those of this test run."""
    found = session.config.stash.get(_FIGURES, {})
    if not session.config.getoption("--faults") or not found or not _PAGE.is_file():
        return
    before, begin, rest = _PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    table, end, after = rest.partition(_END)
    if not begin or not end:
        return
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
    kept = {row[0].strip(): tuple(cell.strip() for cell in row[1:]) for row in rows} | found
    lines = "".join(f"| {promise} | {' | '.join(cells)} |\n" for promise, cells in sorted(kept.items()))
    _PAGE.write_text(f"{before}{begin}\n{_HEAD}{lines}{end}{after}", encoding="utf-8")
