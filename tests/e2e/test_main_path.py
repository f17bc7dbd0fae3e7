"""The main job, through Home Assistant's API: open the port, keep it, close it."""

from collections.abc import Callable

import pytest

from tests.lab import LAN_ADDRESS, Connection, PortForward, Protocol

from .homeassistant import HomeAssistant
from .integration import RemoteAccess
from .plex import MANUAL_MODE, MANUAL_PORT, PUBLISHED
from .world import World

# plex.tv's verdict is awaited for 30 s after a change.
_VERDICT = 45


def _port(remote_access: RemoteAccess) -> int:
    """Return the public port that Home Assistant shows."""
    return int(remote_access.state("public_port"))


def _forward(port: int) -> PortForward:
    """Return how the router should lead to the server."""
    return PortForward(Protocol.TCP, port, LAN_ADDRESS, 32400)


def test_set_up_changes_nothing(home: World) -> None:
    """Setting up changes no setting of the server and opens no port."""
    before = home.plex.preferences()

    remote_access = RemoteAccess.set_up(
        home.home_assistant.client, home.server, port_mapping="automatic", advanced={}
    )

    assert remote_access.state("remote_access") == "off"
    remote_access.wait_for("status", "disabled")
    assert home.plex.preferences() == before
    assert home.port_forwards() == []
    remote_access.remove()
    assert home.plex.preferences() == before


def test_on_is_on_and_off_is_off(home: World, remote_access: RemoteAccess) -> None:
    """The Internet reaches the server as long as the switch is on."""
    remote_access.turn("on")

    port = _port(remote_access)
    assert home.server.machine_identifier in home.identity_from_wan(port)
    assert home.port_forwards() == [_forward(port)]
    remote_access.wait_for("status", "reachable", _VERDICT)
    assert remote_access.states("remote_access", "reachable", "public_ip") == {
        "remote_access": "on",
        "reachable": "on",
        "public_ip": home.lab.public_address,
    }
    assert remote_access.state("private_ip") == LAN_ADDRESS
    assert remote_access.state("mapping_method") in {"pcp", "nat_pmp", "upnp"}

    remote_access.turn("off")

    assert home.connect_from_wan(port) is Connection.REFUSED
    assert home.port_forwards() == []
    assert home.lab.witness.table() == []
    assert remote_access.state("remote_access") == "off"
    assert remote_access.state("status") == "disabled"
    assert remote_access.state("reachable") == "off"


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(HomeAssistant.stop, id="restart"),
        pytest.param(HomeAssistant.kill, id="power-cut"),
    ],
)
def test_one_mapping_after_a_restart(
    home: World, remote_access: RemoteAccess, end: Callable[[HomeAssistant], None]
) -> None:
    """The port stays open over a restart, and is not opened twice."""
    remote_access.turn("on")
    port = _port(remote_access)
    method = remote_access.state("mapping_method")

    end(home.home_assistant)

    assert home.server.machine_identifier in home.identity_from_wan(port)
    home.home_assistant.start()
    remote_access.wait_for("status", "reachable", _VERDICT)
    remote_access.wait_for("mapping_method", method)
    assert home.port_forwards() == [_forward(port)]
    assert len(home.lab.witness.table()) == 1
    assert home.server.machine_identifier in home.identity_from_wan(port)


def test_removal_leaves_nothing_behind(home: World) -> None:
    """A removed entry closes the port and gives the server its settings back."""
    home.plex.change(preferences={MANUAL_PORT: 31313})
    remote_access = RemoteAccess.set_up(
        home.home_assistant.client,
        home.server,
        port_mapping="automatic",
        advanced={"preferred_port": 42424},
    )
    remote_access.turn("on")
    assert home.server.machine_identifier in home.identity_from_wan(42424)
    during = home.plex.preferences()
    assert during[PUBLISHED] is True
    assert during[MANUAL_MODE] is True
    assert during[MANUAL_PORT] == 42424

    remote_access.remove()

    assert home.connect_from_wan(42424) is Connection.REFUSED
    assert home.port_forwards() == []
    after = home.plex.preferences()
    # Only what is not as delivered is told; manual mode is off as delivered.
    assert MANUAL_MODE not in after
    assert after[MANUAL_PORT] == 31313
