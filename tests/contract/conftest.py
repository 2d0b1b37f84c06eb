"""Every backend that is installed; one that is missing is skipped, but not in continuous integration."""

import importlib.util

import pytest
from conftest import lacks

from yaynay.models.backends.base import MODULES


def require(name: str) -> str:
    """The backend's name, if it can be used here."""
    if importlib.util.find_spec(name) is None:
        lacks(f"{name} is not installed here")
    return name


@pytest.fixture(params=list(MODULES))
def backend(request: pytest.FixtureRequest) -> str:
    return require(request.param)
