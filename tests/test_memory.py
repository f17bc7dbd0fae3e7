"""Tests of what is remembered across a restart of Home Assistant."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.router import Router

from .common import open_ports, turn

NEW = ("linked", "republishing", "closes_at", "waits_for_streams", "probed_at")


@pytest.mark.usefixtures("simulated_ports")
async def test_memory_of_an_earlier_version(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """The mapping that it names is adopted, and closed when the owner says so."""
    await turn(hass, "on")
    await hass.config_entries.async_unload(init_integration.entry_id)
    stored = hass_storage[f"plex_remote_access.{init_integration.entry_id}"]
    stored["minor_version"] = 1
    for name in NEW:
        del stored["data"][name]

    await hass.config_entries.async_setup(init_integration.entry_id)
    await hass.async_block_till_done()
    assert init_integration.state is ConfigEntryState.LOADED
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    assert open_ports(router) == []
    assert stored["minor_version"] == 1
    assert (
        hass_storage[f"plex_remote_access.{init_integration.entry_id}"]["minor_version"]
        == 3
    )
