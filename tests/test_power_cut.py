"""Tests of being ended in the middle of something."""

import asyncio
from copy import deepcopy
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.home import Home, same
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import PacketKind, Page, Router

from .common import (
    PUBLISH,
    become,
    each_protocol,
    jumping_time,
    open_ports,
    set_up_again,
    setting,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.fixture
async def turning_on(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> asyncio.Task[None]:
    """The middle of an on: the port is open, and the server takes its time."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(delay=0.3)
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: len(open_ports(router)), 1)
    return on


@each_protocol
async def test_power_cut_before_the_mapping_was_stored(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The next start searches the router for what it may have, and closes it."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang=True)
    key = f"plex_remote_access.{mock_config_entry.entry_id}"
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: hass_storage[key]["data"]["unsure"], expected=True)
    stored = deepcopy(hass_storage[key])
    await become(lambda: bool(writes(plex)), expected=True)
    assert stored["data"]["mapping"] is None
    on.cancel()
    await asyncio.wait((on,))
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    assert open_ports(router) == [32400]
    hass_storage[key] = stored
    plex.faults.endpoints.clear()

    await set_up_again(hass, mock_config_entry)

    await become(lambda: open_ports(router), [])
    await become(lambda: hass_storage[key]["data"]["unsure"], expected=False)
    await become(lambda: verdict(hass), ("disabled", None))


@each_protocol
async def test_power_cut_before_the_mapping_was_stored_but_published(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The next start adopts what stands, and it is ours to close."""
    key = f"plex_remote_access.{mock_config_entry.entry_id}"
    await turn(hass, "on")
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    hass_storage[key]["data"] |= {"mapping": None, "unsure": True}

    await set_up_again(hass, mock_config_entry)
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    assert open_ports(router) == []


async def test_power_cut_in_the_middle_of_off(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Off was the last word, and the next start remembers it."""
    key = f"plex_remote_access.{mock_config_entry.entry_id}"
    await turn(hass, "on")
    before = deepcopy(hass_storage[key])
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang=True)
    off = asyncio.create_task(turn(hass, "off"))
    await become(lambda: hass_storage[key] != before, expected=True)
    stored = deepcopy(hass_storage[key])
    await become(lambda: open_ports(router), [])
    off.cancel()
    await asyncio.wait((off,))
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    hass_storage[key] = stored
    plex.faults.endpoints.clear()
    assert setting(plex, PUBLISH) is True

    await set_up_again(hass, mock_config_entry)

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False


@each_protocol
async def test_removal_in_the_middle_of_a_mapping(
    hass: HomeAssistant,
    router: Router,
    mock_config_entry: MockConfigEntry,
    turning_on: asyncio.Task[None],
) -> None:
    """Nothing is left open, and nobody opens anything later."""
    await hass.config_entries.async_remove(mock_config_entry.entry_id)
    await turning_on

    assert open_ports(router) == []


@each_protocol
async def test_reload_in_the_middle_of_a_mapping(
    hass: HomeAssistant,
    router: Router,
    mock_config_entry: MockConfigEntry,
    turning_on: asyncio.Task[None],
) -> None:
    """It is one mapping, and ours to close."""
    await hass.config_entries.async_reload(mock_config_entry.entry_id)
    await turning_on
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    assert open_ports(router) == []


@each_protocol
async def test_stop_in_the_middle_of_off(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """A router that does not answer at that moment is made to close by the next start."""
    key = f"plex_remote_access.{mock_config_entry.entry_id}"
    await turn(hass, "on")
    router.faults.packets.drop = set(PacketKind)
    router.faults.http.hang = set(Page)
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang=True)
    off = asyncio.create_task(turn(hass, "off"))
    await become(lambda: bool(hass_storage[key]["data"]["closes_at"]), expected=True)

    await hass.async_stop(force=True)
    off.cancel()
    await asyncio.wait((off,))
    home = Home(hass_storage)
    disk = home.on_disk()
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    home.restore(disk)
    assert open_ports(router) == [32400]
    router.faults.packets.drop = set()
    router.faults.http.hang = set()
    plex.faults.endpoints.clear()

    await home.begin(same(mock_config_entry))
    await become(lambda: open_ports(router), [])
    await become(lambda: setting(plex, PUBLISH), expected=False)
    await home.end()
