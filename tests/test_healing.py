"""Tests of what happens when the router does something."""

from ipaddress import IPv4Address
from unittest.mock import patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
import pytest

from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import PacketKind, Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    MANUAL_PORT,
    MAPPING_METHOD,
    NAT_PMP_ONLY,
    PUBLIC_IP,
    PUBLISH,
    SWITCH,
    UPNP_ONLY,
    add_foreign,
    grant_mappings,
    jumping_time,
    open_ports,
    pass_time,
    press_retry,
    refuse_mappings,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY, UPNP_ONLY])
@pytest.mark.usefixtures("reachable")
async def test_router_restarts_with_an_empty_table(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The port is opened again within a minute, and the server left alone."""
    router.restart()
    await pass_time(hass, freezer, 61)

    assert open_ports(router) == [32400]
    assert writes(plex) == []


async def test_no_router(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The server is left to try it itself, and the reason told."""
    await router.stop()

    await turn(hass, "on")

    assert setting(plex, PUBLISH) is True
    assert setting(plex, MANUAL_MODE) is False
    assert state_of(hass, SWITCH).state == STATE_ON
    assert state_of(hass, MAPPING_METHOD).state == "server"
    assert verdict(hass) == ("connecting", "no_router")

    await plex.settled()
    await pass_time(hass, freezer, 31)
    assert verdict(hass) == ("not_mapped", "no_router")


async def test_router_comes_back(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The port is opened as soon as there is somebody to open it."""
    await router.stop()
    await turn(hass, "on")

    await router.start()
    await pass_time(hass, freezer, 16)

    assert open_ports(router) == [32400]
    assert setting(plex, MANUAL_MODE) is True
    await plex.settled()
    await pass_time(hass, freezer, 31)
    assert verdict(hass) == ("reachable", None)
    assert state_of(hass, MAPPING_METHOD).state in {"nat_pmp", "upnp", "pcp"}


@pytest.mark.usefixtures("reachable")
async def test_router_is_away_for_a_while(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The server's settings are not changed to and fro for it."""
    await router.stop()
    await pass_time(hass, freezer, 61)
    assert writes(plex) == []

    await router.start()
    await pass_time(hass, freezer, 301)
    assert open_ports(router) == [32400]
    assert writes(plex) == []


@pytest.mark.parametrize("router_options", [UPNP_ONLY])
async def test_port_taken_by_somebody(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Who was quicker after a restart of the router keeps the port."""
    await turn(hass, "on")
    router.restart()
    foreign = add_foreign(router, 32400)

    await pass_time(hass, freezer, 61)

    assert foreign in router.table
    (port,) = set(open_ports(router)) - {32400}
    assert setting(plex, EXTERNAL_PORT) == port
    assert state_of(hass, MANUAL_PORT).state == str(port)


async def test_public_address_changes(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    outside: DirectOutside,
    freezer: TickingDateTimeFactory,
) -> None:
    """The new one is shown."""
    await turn(hass, "on")
    assert state_of(hass, PUBLIC_IP).state == "198.51.100.7"

    router.set_wan_address("198.51.100.8")
    outside.address = "198.51.100.8"
    await plex.recheck()
    await plex.settled()
    await pass_time(hass, freezer, 61)

    assert state_of(hass, PUBLIC_IP).state == "198.51.100.8"
    assert open_ports(router) == [32400]


@pytest.mark.parametrize("router_options", [UPNP_ONLY])
async def test_server_on_another_host(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A router that maps only for who asks leaves it to the server."""
    with patch(
        "custom_components.plex_remote_access.portmap.router.resolve",
        return_value=IPv4Address("192.168.20.2"),
    ):
        await turn(hass, "on")
        await plex.settled()
        await pass_time(hass, freezer, 31)

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is True
    assert setting(plex, MANUAL_MODE) is False
    assert verdict(hass) == ("not_mapped", "refused_for_other_host")


@pytest.mark.parametrize("router_options", [{**UPNP_ONLY, "secure_mode": False}])
async def test_server_that_moves_to_another_host(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """The mapping leads to where the server is now."""
    await turn(hass, "on")
    # Nobody is there in this test.
    router.faults.mapping.dead_forward = True
    with patch(
        "custom_components.plex_remote_access.portmap.router.resolve",
        return_value=IPv4Address("192.168.20.2"),
    ):
        await pass_time(hass, freezer, 61)

    (entry,) = router.table
    assert entry.internal_client == "192.168.20.2"


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY])
@pytest.mark.parametrize(
    ("result", "reason"),
    [(2, "refused"), (3, "no_public_address"), (4, "table_full")],
)
async def test_router_refuses(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    result: int,
    reason: str,
) -> None:
    """What the router says is told, in words that help."""
    router.faults.packets.results = {PacketKind.NAT_PMP_MAP: result}

    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)

    assert verdict(hass) == ("not_mapped", reason)


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY, UPNP_ONLY])
async def test_router_that_refused_while_the_owner_tried_again(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """It is asked again by itself, and the port opened as soon as it lets us."""
    refuse_mappings(router)
    await turn(hass, "on")
    await press_retry(hass)
    await pass_time(hass, freezer, 5)
    await press_retry(hass)

    grant_mappings(router)
    await pass_time(hass, freezer, 16)
    await pass_time(hass, freezer, 31)

    assert open_ports(router) == [32400]
