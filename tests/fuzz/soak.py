"""Send every parser a great many inputs, guided by coverage, and count."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import subprocess
import sys
from tempfile import TemporaryDirectory
import time
from typing import Final

from tests.reliability import Record

from .targets import TARGETS

_ROOT: Final = Path(__file__).parents[2]
_ATHERIS: Final = _ROOT / ".cache" / "fuzz"
_COVERAGE: Final = re.compile(r"cov: (\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of one parser."""

    inputs: int
    seconds: float
    memory: int
    violations: list[str]
    branches: tuple[int, int]
    """How many were reached by the seeds, and in the end."""


def _send(name: str, runs: int, seed: int) -> Outcome:
    """Run atheris on one parser."""
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            (
                sys.executable,
                "-m",
                "tests.fuzz.guided",
                name,
                str(runs),
                str(seed),
                folder,
            ),
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ATHERIS)},
            capture_output=True,
            text=True,
            check=False,
        )
        result = Path(folder, "result.json")
        if not result.exists():
            return Outcome(
                inputs=0,
                seconds=0,
                memory=0,
                violations=[f"{name}: no result: {done.stderr[-500:]}"],
                branches=(0, 0),
            )
        found = json.loads(result.read_text())
    reached = [int(count) for count in _COVERAGE.findall(done.stderr)] or [0]
    violations = [f"{name} (seed {seed}): {text}" for text in found["violations"]]
    print(f"{name}: {found['inputs']:,} inputs, {len(violations)} violations")
    return Outcome(
        inputs=found["inputs"],
        seconds=found["seconds"],
        memory=found["memory"],
        violations=violations,
        branches=(reached[0], reached[-1]),
    )


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="scripts/soak fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_050_000, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1)
    options = parser.parse_args()
    subprocess.run([_ROOT / "scripts" / "setup", "--fuzz"], check=True)
    began = time.monotonic()
    each = -(-options.inputs // len(TARGETS))
    with ThreadPoolExecutor(options.at_once) as pool:
        outcomes = dict(
            zip(
                TARGETS,
                pool.map(lambda name: _send(name, each, options.seed), TARGETS),
                strict=True,
            )
        )
    slowest = max(outcomes, key=lambda name: outcomes[name].seconds)
    largest = max(outcomes, key=lambda name: outcomes[name].memory)
    Record(
        suite="fuzz",
        tried={name: outcome.inputs for name, outcome in outcomes.items()},
        violations=[text for item in outcomes.values() for text in item.violations],
        seeds=[options.seed],
        seconds=time.monotonic() - began,
        figures={
            "Slowest input (bound: 50 ms)": (
                f"{outcomes[slowest].seconds * 1000:.1f} ms ({slowest})"
            ),
            "Most memory for one input (bound: 4 MiB)": (
                f"{outcomes[largest].memory / 2**20:.2f} MiB ({largest})"
            ),
            "Branches reached by the regular answers, and in the end": (
                f"{sum(item.branches[0] for item in outcomes.values()):,},"
                f" {sum(item.branches[1] for item in outcomes.values()):,}"
            ),
        },
    ).write()
    if any(outcome.violations for outcome in outcomes.values()):
        sys.exit("bounds were broken")


if __name__ == "__main__":
    main()
