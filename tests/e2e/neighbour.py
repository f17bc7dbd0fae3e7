"""A hostile neighbour: another host on the link of Home Assistant."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
import json
import sys
from typing import Any, Final

from tests.lab import INTERNET_ADDRESS, NAS_ADDRESS, Host, Lab, LabProcess

from .false_servers import READY
from .homeassistant import ROOT

# It has as many addresses as it likes.
_ADDRESSES: Final = (
    NAS_ADDRESS,
    *(f"192.168.77.{number}" for number in range(101, 111)),
)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody who invents servers in the LAN, with an accomplice in the Internet."""

    lab: Lab
    servers: LabProcess
    accomplice: LabProcess

    @property
    def output(self) -> str:
        """Return all that either was ever sent."""
        return self.servers.output + self.accomplice.output

    def requests(self) -> list[dict[str, Any]]:
        """Return what the invented servers in the LAN were asked so far."""
        return _told(self.servers, "request")

    def searches(self) -> list[dict[str, Any]]:
        """Return who has searched for servers, and got thousands."""
        return _told(self.servers, "searched")

    def requests_elsewhere(self) -> list[dict[str, Any]]:
        """Return what the one in the Internet was asked so far."""
        return _told(self.accomplice, "request")

    def announce(self) -> LabProcess:
        """Begin to announce thousands of servers, over and over."""
        return self.lab.start(
            Host.NAS,
            sys.executable,
            "-m",
            "tests.e2e.announcements",
            *_ADDRESSES,
            cwd=ROOT,
        )


@contextmanager
def neighbour(lab: Lab, machine_identifier: str) -> Generator[Neighbour]:
    """Have a neighbour who also says to be a certain server."""
    for address in _ADDRESSES[1:]:
        lab.run(Host.NAS, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
    servers = _serve(lab, Host.NAS, machine_identifier, *_ADDRESSES)
    accomplice = _serve(lab, Host.WAN, machine_identifier, INTERNET_ADDRESS)
    try:
        yield Neighbour(lab, servers, accomplice)
    finally:
        servers.stop()
        accomplice.stop()


def _serve(lab: Lab, host: Host, *arguments: str) -> LabProcess:
    process = lab.start(
        host, sys.executable, "-m", "tests.e2e.false_servers", *arguments, cwd=ROOT
    )
    process.wait_output(READY, timeout=20)
    return process


def _told(process: LabProcess, what: str) -> list[dict[str, Any]]:
    """Return the lines of one kind; what is being written is left out."""
    lines = process.output.rpartition("\n")[0].splitlines()
    told = [json.loads(line) for line in lines if line != READY]
    return [one for one in told if what in one]
