"""Tests of what is wanted at the same time, here and in Plex."""

import asyncio

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer, PreferenceEvents
from tests.simulators.router import Router

from .common import (
    PORT_MAPPING,
    PUBLISH,
    STATUS,
    SWITCH,
    become,
    enable_for,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    select,
    setting,
    state_of,
    turn,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


async def test_on_for_a_while_during_an_off_ends_all_the_same(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The off that is carried out first does not forget the end of what comes next."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(delay=0.5, remaining=1)
    off = asyncio.create_task(turn(hass, "off"))
    await become(lambda: open_ports(router), [])

    await enable_for(hass, 600)
    await off
    assert len(open_ports(router)) == 1
    await pass_time(hass, freezer, 601)

    await become(lambda: setting(plex, PUBLISH), expected=False)
    await become(lambda: open_ports(router), [])


@pytest.mark.parametrize("endpoint", [Endpoint.PREFS, Endpoint.PREFS_PUT])
async def test_off_does_not_wait_for_an_on_that_hangs(
    hass: HomeAssistant, plex: PlexServer, router: Router, endpoint: Endpoint
) -> None:
    """The last word counts at once, and for good."""
    plex.faults.endpoints[endpoint] = EndpointFault(hang=True, remaining=1)
    on = asyncio.create_task(turn(hass, "on"))
    later = asyncio.create_task(turn(hass, "on"))
    await become(lambda: endpoint not in plex.faults.endpoints, expected=False)
    await asyncio.sleep(0.2)

    async with asyncio.timeout(2):
        await turn(hass, "off")
        await asyncio.gather(on, later)

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, SWITCH).state == STATE_OFF


async def test_off_is_not_undone_by_what_is_done_meanwhile(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
) -> None:
    """To choose another way is no wish to be on again."""
    await turn(hass, "on")
    slow = EndpointFault(delay=0.3, remaining=1)
    plex.faults.endpoints[Endpoint.PREFS_PUT] = slow
    off = asyncio.create_task(turn(hass, "off"))
    await become(lambda: slow.remaining, 0)

    await select(hass, PORT_MAPPING, "server")
    await off

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, SWITCH).state == STATE_OFF


# What was said in Plex a moment before, and not heard yet


async def test_on_after_an_off_that_was_not_heard(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The port is open and the server published, as was asked for last."""
    await turn(hass, "on")
    plex.faults.preference_events = PreferenceEvents.LOST
    await plex.set_preferences({PUBLISH: False})

    await turn(hass, "on")

    assert len(open_ports(router)) == 1
    assert setting(plex, PUBLISH) is True
    assert state_of(hass, SWITCH).state == STATE_ON


async def test_on_for_a_while_after_an_off_that_was_not_heard(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """It ends when it was said to."""
    await turn(hass, "on")
    plex.faults.preference_events = PreferenceEvents.LOST
    await plex.set_preferences({PUBLISH: False})

    await enable_for(hass, 600)
    assert len(open_ports(router)) == 1
    await pass_time(hass, freezer, 601)

    await become(lambda: setting(plex, PUBLISH), expected=False)
    await become(lambda: open_ports(router), [])


async def test_off_that_fails_after_an_on_that_was_not_heard(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Nothing is opened for it, and the server is told when it answers again."""
    plex.faults.preference_events = PreferenceEvents.LOST
    await plex.set_preferences({PUBLISH: True})
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang_up=True)

    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")
    await pass_time(hass, freezer, 31)
    assert mapping_requests(router) == []

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)
    await become(lambda: setting(plex, PUBLISH), expected=False)


async def test_off_during_an_on_for_a_while(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Off is off, and there is nothing to end later."""
    slow = EndpointFault(delay=0.3, remaining=1)
    plex.faults.endpoints[Endpoint.PREFS_PUT] = slow
    while_on = asyncio.create_task(enable_for(hass, 600))
    await become(lambda: slow.remaining, 0)

    await turn(hass, "off")
    await while_on

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, STATUS).attributes["closes_at"] is None
    await pass_time(hass, freezer, 601)
    assert open_ports(router) == []
