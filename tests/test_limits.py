"""Tests of floods, and of what is done over and over."""

import asyncio

from homeassistant.const import STATE_OFF
from homeassistant.core import HomeAssistant
import pytest

from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import PUBLISH, SWITCH, become, open_ports, setting, state_of, turn

pytestmark = pytest.mark.usefixtures("init_integration")


async def test_flood_of_news(hass: HomeAssistant, plex: PlexServer) -> None:
    """A thousand news in a moment are looked at together, some three times a second."""
    await become(lambda: len(plex.requests) > 0, expected=True)
    plex.records.reset()
    loop = asyncio.get_running_loop()
    start = loop.time()

    for _ in range(1000):
        await plex.notifications.send("account", "AccountUpdateNotification", [{}])
    await asyncio.sleep(0.7)

    looks = (loop.time() - start) / 0.3 + 2
    assert 2 <= len(plex.requests) <= 2 * looks


async def test_fifty_toggles(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The last one counts, and nothing is left of the others."""
    for _ in range(25):
        await turn(hass, "on")
        await turn(hass, "off")

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, SWITCH).state == STATE_OFF
