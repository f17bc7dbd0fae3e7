"""A neighbour announces thousands of servers to a real Home Assistant, on the wire."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path
import re
import shutil
import time
from typing import Final

import pytest

from tests.lab import Connection

from .announcements import SERVERS
from .client import Client
from .homeassistant import DOMAIN
from .integration import FLOW, RemoteAccess
from .namespace import inside
from .neighbour import neighbour
from .world import World, world

_LOOKS: Final = 32
_LOOKS_AT_ONE_HOST: Final = 8
_PROPOSALS: Final = 16
_LONGEST_TITLE: Final = 2048
_SWITCHED: Final = 8
_ANSWERED: Final = 2
# Home Assistant itself remembers all that was announced.
_KIB: Final = 64 * 1024


@pytest.fixture
def hearing_home(
    version: str, tmp_path: Path, socket_enabled: None
) -> Generator[World]:
    """Return a home of its own, in which Home Assistant hears announcements."""
    with world(version, tmp_path, integrations=["zeroconf"]) as running:
        try:
            with inside(running.namespace):
                yield running
        finally:
            shutil.copy(
                running.home_assistant.log,
                running.artifacts / "hostile-neighbour-output.log",
            )


def _resident_kib(pid: int) -> int:
    """Return what a process takes of the machine's memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _timed_turn(remote_access: RemoteAccess, state: str) -> float:
    """Return the seconds that switching takes."""
    began = time.monotonic()
    remote_access.turn(state)
    return time.monotonic() - began


def _slowest_answer(client: Client, seconds: float) -> float:
    """Ask again and again, and return the most seconds that an answer took."""
    slowest = 0.0
    end = time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        client.get("/api/states")
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.1)
    return slowest


def _heard(client: Client) -> set[str]:
    """Return the names of all servers that Home Assistant has heard of."""
    return {
        service["name"]
        for event in client.events("zeroconf/subscribe_discovery", 4)
        for service in event.get("add", ())
        if service["type"] == "_plexmediasvr._tcp.local."
    }


def _titles(client: Client) -> list[str]:
    """Return what the owner finds under Discovered."""
    return [
        flow["context"]["title_placeholders"]["name"]
        for flow in client.command("config_entries/flow/progress")
        if flow["handler"] == DOMAIN
    ]


def _complaints(log: str) -> list[str]:
    """Return the lines where something of ours is in trouble."""
    return re.findall(
        rf"^.* ERROR .*{DOMAIN}.*$|^ *File .*{DOMAIN}/.*$", log, re.MULTILINE
    )


def test_thousands_of_announced_servers(hearing_home: World) -> None:
    """They cost little, take nothing, and the port is the owner's as before."""
    home_assistant = hearing_home.home_assistant
    client = home_assistant.client
    server = hearing_home.server
    remote_access = RemoteAccess.set_up(
        client, server, port_mapping="automatic", advanced={}
    )
    remote_access.turn("on")
    port = int(remote_access.state("public_port"))
    home_assistant.wait_until_stored(remote_access.entry_id)
    memory = _resident_kib(home_assistant.pid)

    with neighbour(hearing_home.lab, server.machine_identifier) as hostile:
        # From its start on, as that is when Home Assistant searches.
        home_assistant.stop()
        announcements = hostile.announce()
        home_assistant.start()
        # The dialog searches as well.
        dialog = client.post(FLOW, handler=DOMAIN)
        slowest = _slowest_answer(client, 3)
        client.delete(f"{FLOW}/{dialog['flow_id']}")
        reached = hearing_home.identity_from_wan(port)
        off_in = _timed_turn(remote_access, "off")
        after_off = hearing_home.connect_from_wan(port)
        on_in = _timed_turn(remote_access, "on")
        after_on = hearing_home.identity_from_wan(port)
        heard = _heard(client)
        assert announcements.running
        announcements.stop()

        assert len(heard) > SERVERS / 2
        assert len(hostile.searches()) == 2
        assert server.machine_identifier in reached
        assert after_off is Connection.REFUSED
        assert server.machine_identifier in after_on
        assert max(off_in, on_in) < _SWITCHED
        assert slowest < _ANSWERED
        assert server.token not in hostile.output
        looks = Counter(look["host"] for look in hostile.requests())
        assert 0 < looks.total() <= _LOOKS
        assert max(looks.values()) <= _LOOKS_AT_ONE_HOST
        assert hostile.requests_elsewhere() == []
        titles = _titles(client)
        assert 0 < len(titles) <= _PROPOSALS
        assert max(map(len, titles)) < _LONGEST_TITLE
        assert _resident_kib(home_assistant.pid) - memory < _KIB
        assert _complaints(home_assistant.output) == []
