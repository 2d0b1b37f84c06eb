"""Every backend that is installed; one that is missing is skipped, but not in continuous integration."""

import importlib.util
import os

import pytest

from yaynay.models.backends.base import MODULES


def require(name: str) -> str:
    """The backend's name, if it can be used here."""
    if importlib.util.find_spec(name) is None:
        reason = f"{name} is not installed here"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return name


@pytest.fixture(params=list(MODULES))
def backend(request: pytest.FixtureRequest) -> str:
    return require(request.param)
