"""Carry out the tests of limits with large numbers, and tell what they measured."""

import argparse
from dataclasses import replace
from pathlib import Path
import sys
import time

import pytest

from tests.reliability import Record

from .sizes import CHOSEN, LONG, Sizes

_NOTE = (
    "Server and router are simulated. Where it says so, time is, too: it jumps from one"
    " timer to the next. Computing includes what the simulators need."
)


class _LongForm:
    """Has the tests take large numbers, and collects what they tell."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self.tried: dict[str, int] = {}
        self.figures: dict[str, str] = {}
        self.violations: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Choose the numbers."""
        config.stash[CHOSEN] = self._sizes

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down what came of a test."""
        if report.failed:
            reason = report.longreprtext.strip().splitlines()[-1]
            self.violations.append(f"{report.location[2]} ({report.when}): {reason}")
        if report.when == "call":
            for name, value in report.user_properties:
                if isinstance(value, int):
                    self.tried[name] = value
                else:
                    self.figures[name] = str(value)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="scripts/soak limits", description=__doc__)
    parser.add_argument("--hours", type=int, default=LONG.idle_hours, help="of idle")
    options = parser.parse_args()
    began = time.monotonic()
    form = _LongForm(replace(LONG, idle_hours=options.hours))
    # Logs are kept in memory by tests, which would count.
    failed = pytest.main(
        [
            "-p",
            "no:cacheprovider",
            "--log-level=ERROR",
            "-v",
            str(Path(__file__).parent),
        ],
        plugins=[form],
    )
    Record(
        suite="limits",
        tried=form.tried,
        violations=form.violations,
        seeds=[],
        seconds=time.monotonic() - began,
        figures=form.figures,
        notes=[_NOTE],
    ).write()
    if failed:
        sys.exit("a limit did not hold")


if __name__ == "__main__":
    main()
