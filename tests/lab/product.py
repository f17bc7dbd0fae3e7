"""The port mapper as a program in the lab, and how its work looks from the Internet.

It runs as its program for the shell, which keeps a port open as Home Assistant does.
"""

from collections.abc import Callable
from pathlib import Path
import sys
import time

from . import Connection, Host, Lab, RouterOptions
from .process import LabProcess

PACKAGE = Path(__file__).parents[2] / "custom_components" / "plex_remote_access"
PORT = 32400
UPNP_ONLY = RouterOptions(nat_pmp=False, pcp=False)


def program(lab: Lab, *arguments: str) -> LabProcess:
    """Start the program on the host of Home Assistant."""
    return lab.start(
        Host.LAN, sys.executable, "-u", "-m", "portmap", *arguments, cwd=PACKAGE
    )


def serve(lab: Lab, host: Host = Host.LAN, *, port: int = PORT) -> None:
    """Have something answer at the port."""
    server = lab.start(host, sys.executable, "-u", "-m", "http.server", str(port))
    server.wait_output("Serving")


def become(look: Callable[[], object], expected: object, seconds: float) -> float:
    """Wait until something is as expected; return how long it took."""
    started = time.monotonic()
    while (seen := look()) != expected and time.monotonic() < started + seconds:
        time.sleep(0.02)
    assert seen == expected
    return time.monotonic() - started


def connect(lab: Lab, port: int = PORT) -> Connection:
    """Connect from the Internet."""
    return lab.connect_from_wan(lab.public_address, port, timeout=1)
