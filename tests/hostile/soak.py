"""Carry out every attack many times, and count what it cost."""

import argparse
import asyncio
from collections import Counter
import sys
import time

from tests.reliability import Record

from .attacks import ATTACKS
from .bounds import Cost, measured


async def _attack(name: str) -> Cost:
    """Carry out one attack."""
    async with measured() as cost:
        cost.requests = await ATTACKS[name].carry_out()
    return cost


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="scripts/soak hostile", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    began = time.monotonic()
    tried: Counter[str] = Counter()
    violations: list[str] = []
    memory: dict[str, int] = {}
    busy: dict[str, float] = {}
    for number in range(options.rounds):
        for name, attack in ATTACKS.items():
            tried[name.partition(":")[0]] += 1
            try:
                cost = asyncio.run(_attack(name))
            except Exception as err:  # noqa: BLE001 - none may get through
                violations.append(f"{name}: {type(err).__name__}: {err}")
                continue
            violations += [f"{name}: {text}" for text in cost.beyond(attack.bound)]
            memory[name] = max(memory.get(name, 0), cost.memory)
            busy[name] = max(busy.get(name, 0), cost.busy)
        print(
            f"round {number + 1}: {len(violations)} violations", *violations, sep="\n"
        )
    largest, slowest = (
        max(memory, key=memory.__getitem__),
        max(busy, key=busy.__getitem__),
    )
    Record(
        suite="hostile",
        tried=dict(tried),
        violations=violations,
        seeds=[],
        seconds=time.monotonic() - began,
        figures={
            "Different attacks": str(len(ATTACKS)),
            "Most memory": f"{memory[largest] / 2**20:.1f} MiB ({largest})",
            "Most computing, the attacker's own included": (
                f"{busy[slowest]:.2f} s ({slowest})"
            ),
        },
    ).write()
    if violations:
        sys.exit("bounds were broken")


if __name__ == "__main__":
    main()
