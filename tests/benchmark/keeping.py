"""Keeping a mapping: how soon it is back, how much is asked, how much it takes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
import sys
import time

from tests.lab import ROUTER_ADDRESS, Connection, Host, Lab, LabProcess, RouterOptions
from tests.lab.probe import CLIENTS

PACKAGE = Path(__file__).parents[2] / "custom_components" / "plex_remote_access"
PORT = 32400
# The router has to be seen gone, then back.
_PATIENCE = 120
# Between two events; those that follow each other at once are taken for a flood.
_QUIET = 3
# The first looks also find out what else the router speaks, and whether it tells us of
# our own requests: that shows when one has been repeated twice.
_SETTLED = 260
_IDLE_MINUTES = 3
OTHER_ADDRESS = "192.0.1.77"


def _watch(lab: Lab, *options: str) -> LabProcess:
    """Keep a port open as Home Assistant does."""
    watch = lab.start(
        Host.LAN,
        sys.executable,
        "-u",
        "-m",
        "portmap",
        *options,
        "watch",
        str(PORT),
        cwd=PACKAGE,
    )
    watch.wait_output("external address")
    return watch


def _serve(lab: Lab) -> None:
    server = lab.start(Host.LAN, sys.executable, "-u", "-m", "http.server", str(PORT))
    server.wait_output("Serving")


def _seconds_until(done: Callable[[], bool]) -> float:
    started = time.monotonic()
    while not done():
        if time.monotonic() > started + _PATIENCE:
            raise TimeoutError("It did not happen")
        time.sleep(0.02)
    return time.monotonic() - started


def healing(options: RouterOptions, times: int) -> list[float]:
    """Restart the router; return the seconds until people get in again."""
    figures = []
    with Lab(options) as lab:
        _serve(lab)
        _watch(lab)
        for _ in range(times):
            time.sleep(_QUIET)
            lab.restart_router()
            figures.append(
                _seconds_until(
                    lambda: (
                        lab.connect_from_wan(lab.public_address, PORT, timeout=1)
                        is Connection.OPEN
                    )
                )
            )
    return figures


def noticing(times: int) -> list[float]:
    """Change the router's address; return the seconds until it is known."""
    figures = []
    with Lab() as lab:
        first = lab.wan_address
        watch = _watch(lab)
        for turn in range(times):
            address = first if turn % 2 else OTHER_ADDRESS
            told = f"external address {address}"
            before = watch.output.count(told)
            time.sleep(_QUIET)
            lab.set_wan_address(address)
            figures.append(_seconds_until(partial(_tells, watch, told, before)))
    return figures


def _tells(watch: LabProcess, text: str, before: int) -> bool:
    """Tell whether something was said once more."""
    return watch.output.count(text) > before


def no_router() -> float:
    """Return the milliseconds until it is said that no router answers."""
    options = RouterOptions(upnp=False, nat_pmp=False, pcp=False)
    with Lab(options) as lab:
        return _number(lab, "tests.benchmark.verdict")


def memory(ports: int) -> float:
    """Return the KiB that a keeper with some ports takes."""
    with Lab() as lab:
        return _number(lab, "tests.benchmark.memory", str(ports))


def _number(lab: Lab, module: str, *arguments: str) -> float:
    run = lab.run(Host.LAN, sys.executable, "-m", module, *arguments, timeout=60)
    return float(run.stdout)


def idle(options: RouterOptions) -> float:
    """Return the packets a minute, both ways, of a port that is kept open."""
    with Lab(options) as lab:
        _watch(lab)
        time.sleep(_SETTLED)
        count = lab.run(
            Host.LAN,
            sys.executable,
            "-IS",
            CLIENTS / "count_packets.py",
            ROUTER_ADDRESS,
            str(60 * _IDLE_MINUTES),
            timeout=60 * _IDLE_MINUTES + 10,
        )
        return int(count.stdout) / _IDLE_MINUTES
