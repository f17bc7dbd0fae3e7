"""Tests of what people hand to others who are to help them."""

import json

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.simulators.plex import PlexServer

from .common import PUBLIC_IP, jumping_time, state_of, turn

REDACTED = "**REDACTED**"

pytestmark = jumping_time


@pytest.fixture(autouse=True)
async def diagnostics(hass: HomeAssistant) -> None:
    """The download that Home Assistant offers."""
    assert await async_setup_component(hass, "diagnostics", {})


async def test_open_port(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    plex: PlexServer,
    init_integration: MockConfigEntry,
) -> None:
    """Everything that helps, but neither the token nor an address."""
    await turn(hass, "on")
    await plex.settled()
    public_ip = state_of(hass, PUBLIC_IP).state
    assert public_ip == "198.51.100.7"

    report = await get_diagnostics_for_config_entry(hass, hass_client, init_integration)

    assert report["data"]["token"] == REDACTED
    assert report["server"]["claimed"] is True
    assert report["server"]["answers"] is True
    assert report["remote_access"]["enabled"] is True
    assert report["remote_access"]["mode"] == "automatic"
    assert report["remote_access"]["method"] == "pcp"
    assert report["remote_access"]["preferences"]["publish"] is True
    for secret in (plex.token, public_ip, "127.0.0.1"):
        assert secret not in json.dumps(report)


async def test_server_that_is_not_loaded(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    plex: PlexServer,
    init_integration: MockConfigEntry,
) -> None:
    """What was entered is told all the same."""
    await hass.config_entries.async_unload(init_integration.entry_id)

    report = await get_diagnostics_for_config_entry(hass, hass_client, init_integration)

    assert report["data"]["port"] == plex.port
    assert report["options"]["port_mapping"] == "automatic"
    assert "remote_access" not in report
