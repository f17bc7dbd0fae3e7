"""Tests of the switches: remote access itself, and the relay."""

import aiohttp
from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
import pytest

from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

pytestmark = pytest.mark.usefixtures("init_integration")

SWITCH = "switch.den_remote_access"


async def test_on_and_off(hass: HomeAssistant, plex: PlexServer, router: Router) -> None:
    """Turning on opens a port that leads to the server, turning off closes it."""
    await hass.services.async_call(
        "switch", "turn_on", {ATTR_ENTITY_ID: SWITCH}, blocking=True
    )
    assert hass.states.get(SWITCH).state == STATE_ON
    endpoint = router.dial(router.wan_address, 32400)
    assert endpoint is not None
    async with (
        aiohttp.ClientSession() as session,
        session.get("http://{}:{}/identity".format(*endpoint)) as response,
    ):
        assert plex.machine_identifier in await response.text()

    await hass.services.async_call(
        "switch", "turn_off", {ATTR_ENTITY_ID: SWITCH}, blocking=True
    )
    assert hass.states.get(SWITCH).state == STATE_OFF
    assert list(router.table) == []
    assert router.dial(router.wan_address, 32400) is None
