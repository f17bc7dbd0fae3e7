"""Tests of another server at the address of one that is set up: addresses change hands.

Servers of one owner take the same token.
"""

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, PlexServer
from tests.simulators.router import Router

from .common import (
    PUBLISH,
    REACHABLE,
    become,
    jumping_time,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("reachable")]

ITSELF = "5f3c9a1e7d2b4860f1e2d3c4b5a697886950413c"


@pytest.fixture
async def stranger(hass: HomeAssistant, plex: PlexServer) -> PlexServer:
    """Another server has taken the address, within a moment."""
    plex.machine_identifier = "0" * 40
    plex.records.reset()
    await plex.restart()
    await plex.settled()
    await become(lambda: state_of(hass, REACHABLE).state, STATE_UNAVAILABLE)
    return plex


async def test_is_asked_nothing_but_who_it_is(
    hass: HomeAssistant, stranger: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """It is not shown the token, however long it is there."""
    for _ in range(5):
        await pass_time(hass, freezer, 61)

    assert set(stranger.records.counts) == {Endpoint.IDENTITY}
    assert state_of(hass, REACHABLE).state == STATE_UNAVAILABLE


async def test_is_not_switched_off(
    hass: HomeAssistant, stranger: PlexServer, router: Router
) -> None:
    """Our port is closed; the switch of the other server is not ours to turn."""
    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")

    assert open_ports(router) == []
    assert setting(stranger, PUBLISH) is True


async def test_keeps_its_settings_when_the_entry_is_removed(
    hass: HomeAssistant, stranger: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """They were never changed by us."""
    await hass.config_entries.async_remove(mock_config_entry.entry_id)

    assert writes(stranger) == []
    assert set(stranger.records.counts) == {Endpoint.IDENTITY}


async def test_gets_no_options(
    hass: HomeAssistant, stranger: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """It is said that it is another server."""
    result = await hass.config_entries.options.async_init(mock_config_entry.entry_id)

    assert result["reason"] == "wrong_server"


async def test_the_server_comes_back(
    hass: HomeAssistant, stranger: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """All goes on as before."""
    stranger.machine_identifier = ITSELF
    await stranger.restart()
    await stranger.settled()

    await pass_time(hass, freezer, 31)
    await become(lambda: verdict(hass)[0], "connecting")
    await pass_time(hass, freezer, 31)

    await become(lambda: verdict(hass), ("reachable", None))
