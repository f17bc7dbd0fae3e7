"""Tests of what people hand to others who are to help them."""

import json
from typing import Any
from unittest.mock import patch

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
from .test_issues import NOTHING

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
    assert report["server"]["version"]
    assert report["server"]["forms"] == {
        "/": {"format": "json", "truths": [], "numbers": []},
        "/identity": {"format": "json", "truths": ["true"], "numbers": []},
        "/myplex/account": {
            "format": "json",
            "truths": ["true"],
            "numbers": ["int"],
        },
        "/:/prefs": {
            "format": "json",
            "truths": ["true"],
            "numbers": ["int"],
        },
    }
    assert report["remote_access"]["enabled"] is True
    assert report["remote_access"]["mode"] == "automatic"
    assert report["remote_access"]["method"] == "pcp"
    assert report["remote_access"]["preferences"]["publish"] is True
    assert report["server"]["unknown_settings"] == []
    assert report["router"]["pcp"] == {"answers": True}
    assert report["router"]["upnp"]["answers"] is True
    assert report["router"]["upnp"]["service"].endswith("WANIPConnection:2")
    assert report["router"]["upnp"]["short_name"] is False
    assert report["router"]["upnp"]["model"] == "Router Simulator"
    assert report["router"]["other_routers"] == []
    for secret in (plex.token, public_ip, "127.0.0.1"):
        assert secret not in json.dumps(report)


async def test_timeline(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    plex: PlexServer,
    init_integration: MockConfigEntry,
) -> None:
    """What happened, in order, with its time: what was asked for, done, and found."""
    await turn(hass, "on")
    await turn(hass, "off")

    report = await get_diagnostics_for_config_entry(hass, hass_client, init_integration)

    told = [{**event, "at": None} for event in report["timeline"]]
    opening = {"at": None, "step": {"open": {"port": 32400}}}
    closing: dict[str, Any] = {"at": None, "step": {"close": {}}}
    assert told[0] == {"at": None, "server": "answers"}
    assert told.index({"at": None, "request": "on"}) < told.index(opening)
    assert told.index(opening) < told.index({"at": None, "request": "off"})
    assert told.index({"at": None, "request": "off"}) < told.index(closing)
    assert {"at": None, "verdict": ["disabled", None]} in told
    assert report["timeline"][0]["at"].startswith("2026-11-02T12:00:0")


async def test_timeline_is_short(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    init_integration: MockConfigEntry,
) -> None:
    """It holds the last fifty events."""
    for _ in range(10):
        await turn(hass, "on")
        await turn(hass, "off")

    report = await get_diagnostics_for_config_entry(hass, hass_client, init_integration)

    assert len(report["timeline"]) == 50


@pytest.mark.parametrize("router_options", [NOTHING])
@pytest.mark.parametrize("missing_preferences", [{"RelayEnabled"}])
async def test_router_that_does_nothing(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    init_integration: MockConfigEntry,
) -> None:
    """Its silence is told as well, and what the server does not have."""
    report = await get_diagnostics_for_config_entry(hass, hass_client, init_integration)

    assert report["server"]["unknown_settings"] == ["relay"]
    assert report["router"]["pcp"]["reason"] == "no_router"
    assert report["router"]["upnp"]["answers"] is False


async def test_no_way_to_a_router(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    init_integration: MockConfigEntry,
) -> None:
    """Where there is no route at all, that is what is told."""
    with patch(
        "custom_components.plex_remote_access.portmap.router.find_route",
        return_value=None,
    ):
        report = await get_diagnostics_for_config_entry(
            hass, hass_client, init_integration
        )

    assert report["router"]["reason"] == "no_router"


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
