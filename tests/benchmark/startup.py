"""The page that tells what Home Assistant pays for the integration."""

from collections.abc import Iterable, Mapping
import json
from pathlib import Path
from statistics import median
import subprocess
import sys
from typing import Any, Final

from tests.lab import Host, Lab

from .footprint import LAPS, MANY, ROUNDS
from .report import Goal, conclusion

PAGE: Final = Path(__file__).parents[2] / "docs" / "footprint.md"

_LONGEST_CALLBACK: Final = 5
_ABOUT: Final = (
    "Written by `scripts/benchmark --only homeassistant`; all figures are of one run on"
    " one machine. One Home Assistant sets up all three, one after the other: this"
    " integration against simulated Plex servers and a simulated router in another"
    " process; the core integration `elgato`, of the platinum tier, with a stand-in for"
    " its library that answers at once, without a network; and the core integration"
    " `upnp` with a real miniupnpd, which it has discovered before."
)
_HOW: Final = (
    f"Import and set-up are medians, of 5 and of {ROUNDS}. The longest callback is the"
    f" median of {LAPS} rounds of the longest in each: by the clock on the wall, which is"
    " what others wait for, and by the time of the processor, as the machine has other"
    " things to do as well. Memory is the mean of all entries but the first."
)
# What Home Assistant reads at the start, the platforms included.
_MODULES: Final = {
    "ours": (
        "custom_components.plex_remote_access",
        *("binary_sensor", "button", "config_flow", "number", "select"),
        *("sensor", "switch", "trigger", "condition"),
    ),
    "elgato": (
        "homeassistant.components.elgato",
        *("button", "config_flow", "light", "number", "select"),
        *("sensor", "switch", "update"),
    ),
    "upnp": (
        "homeassistant.components.upnp",
        *("binary_sensor", "config_flow", "sensor"),
    ),
}
# What is loaded anyway, by any integration.
_IMPORTING: Final = """
import importlib, sys, time
from homeassistant import config_entries
from homeassistant.components import (
    binary_sensor, button, http, light, network, number, select, sensor, ssdp, switch,
    update, zeroconf,
)
from homeassistant.helpers import entity_platform, selector, trigger, condition
from unittest.mock import MagicMock
from tests.benchmark.elgato_stub import make_stub
sys.modules.update(elgato=make_stub(), getmac=MagicMock())
package, *modules = sys.argv[1:]
began = time.perf_counter()
importlib.import_module(package)
for module in modules:
    importlib.import_module(f"{package}.{module}")
print(time.perf_counter() - began)
"""


def _import_time(integration: str) -> float:
    """Return the milliseconds that it takes to import an integration."""

    def once() -> float:
        command = [sys.executable, "-c", _IMPORTING, *_MODULES[integration]]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(run.stdout) * 1000

    once()
    return median(once() for _ in range(5))


def _footprint() -> dict[str, Any]:
    """Return the figures of Home Assistant in the lab, where it disturbs nobody."""
    with Lab() as lab:
        run = lab.run(
            Host.LAN,
            *(sys.executable, "-m", "tests.benchmark.footprint"),
            timeout=600,
        )
    figures: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return figures


def _goals(callbacks: Mapping[str, Mapping[str, float]]) -> list[Goal]:
    return [
        Goal(
            name=f"Longest callback, {name} ({clock} time)",
            figure=f"{longest[clock]:.2f} ms",
            wanted=f"<= {_LONGEST_CALLBACK} ms",
            reached=longest[clock] <= _LONGEST_CALLBACK,
        )
        for name, longest in callbacks.items()
        for clock in ("wall", "processor")
    ]


def write() -> None:
    """Measure, and write the page."""
    imports = {name: _import_time(name) for name in _MODULES}
    figures = _footprint()
    acting = figures.pop("acting")
    columns = [figures[name] for name in _MODULES]
    rows = (
        ("Set-up of an entry", "ms", 2, "setup"),
        ("Longest callback of that, wall time", "ms", 2, "wall"),
        ("Longest callback of that, processor time", "ms", 2, "processor"),
        ("Memory of an entry", "KiB", 0, "memory"),
        ("Processor in idle", "% of a core", 2, "idle"),
    )
    lines = [
        "# What Home Assistant pays",
        "",
        _ABOUT,
        "",
        f"| What | Plex Remote Access, {MANY} entries | elgato, {MANY} | upnp, 1 |",
        "| --- | ---: | ---: | ---: |",
        _row("Import", (f"{taken:.0f} ms" for taken in imports.values())),
        *(
            _row(name, (f"{column[key]:.{digits}f} {unit}" for column in columns))
            for name, unit, digits, key in rows
        ),
        "",
        _HOW,
        "",
        *conclusion(
            _goals(
                {
                    "set-up": figures["ours"],
                    "turning on and off": acting["toggle"],
                    "healing": acting["heal"],
                }
            )
        ),
    ]
    PAGE.write_text("\n".join(lines))
    print(PAGE.read_text())


def _row(name: str, cells: Iterable[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"
