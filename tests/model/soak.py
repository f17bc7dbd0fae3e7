"""Try many orders of events, and count."""

import argparse
from collections import Counter
import math
from pathlib import Path
import sys
import time
from typing import Final

import pytest

from tests.reliability import Record

from . import CHECK, CHOSEN, Effort

_TEST: Final = Path(__file__).with_name("test_model.py")
# What is drawn from one seed. The next one is tried also if something was broken.
_ORDERS: Final = 25
# To make an order short that breaks something takes up to five minutes.
_LIMIT: Final = 900


class Tally:
    """Asks for an effort, and counts what came of it."""

    def __init__(self, effort: Effort) -> None:
        """Have seen nothing yet."""
        self.tried: Counter[str] = Counter()
        self.checks: list[int] = []
        self.violations: list[str] = []
        self._effort = effort

    def pytest_configure(self, config: pytest.Config) -> None:
        """Ask for the effort."""
        config.stash[CHOSEN] = self._effort

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what came of one seed; teardown repeats what the call has told."""
        if report.failed:
            name = report.nodeid.rpartition("::")[2]
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message if crash else report.longreprtext
            self.violations.append(f"{name} ({report.when}): {text[:2000]}")
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
    batches = math.ceil(options.sequences / _ORDERS)
    seeds = range(options.seed, options.seed + batches)
    tally = Tally(Effort(seeds=tuple(seeds), orders=_ORDERS))
    arguments = [str(_TEST), "-v", "--tb=short", "--show-capture=no"]
    code = pytest.main([*arguments, f"--timeout={_LIMIT}"], plugins=[tally])
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
            f"Up to four things happen before a check; a seed makes {_ORDERS} orders.",
        ],
    ).write()
    if tally.violations:
        sys.exit("invariants were broken")


if __name__ == "__main__":
    main()
