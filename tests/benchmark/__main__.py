"""Run everything, and write docs/benchmarks.md and docs/footprint.md."""

import argparse
from concurrent.futures import ThreadPoolExecutor
import json
from pathlib import Path
from statistics import median
import sys

from tests.lab import Host, Lab, RouterOptions

from . import keeping, startup
from .report import Goal, p95, page

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def _mapping(rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each client, round by round."""
    with Lab() as lab:
        run = lab.run(
            Host.LAN,
            sys.executable,
            "-m",
            "tests.benchmark.mapping",
            str(rounds),
            lab.description_url,
            timeout=60 * rounds,
        )
    figures: dict[str, list[float]] = json.loads(run.stdout)
    return figures


def _ratio(name: str, ours: float, other: float, limit: float) -> Goal:
    return Goal(
        name=name,
        figure=f"{ours / other:.2f} x",
        wanted=f"<= {limit:.2f} x",
        reached=ours <= limit * other,
    )


def _limit(name: str, figure: float, unit: str, limit: float) -> Goal:
    return Goal(
        name=name,
        figure=f"{figure:.2f} {unit}",
        wanted=f"<= {limit:g} {unit}",
        reached=figure <= limit,
    )


def _goals_of_mapping(mapping: dict[str, list[float]]) -> list[Goal]:
    middle = {name: median(figures) for name, figures in mapping.items()}
    cold = middle["ours upnp cold"]
    return [
        _ratio(
            "PCP, of the bare exchange",
            middle["ours pcp warm"],
            middle["raw NAT-PMP"],
            1.2,
        ),
        _ratio(
            "NAT-PMP, of the bare exchange",
            middle["ours nat_pmp warm"],
            middle["raw NAT-PMP"],
            1.2,
        ),
        _limit("UPnP, cold", cold, "ms", 110),
        _ratio("UPnP, cold, of upnpc", cold, middle["upnpc"], 1 / 20),
        *(
            _ratio(
                f"UPnP, warm, of {name}", middle["ours upnp warm"], middle[name], 1.2
            )
            for name in ("raw SOAP", "raw SOAP, with a look before")
        ),
    ]


def _goals_of_keeping(restarts: int) -> list[Goal]:
    announced = keeping.healing(RouterOptions(), restarts)
    silent = keeping.healing(RouterOptions(announces=False, upnp=False), 3)
    noticed = keeping.noticing(restarts)
    return [
        _limit("Verdict without a router", keeping.no_router() / 1000, "s", 3),
        _limit(
            "Open again after a restart, announced (median)", median(announced), "s", 1
        ),
        _limit("Open again after a restart, announced (p95)", p95(announced), "s", 1),
        _limit(
            "Open again after a restart, by polling alone (worst)", max(silent), "s", 60
        ),
        _limit("Another public address noticed (p95)", p95(noticed), "s", 1),
        *_goals_of_idle(),
        *(
            _limit(
                f"Memory of a keeper with {ports} ports",
                keeping.memory(ports),
                "KiB",
                limit,
            )
            for ports, limit in ((1, 64), (10, 256), (50, 1024))
        ),
    ]


def _goals_of_idle() -> list[Goal]:
    """Count packets in several labs at once: it is no matter of speed."""
    routers = {
        "PCP": RouterOptions(upnp=False),
        "NAT-PMP": RouterOptions(upnp=False, pcp=False),
        "UPnP": RouterOptions(nat_pmp=False, pcp=False),
        "PCP with the events of UPnP": RouterOptions(),
    }
    with ThreadPoolExecutor() as pool:
        return [
            _limit(f"Packets a minute in idle, {name}", figure, "packets", 4)
            for name, figure in zip(
                routers, pool.map(keeping.idle, routers.values()), strict=True
            )
        ]


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Benchmarks with a real router")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--only", choices=["mapper", "homeassistant"])
    arguments = parser.parse_args()
    if arguments.only != "mapper":
        startup.write()
    if arguments.only == "homeassistant":
        return
    mapping = _mapping(arguments.rounds)
    goals = _goals_of_mapping(mapping) + _goals_of_keeping(arguments.restarts)
    PAGE.write_text(page(arguments.rounds, mapping, goals))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
