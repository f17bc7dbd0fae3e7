"""Tests of the binary sensor: whether the server is reached from outside."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import REACHABLE, jumping_time, pass_time, state_of, turn

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize("platforms", [[Platform.BINARY_SENSOR]])
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The binary sensor is what automations rely on."""
    await snapshot_platform(hass, entity_registry, snapshot, mock_config_entry.entry_id)


async def test_reachable(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """Unknown until plex.tv has had the time to connect, on when it did."""
    assert state_of(hass, REACHABLE).state == STATE_OFF

    await turn(hass, "on")
    assert state_of(hass, REACHABLE).state == STATE_UNKNOWN

    await plex.settled()
    await pass_time(hass, freezer, 15)
    assert state_of(hass, REACHABLE).state == STATE_UNKNOWN

    await pass_time(hass, freezer, 16)
    assert state_of(hass, REACHABLE).state == STATE_ON

    await turn(hass, "off")
    assert state_of(hass, REACHABLE).state == STATE_OFF


async def test_unreachable(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Off when the way is blocked although the port is mapped."""
    router.faults.mapping.dead_forward = True
    await turn(hass, "on")

    await plex.settled()
    await pass_time(hass, freezer, 31)

    assert state_of(hass, REACHABLE).state == STATE_OFF
