"""Tests of what is undone when the owner removes a server from Home Assistant."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.refusals import async_get_refusals
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

from .common import turn

MODE = "ManualPortMappingMode"
PORT = "ManualPortMappingPort"


async def test_port_is_closed_and_settings_are_back(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """Afterwards router and server are as if nothing had been."""
    before = plex.preferences[MODE], plex.preferences[PORT]
    await turn(hass, "on")
    assert len(list(router.table)) == 1

    await hass.config_entries.async_remove(init_integration.entry_id)

    assert list(router.table) == []
    assert (plex.preferences[MODE], plex.preferences[PORT]) == before


async def test_nothing_to_undo(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """A server whose remote access was never touched is left alone."""
    router.records.clear()

    await hass.config_entries.async_remove(init_integration.entry_id)

    assert plex.prefs_write_count == 0
    assert not router.packets


async def test_nothing_is_remembered(
    hass: HomeAssistant, init_integration: MockConfigEntry
) -> None:
    """Who removes and adds a server again and again fills no memory."""
    known = async_get_refusals(hass, init_integration.entry_id)

    await hass.config_entries.async_remove(init_integration.entry_id)

    assert async_get_refusals(hass, init_integration.entry_id) is not known


async def test_silent_router(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The owner is told which port may stay open; the server is restored anyway."""
    before = plex.preferences[MODE]
    await turn(hass, "on")
    await router.stop()

    await hass.config_entries.async_remove(init_integration.entry_id)

    assert "could not be made to close port 32400" in caplog.text
    assert plex.preferences[MODE] == before
    await router.start()


async def test_silent_server(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The port is closed although the server cannot be restored, which is told."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(500)

    await hass.config_entries.async_remove(init_integration.entry_id)

    assert list(router.table) == []
    assert "did not get its earlier port settings back" in caplog.text
