"""Fixtures of the lab."""

from collections.abc import Generator
import os
from pathlib import Path

import pytest

from . import Lab, RouterOptions, missing_needs


@pytest.fixture(scope="session")
def lab_needs() -> None:
    """Skip where the lab cannot work; in CI it has to."""
    if missing := missing_needs():
        reason = f"The lab needs {', '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def router_options() -> RouterOptions:
    """Return the kind of router; tests parametrize it."""
    return RouterOptions()


@pytest.fixture
def lab(
    lab_needs: None, router_options: RouterOptions, tmp_path: Path
) -> Generator[Lab]:
    """Return a lab of its own for each test, with logs in the test's folder."""
    with Lab(router_options, logs=tmp_path / "lab") as running:
        yield running
