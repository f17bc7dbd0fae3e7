"""Tests of how little is asked while nothing happens."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_OFF
from homeassistant.core import HomeAssistant
import pytest

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

from .common import (
    PUBLISH,
    SWITCH,
    add_foreign,
    become,
    jumping_time,
    open_ports,
    pass_time,
    state_of,
    turn,
    verdict,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


async def minutes(
    hass: HomeAssistant, freezer: TickingDateTimeFactory, count: int
) -> None:
    """Let some minutes pass, one after the other."""
    for _ in range(count):
        await pass_time(hass, freezer, 60)


@pytest.mark.parametrize("action", ["on", "off"])
async def test_an_hour_of_idle(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    action: str,
) -> None:
    """The account every two minutes, the settings every five, and nothing else."""
    await turn(hass, action)
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await minutes(hass, freezer, 5)
    plex.records.reset()

    await minutes(hass, freezer, 60)

    counts = plex.records.counts
    # Where the machine is slow it is more than an hour.
    assert 25 <= counts[Endpoint.ACCOUNT] <= 33
    assert 10 <= counts[Endpoint.PREFS] <= 13
    assert set(counts) == {Endpoint.ACCOUNT, Endpoint.PREFS}


@pytest.mark.usefixtures("reachable")
async def test_router_that_talks_does_not_bother_the_server(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A renewal is no news of the server."""
    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)
    plex.records.reset()

    await pass_time(hass, freezer, 59)

    assert open_ports(router) == [32400]
    assert plex.requests == []


async def test_server_that_tells_nothing(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """It is asked more often, as a switch in Plex has to close the port."""
    plex.faults.endpoints[Endpoint.WEBSOCKET] = EndpointFault(status=404)
    await turn(hass, "on")
    await plex.settled()
    await plex.notifications.close()
    await pass_time(hass, freezer, 31)
    assert verdict(hass) == ("reachable", None)

    await plex.set_preferences({PUBLISH: False})
    await pass_time(hass, freezer, 31)

    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_OFF


@pytest.mark.parametrize("action", ["on", "off"])
@pytest.mark.parametrize("endpoint", [Endpoint.ACCOUNT, Endpoint.PREFS])
async def test_server_that_fails_is_left_alone(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    endpoint: Endpoint,
    action: str,
) -> None:
    """The longer it fails the rarer it is asked; it recovers within half a minute."""
    await turn(hass, action)
    await plex.settled()
    await pass_time(hass, freezer, 31)
    plex.faults.endpoints[endpoint] = EndpointFault(status=500)
    await pass_time(hass, freezer, 301)
    plex.records.reset()

    for _ in range(120):
        await pass_time(hass, freezer, 1)
    assert 3 <= plex.records.counts[endpoint] <= 12

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 31)
    assert state_of(hass, SWITCH).state == action


@pytest.mark.usefixtures("reachable")
async def test_write_that_fails_is_not_repeated_in_a_hurry(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A server that does not take the new port is asked again, rarer and rarer."""
    router.restart()
    add_foreign(router, 32400)
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=500)
    await pass_time(hass, freezer, 61)
    plex.records.reset()

    for _ in range(120):
        await pass_time(hass, freezer, 1)

    assert 2 <= plex.prefs_write_count <= 12


async def test_verdict_is_awaited_closely(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """Also where the server tells nothing: after 1, 2, 4, 8 and 15 seconds."""
    plex.faults.endpoints[Endpoint.WEBSOCKET] = EndpointFault(status=404)
    await plex.notifications.close()
    await turn(hass, "on")
    plex.records.reset()

    for _ in range(35):
        await pass_time(hass, freezer, 1)

    assert 4 <= plex.records.counts[Endpoint.ACCOUNT] <= 9


async def test_asked_to_look(hass: HomeAssistant, plex: PlexServer) -> None:
    """Who asks for a fresh look gets one, of everything."""
    await become(lambda: len(plex.requests) > 0, expected=True)
    plex.records.reset()

    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": SWITCH}, blocking=True
    )

    await become(lambda: set(plex.records.counts), {Endpoint.ACCOUNT, Endpoint.PREFS})
