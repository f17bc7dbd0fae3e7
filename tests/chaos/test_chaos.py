"""Whatever goes wrong is overcome: the short form, with sequences that never change."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

from tests.e2e.world import missing

from .outcome import Outcome

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "test-artifacts" / "chaos"


@pytest.fixture(scope="session")
def chaos_needs() -> None:
    """Skip where the lab cannot work; in CI it has to."""
    if needs := missing("current"):
        reason = f"Chaos needs {', '.join(needs)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.mark.usefixtures("chaos_needs")
@pytest.mark.parametrize(("seed", "faults"), [(8, 13), (9, 12)])
def test_everything_goes_wrong(seed: int, faults: int) -> None:
    """What is wanted is true again each time, and nothing is left in the end."""
    folder = LOGS / f"short-{seed}"

    subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.chaos",
            str(seed),
            str(faults),
            folder,
            "--quick",
        ],
        cwd=ROOT,
        check=False,
        timeout=280,
    )

    outcome = Outcome.read(folder)
    assert outcome.violation is None
    assert outcome.total >= faults
