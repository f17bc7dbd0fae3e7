"""Tests of the system information."""

from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.plex_remote_access.const import DOMAIN

from .common import jumping_time, turn
from .test_issues import NOTHING

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize(("state", "methods"), [("on", "pcp"), ("off", "-")])
async def test_who_answers(hass: HomeAssistant, state: str, methods: str) -> None:
    """How many servers, through which protocol, and whether plex.tv is there."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    await turn(hass, state)

    with patch(
        "homeassistant.components.system_health.async_check_can_reach_url",
        new=lambda _hass, url: f"asked {url}",
    ):
        info = await get_system_health_info(hass, DOMAIN)
        protocols = await info.pop("router_protocols")

    assert info == {
        "servers": "1 / 1",
        "mapping_methods": methods,
        "can_reach_plex_tv": "asked https://plex.tv",
    }
    assert protocols == "nat_pmp, pcp, upnp"


@pytest.mark.parametrize("router_options", [NOTHING])
async def test_router_that_does_not_answer(hass: HomeAssistant) -> None:
    """A dash is better than nothing."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()

    with patch(
        "homeassistant.components.system_health.async_check_can_reach_url",
        new=lambda _hass, url: url,
    ):
        info = await get_system_health_info(hass, DOMAIN)

    assert await info["router_protocols"] == "-"
