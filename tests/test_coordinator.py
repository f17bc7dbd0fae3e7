"""Tests of how it keeps things as the owner wants them, whatever happens."""

import asyncio
from datetime import timedelta

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import (
    ATTR_ENTITY_ID,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
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
    PORT_MAPPING,
    PUBLIC_IP,
    PUBLISH,
    REACHABLE,
    STATUS,
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


async def look(hass: HomeAssistant) -> None:
    """Have it look now."""
    await hass.services.async_call(
        "homeassistant", "update_entity", {ATTR_ENTITY_ID: STATUS}, blocking=True
    )


# What is changed in Plex itself


async def test_switched_off_in_plex(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The owner's off counts wherever he says it: the port closes within seconds."""
    await turn(hass, "on")

    await plex.set_preferences({PUBLISH: False})

    await become(lambda: open_ports(router), [])
    await become(lambda: state_of(hass, SWITCH).state, STATE_OFF)


async def test_switched_off_in_plex_without_news(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A server that tells nothing is looked at now and then."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await plex.notifications.close()
    plex.faults.endpoints[Endpoint.WEBSOCKET] = EndpointFault(status=404)

    await plex.set_preferences({PUBLISH: False})
    await pass_time(hass, freezer, 61)

    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_OFF


async def test_switched_on_in_plex(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The owner's on counts as well: the port opens, and the server is told which."""
    await plex.set_preferences({PUBLISH: True})

    await become(lambda: open_ports(router), [32400])
    await become(lambda: setting(plex, MANUAL_MODE), expected=True)
    await become(lambda: state_of(hass, SWITCH).state, STATE_ON)


@pytest.mark.parametrize("port_mapping", ["server", "manual"])
async def test_switched_on_in_plex_when_somebody_else_maps(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """Then it is only shown."""
    await plex.set_preferences({PUBLISH: True})

    await become(lambda: state_of(hass, SWITCH).state, STATE_ON)
    assert mapping_requests(router) == []
    assert writes(plex) == []


async def test_port_changed_in_plex(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The mapping follows."""
    await turn(hass, "on")

    await plex.set_preferences({EXTERNAL_PORT: 41234})

    await become(lambda: open_ports(router), [41234])
    await become(lambda: state_of(hass, MANUAL_PORT).state, "41234")


async def test_manual_mode_unticked_in_plex(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The owner wants the server to map: ours is closed and stays so."""
    await turn(hass, "on")

    await plex.set_preferences({MANUAL_MODE: False})

    await become(lambda: open_ports(router), [])
    await become(lambda: state_of(hass, PORT_MAPPING).state, "server")
    assert mock_config_entry.options["port_mapping"] == "server"
    assert setting(plex, MANUAL_MODE) is False


@pytest.mark.parametrize("port_mapping", ["server"])
async def test_manual_mode_ticked_in_plex(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """The owner forwards a port himself from now on."""
    await turn(hass, "on")

    await plex.set_preferences({MANUAL_MODE: True})

    await become(lambda: state_of(hass, PORT_MAPPING).state, "manual")
    assert mock_config_entry.options["port_mapping"] == "manual"


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY])
async def test_look_during_a_switch(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """Answers from before our own steps are not taken for somebody else's act."""
    router.faults.packets.drop_next = {PacketKind.NAT_PMP_MAP: 1}

    await asyncio.gather(turn(hass, "on"), look(hass))

    assert state_of(hass, SWITCH).state == STATE_ON
    assert open_ports(router) == [32400]


# What happens to the router


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

    await pass_time(hass, freezer, half + 5)

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


# What happens to the server


async def test_server_goes_away_and_comes_back(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities say so, the log says it once each, and the port stays open."""
    await turn(hass, "on")
    await plex.settled()
    plex.faults.endpoints[Endpoint.ACCOUNT] = EndpointFault(hang_up=True)
    caplog.clear()

    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)

    assert state_of(hass, SWITCH).state == STATE_UNAVAILABLE
    assert state_of(hass, REACHABLE).state == STATE_UNAVAILABLE
    assert caplog.text.count("Error fetching Den data") == 1
    assert open_ports(router) == [32400]

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)

    assert state_of(hass, SWITCH).state == STATE_ON
    assert state_of(hass, REACHABLE).state != STATE_UNKNOWN
    assert caplog.text.count("Fetching Den data recovered") == 1


async def test_server_that_hangs_keeps_nobody_from_closing(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A look that waits for an answer stands in nobody's way."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang=True, remaining=1)
    plex.records.reset()
    freezer.move_to(dt_util.utcnow() + timedelta(seconds=61))
    await become(lambda: plex.prefs_read_count, 1)

    await turn(hass, "off")

    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_OFF
    assert plex.requests[0].status is None
    freezer.move_to(dt_util.utcnow() + timedelta(seconds=11))
    await become(lambda: state_of(hass, SWITCH).state, STATE_UNAVAILABLE)
    await pass_time(hass, freezer, 61)
    assert state_of(hass, SWITCH).state == STATE_OFF
