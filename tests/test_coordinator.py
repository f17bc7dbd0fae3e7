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
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import PacketKind, Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    MANUAL_PORT,
    PORT_MAPPING,
    PUBLISH,
    REACHABLE,
    STATUS,
    SWITCH,
    become,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
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


@pytest.mark.usefixtures("reachable")
async def test_switched_off_in_plex_without_news(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A server that tells nothing is looked at now and then."""
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


# What happens to the server


async def test_server_goes_away_and_comes_back(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities say so, the log says it once each, and the port stays open.

    The switch stays: with it the owner can close the port all the same.
    """
    await turn(hass, "on")
    await plex.settled()
    plex.faults.endpoints[Endpoint.ACCOUNT] = EndpointFault(hang_up=True)
    caplog.clear()

    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)

    assert state_of(hass, SWITCH).state == STATE_ON
    assert state_of(hass, REACHABLE).state == STATE_UNAVAILABLE
    assert caplog.text.count("Error fetching Den data") == 1
    assert open_ports(router) == [32400]

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)

    assert state_of(hass, SWITCH).state == STATE_ON
    assert state_of(hass, REACHABLE).state != STATE_UNKNOWN
    assert caplog.text.count("Fetching Den data recovered") == 1


@pytest.mark.usefixtures("reachable")
async def test_server_that_hangs_keeps_nobody_from_closing(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A look that waits for an answer stands in nobody's way."""
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang=True, remaining=1)
    plex.records.reset()
    freezer.move_to(dt_util.utcnow() + timedelta(seconds=301))
    await become(lambda: plex.prefs_read_count, 1)

    await turn(hass, "off")

    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_OFF
    assert plex.requests[0].status is None
    freezer.move_to(dt_util.utcnow() + timedelta(seconds=11))
    await pass_time(hass, freezer, 61)
    assert state_of(hass, SWITCH).state == STATE_OFF


async def test_news_that_cannot_come_any_more(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """A connection that is open only on our side is noticed, and replaced."""
    await become(lambda: plex.notifications.listeners, 1)
    plex.notifications.fall_silent()
    await pass_time(hass, freezer, 14)
    assert plex.notifications.listeners == 0

    # A sign of life is asked for, not given, and the next connection made.
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 8)
    await pass_time(hass, freezer, 2)
    await become(lambda: plex.notifications.listeners, 1)

    await plex.set_preferences({PUBLISH: True})
    await become(lambda: state_of(hass, SWITCH).state, STATE_ON)
