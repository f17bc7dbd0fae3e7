"""Tests of the conditions."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from custom_components.plex_remote_access.plan import Status

from .common import STATUS, SWITCH

pytestmark = pytest.mark.usefixtures("init_integration")

REACHABLE = {Status.REACHABLE}
UNREACHABLE = {
    Status.UNREACHABLE,
    Status.NOT_MAPPED,
    Status.NOT_PUBLISHED,
    Status.DOUBLE_NAT,
    Status.SIGNED_OUT,
}


async def holds(hass: HomeAssistant, name: str, entity_id: str) -> bool | None:
    """Return what a condition says."""
    config = await condition.async_validate_condition_config(
        hass,
        {
            "condition": f"{DOMAIN}.{name}",
            "target": {"entity_id": [entity_id]},
            "options": {"behavior": "any"},
        },
    )
    check = await condition.async_from_config(hass, config)
    try:
        return check.async_check()
    finally:
        check.async_unload()


@pytest.mark.parametrize("entity_id", [STATUS, SWITCH])
@pytest.mark.parametrize("status", list(Status))
async def test_verdict(hass: HomeAssistant, status: Status, entity_id: str) -> None:
    """Each status is one, the other, or neither of them."""
    hass.states.async_set(STATUS, status)

    assert await holds(hass, "is_reachable", entity_id) is (status in REACHABLE)
    assert await holds(hass, "is_unreachable", entity_id) is (status in UNREACHABLE)


async def test_server_is_away(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry
) -> None:
    """Nothing is known of it then."""
    await hass.config_entries.async_unload(mock_config_entry.entry_id)

    assert not await holds(hass, "is_reachable", SWITCH)
    assert not await holds(hass, "is_unreachable", SWITCH)
