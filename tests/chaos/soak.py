"""Chaos in its long form: `scripts/soak chaos`."""

import argparse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import subprocess
import sys
import time
from typing import Final

from tests.reliability import Record

from .outcome import Outcome

_ROOT: Final = Path(__file__).parents[2]
_LOGS: Final = _ROOT / "test-artifacts" / "chaos"

# What a fault takes on average, with its settling, and a margin on a slow machine.
_SECONDS_PER_FAULT: Final = 30

_NOTES: Final = (
    (
        "Home Assistant, miniupnpd and the way from the Internet are real, each in a network"
        " namespace; the Plex server and plex.tv are simulated."
    ),
    (
        "After each fault, within the time that is stated for it: what is wanted on is"
        " reached from the Internet, what is wanted off or removed is refused and not in the"
        " router's table, there is one mapping of ours at most, foreign ones are untouched,"
        " the entities tell the truth, no task, timer or socket lingers, no exception is"
        " unhandled, and plex.tv is asked for a probe once a minute at most."
    ),
    (
        "The server looks every 8 s whether it is still reached, as real ones do every few"
        " minutes."
    ),
    "Packets are lost by a rule of the router's firewall. They are not delayed.",
    (
        "The wall clock is set for the process of Home Assistant alone, and ahead only. Its"
        " timers go by the monotonic clock, which nobody can set."
    ),
)


def _run(seed: int, faults: int, *, same_process: bool) -> Outcome:
    """Carry a sequence out in a process of its own, which may change its namespace."""
    folder = _LOGS / str(seed)
    command = [sys.executable, "-m", "tests.chaos", str(seed), str(faults), str(folder)]
    if same_process:
        command.append("--same-process")
    print(f"seed {seed}: {faults} faults, log in {folder}.log", flush=True)
    with folder.with_suffix(".log").open("w") as log:
        try:
            subprocess.run(
                command,
                cwd=_ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=300 + faults * _SECONDS_PER_FAULT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print(f"seed {seed}: took too long", flush=True)
    outcome = Outcome.read(folder)
    print(f"seed {seed}: {outcome.violation or 'held'}", flush=True)
    return outcome


def _record(outcomes: list[Outcome], seconds: float) -> Record:
    """Return what is told of all sequences."""
    tried: Counter[str] = Counter()
    for outcome in outcomes:
        tried.update(outcome.tried)
    growths = [
        (outcome.kib_after - outcome.kib_before, outcome.total)
        for outcome in outcomes
        if outcome.kib_before and outcome.kib_after
    ]
    figures = {"Looks at an invariant": f"{sum(o.checks for o in outcomes):,}"}
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.slowest)[:1]:
        figures["Longest until all was well again"] = (
            f"{outcome.slowest:.0f} s ({outcome.slowest_fault})"
        )
    if growths:
        kib, faults = max(growths, key=lambda growth: growth[1])
        figures[f"Growth in {faults} faults (goal: 2 MiB in 500)"] = (
            f"{kib / 1024:.1f} MiB"
        )
    return Record(
        suite="chaos",
        tried=dict(sorted(tried.items())),
        violations=[o.violation for o in outcomes if o.violation],
        seeds=[outcome.seed for outcome in outcomes],
        seconds=seconds,
        figures=figures,
        notes=_NOTES,
    )


def _lengths(faults: int, first: int, each: int) -> list[int]:
    """Return how many faults each sequence has."""
    lengths = [min(first, faults)] if first else []
    while (left := faults - sum(lengths)) > 0:
        lengths.append(min(each, left))
    return lengths


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="scripts/soak chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first sequence")
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--each", type=int, default=25, help="faults in any other")
    parser.add_argument("--jobs", type=int, default=2, help="sequences at once")
    parser.add_argument(
        "--minutes", type=float, default=600, help="begin no sequence after that"
    )
    parser.add_argument(
        "--one-process",
        type=int,
        default=500,
        help="faults of the first sequence, which never ends Home Assistant",
    )
    arguments = parser.parse_args()
    _LOGS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    deadline = started + 60 * arguments.minutes
    outcomes: list[Outcome] = []

    lengths = _lengths(arguments.faults, arguments.one_process, arguments.each)

    def carry_out(number: int) -> None:
        if time.monotonic() > deadline:
            return
        same_process = number == 0 and arguments.one_process > 0
        outcomes.append(
            _run(arguments.seed + number, lengths[number], same_process=same_process)
        )
        # After each, so that also an interrupted run is told.
        _record(outcomes, time.monotonic() - started).write()

    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(carry_out, range(len(lengths))))
    if any(outcome.violation for outcome in outcomes):
        sys.exit("an invariant did not hold")


if __name__ == "__main__":
    main()
