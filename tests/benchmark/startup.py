"""The page that tells what Home Assistant pays for the integration."""

from collections.abc import Mapping
import json
from pathlib import Path
from statistics import median
import subprocess
import sys
from typing import Final

from tests.lab import Host, Lab

from .footprint import MANY, ROUNDS
from .report import Goal, conclusion

PAGE: Final = Path(__file__).parents[2] / "docs" / "footprint.md"

_LONGEST_CALLBACK: Final = 5
_ABOUT: Final = (
    "Written by `scripts/benchmark --only homeassistant`; all figures are of one run on"
    " one machine. Home Assistant runs in a process of its own, the simulated Plex servers"
    " and the router in another one. Beside it is a core integration of the platinum tier,"
    " `elgato`, in the same way; its library is a stand-in that answers at once, without a"
    " network. `upnp` is only imported: its set-up waits for a router to announce itself."
)
_HOW: Final = (
    f"The set-up is the median of entries 2 to {ROUNDS}; memory is the mean of entries"
    f" {ROUNDS + 1} to {MANY}."
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


def _footprint() -> dict[str, float]:
    """Return the figures of Home Assistant in the lab, where it disturbs nobody."""
    figures: dict[str, float] = {}
    with Lab() as lab:
        for integration in ("ours", "elgato"):
            run = lab.run(
                Host.LAN,
                sys.executable,
                "-m",
                "tests.benchmark.footprint",
                integration,
                timeout=300,
            )
            figures |= json.loads(run.stdout.splitlines()[-1])
    return figures


def _goals(figures: Mapping[str, float]) -> list[Goal]:
    return [
        Goal(
            name=f"Longest callback (processor time), {name}",
            figure=f"{figures[f'{key} callback']:.2f} ms",
            wanted=f"<= {_LONGEST_CALLBACK} ms",
            reached=figures[f"{key} callback"] <= _LONGEST_CALLBACK,
        )
        for name, key in (
            ("set-up", "setup"),
            ("turning on and off", "toggle"),
            ("healing", "heal"),
        )
    ]


def write() -> None:
    """Measure, and write the page."""
    imports = {name: _import_time(name) for name in _MODULES}
    figures = _footprint()
    rows = (
        ("Set-up of an entry", "setup", "ms", 2),
        ("Memory of an entry", "memory", "KiB", 0),
        (f"Processor in idle, {MANY} entries", "idle", "% of a core", 2),
    )
    lines = [
        "# What Home Assistant pays",
        "",
        _ABOUT,
        "",
        "| What | Plex Remote Access | elgato | upnp |",
        "| --- | ---: | ---: | ---: |",
        "| Import (median of 5) | "
        + " | ".join(f"{milliseconds:.0f} ms" for milliseconds in imports.values())
        + " |",
        *(
            f"| {name} | {figures[f'ours {key}']:.{digits}f} {unit}"
            f" | {figures[f'elgato {key}']:.{digits}f} {unit} | - |"
            for name, key, unit, digits in rows
        ),
        "",
        _HOW,
        "",
        *conclusion(_goals(figures)),
    ]
    PAGE.write_text("\n".join(lines))
    print(PAGE.read_text())
