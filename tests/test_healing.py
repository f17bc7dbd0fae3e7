"""Tests of what happens when the router does something."""

from ipaddress import IPv4Address
from typing import Any
from unittest.mock import patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import PacketKind, Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    MANUAL_PORT,
    MAPPING_METHOD,
    PUBLIC_IP,
    PUBLISH,
    SWITCH,
    add_foreign,
    become,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]

NAT_PMP_ONLY = {"pcp": False, "upnp": False}
UPNP_ONLY = {"pcp": False, "nat_pmp": False}


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY, UPNP_ONLY])
async def test_router_restarts_with_an_empty_table(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The port is opened again within a minute, and the server left alone."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    plex.records.reset()

    router.restart()
    await pass_time(hass, freezer, 61)

    assert open_ports(router) == [32400]
    assert writes(plex) == []


@pytest.mark.parametrize(
    ("router_options", "half"), [(NAT_PMP_ONLY, 3600), (UPNP_ONLY, 1800)]
)
async def test_renewal(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory, half: int
) -> None:
    """The lease is renewed at its half."""
    await turn(hass, "on")

    await pass_time(hass, freezer, half * 1.1)

    (entry,) = router.table
    assert router.table.remaining(entry) == pytest.approx(2 * half, abs=10)


async def test_renewal_goes_on_without_entities(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
    entity_registry: er.EntityRegistry,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Whoever disables every entity still wants to be reached."""
    await turn(hass, "on")
    entities = er.async_entries_for_config_entry(
        entity_registry, mock_config_entry.entry_id
    )
    disabled = [
        entity_registry.async_update_entity(
            entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
        for entity in entities
    ]
    assert disabled
    await hass.config_entries.async_reload(mock_config_entry.entry_id)
    await hass.async_block_till_done()

    router.restart()
    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)

    assert open_ports(router) == [32400]


async def test_mapping_outlives_its_lease(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Hour after hour, and nobody is bothered with it."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    plex.records.reset()

    await pass_time(hass, freezer, 3590)
    await pass_time(hass, freezer, 3590)
    await pass_time(hass, freezer, 3590)

    assert open_ports(router) == [32400]
    assert verdict(hass) == ("reachable", None)
    assert writes(plex) == []
    assert plex.refresh_count == 0


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


async def test_router_is_away_for_a_while(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The server's settings are not changed to and fro for it."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    plex.records.reset()

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


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY])
async def test_lease_that_runs_out(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A router that does not renew is asked from anew when its lease is over."""
    await turn(hass, "on")
    router.faults.packets.results = {PacketKind.NAT_PMP_MAP: 2}
    await pass_time(hass, freezer, 3700)
    assert state_of(hass, MAPPING_METHOD).state == "nat_pmp"

    await pass_time(hass, freezer, 3700)
    assert open_ports(router) == []
    assert state_of(hass, MAPPING_METHOD).state == "manual"

    router.faults.packets.results = {}
    await pass_time(hass, freezer, 301)
    assert open_ports(router) == [32400]


@pytest.mark.parametrize("router_options", [UPNP_ONLY])
@pytest.mark.parametrize(
    ("fault", "probes"),
    [
        pytest.param({}, 1, id="answered"),
        # Nobody gets in for another minute: the port is opened anew.
        pytest.param({"status": 403, "remaining": 1}, 2, id="refused"),
    ],
)
async def test_verdict_from_while_the_port_was_closed(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    fault: dict[str, Any],
    probes: int,
) -> None:
    """It is out of date when the port is open again: plex.tv is asked, once."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    router.restart()
    await plex.recheck()
    await plex.settled()
    plex.faults.endpoints[Endpoint.REFRESH] = EndpointFault(**fault)

    await pass_time(hass, freezer, 61)
    assert open_ports(router) == [32400]
    await become(lambda: plex.refresh_count, 1)
    # Otherwise the jump would be a connection that takes half a minute.
    await plex.settled()
    await pass_time(hass, freezer, 31)

    await pass_time(hass, freezer, 600)
    await pass_time(hass, freezer, 600)
    assert plex.refresh_count == probes


@pytest.mark.parametrize("router_options", [UPNP_ONLY])
async def test_port_that_is_listed_but_not_forwarded_quirk_21(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """After two bad verdicts it is opened anew, and then another port is tried."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    router.faults.mapping.dead_forward = True
    await plex.recheck()
    await plex.settled()
    await pass_time(hass, freezer, 31)
    router.records.clear()

    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)
    assert mapping_requests(router).count("DeletePortMapping") == 1
    assert mapping_requests(router).count("AddPortMapping") == 1
    assert open_ports(router) == [32400]

    await plex.settled()
    await pass_time(hass, freezer, 31)
    await pass_time(hass, freezer, 61)
    (port,) = open_ports(router)
    assert port != 32400
    assert setting(plex, EXTERNAL_PORT) == port

    router.faults.mapping.dead_forward = False
    await plex.recheck()
    await plex.settled()
    await pass_time(hass, freezer, 31)
    assert verdict(hass) == ("reachable", None)


async def test_everything_is_tried_one_by_one(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    outside: DirectOutside,
    freezer: TickingDateTimeFactory,
) -> None:
    """Nobody gets in, whatever is done: nothing is tried twice, or left half done."""
    await turn(hass, "on")
    await plex.settled()
    plex.records.reset()
    outside.dial = lambda _address, _port: None
    await plex.remote_access.refresh()
    await plex.settled()

    for _ in range(60):
        await pass_time(hass, freezer, 31)
        await plex.settled()

    published = [write[PUBLISH] for write in writes(plex) if PUBLISH in write]
    assert published.count("0") == 1
    assert setting(plex, PUBLISH) is True
    # Once for the mapping that was mended, and once as the last remedy.
    assert plex.refresh_count == 2
    assert len(open_ports(router)) == 1
    assert open_ports(router) != [32400]
    assert setting(plex, EXTERNAL_PORT) == open_ports(router)[0]
    assert state_of(hass, SWITCH).state == STATE_ON
    assert verdict(hass)[0] == "unreachable"
