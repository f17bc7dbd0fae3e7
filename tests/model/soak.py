"""Try many orders of events, and count."""

import argparse
from collections import Counter
from pathlib import Path
import sys
import time
from typing import Final

import pytest

from tests.reliability import Record

from . import CHECK, SEEDS

_TEST: Final = Path(__file__).with_name("test_model.py")


class Tally:
    """Asks for seeds, and counts what came of them."""

    def __init__(self, seeds: range) -> None:
        """Have seen nothing yet."""
        self.tried: Counter[str] = Counter()
        self.checks: list[int] = []
        self.violations: list[str] = []
        self._seeds = seeds

    def pytest_configure(self, config: pytest.Config) -> None:
        """Ask for the seeds."""
        config.stash[SEEDS] = self._seeds

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what one seed led to; teardown repeats what the call has told."""
        if report.failed:
            name = report.nodeid.rpartition("::")[2]
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message if crash else report.longreprtext
            self.violations.append(f"{name} ({report.when}): {text[:500]}")
        if report.when == "call":
            for name, value in report.user_properties:
                if name == CHECK:
                    self.checks.append(int(str(value)))
                else:
                    self.tried[str(value)] += 1


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="scripts/soak model", description=__doc__)
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="the first of them")
    options = parser.parse_args()
    began = time.monotonic()
    seeds = range(options.seed, options.seed + options.sequences)
    tally = Tally(seeds)
    arguments = [str(_TEST), "-q", "--tb=short", "--show-capture=stdout"]
    code = pytest.main([*arguments, "--timeout=120"], plugins=[tally])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        sys.exit(f"it did not run to its end: {code}")
    checks = sorted(tally.checks)
    Record(
        suite="model",
        tried=dict(sorted(tally.tried.items())),
        violations=tally.violations,
        seeds=list(seeds),
        seconds=time.monotonic() - began,
        figures={
            "Times that all was checked": f"{len(checks):,}",
            "Until all was well for good, at the median, on a clock that jumps": (
                f"{checks[len(checks) // 2]} s"
            ),
            "The same, at worst": f"{checks[-1]} s",
        },
        notes=[
            "Coordinator, plan and port mapper are real, server and router simulated.",
            "Up to four things happen before all is mended and checked.",
        ],
    ).write()
    if tally.violations:
        sys.exit("invariants were broken")


if __name__ == "__main__":
    main()
