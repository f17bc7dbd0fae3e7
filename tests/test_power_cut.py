"""Tests of being ended in the middle of something."""

import asyncio
from copy import deepcopy
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

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
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Nothing is left open, and nobody opens anything later."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(delay=0.3)
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: len(open_ports(router)), 1)

    await hass.config_entries.async_remove(mock_config_entry.entry_id)
    await on

    assert open_ports(router) == []


@each_protocol
async def test_reload_in_the_middle_of_a_mapping(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """It is one mapping, and ours to close."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(delay=0.3)
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: len(open_ports(router)), 1)

    await hass.config_entries.async_reload(mock_config_entry.entry_id)
    await on
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    assert open_ports(router) == []
