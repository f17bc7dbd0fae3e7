"""Tests of a linked switch that opens the port on the router."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer

from .common import (
    PUBLISH,
    SWITCH,
    become,
    jumping_time,
    pass_time,
    select,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

FORWARD = "light.forward"

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.fixture
def port_mapping() -> str:
    """The owner's own forward, which the switch turns on and off."""
    return "manual"


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    """The switch is linked."""
    return {**options, "router_switch": FORWARD}


@pytest.fixture
def acts() -> list[str]:
    """What happened, in its order."""
    return []


@pytest.fixture(autouse=True)
def forward(hass: HomeAssistant, plex: PlexServer, acts: list[str]) -> None:
    """A forward of the router that can be switched on and off, as an entity."""
    hass.states.async_set(FORWARD, STATE_OFF)

    async def turn_forward(call: ServiceCall) -> None:
        published = "published" if setting(plex, PUBLISH) else "not published"
        acts.append(f"{call.service} while {published}")
        hass.states.async_set(FORWARD, call.service.removeprefix("turn_"))

    hass.services.async_register("light", "turn_on", turn_forward)
    hass.services.async_register("light", "turn_off", turn_forward)


async def test_on_and_off(
    hass: HomeAssistant, plex: PlexServer, acts: list[str]
) -> None:
    """The forward is on before the server is published, and off after it."""
    await turn(hass, "on")
    assert state_of(hass, FORWARD).state == STATE_ON
    assert setting(plex, PUBLISH) is True

    await turn(hass, "off")
    assert state_of(hass, FORWARD).state == STATE_OFF
    assert acts == ["turn_on while not published", "turn_off while not published"]


async def test_switched_off_in_plex(hass: HomeAssistant, plex: PlexServer) -> None:
    """The owner's off counts wherever he says it."""
    await turn(hass, "on")

    await plex.set_preferences({PUBLISH: False})

    await become(lambda: state_of(hass, FORWARD).state, STATE_OFF)


@pytest.mark.parametrize("state", [STATE_UNAVAILABLE, STATE_UNKNOWN, None])
@pytest.mark.parametrize("action", ["on", "off"])
async def test_switch_that_is_not_available(
    hass: HomeAssistant, plex: PlexServer, state: str | None, action: str
) -> None:
    """The owner is told; the server is not published for a port that is closed."""
    await turn(hass, {"on": "off", "off": "on"}[action])
    if state is None:
        hass.states.async_remove(FORWARD)
    else:
        hass.states.async_set(FORWARD, state)

    with pytest.raises(HomeAssistantError) as raised:
        await turn(hass, action)

    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "router_switch_gone"
    assert raised.value.translation_placeholders == {"entity_id": FORWARD}
    assert setting(plex, PUBLISH) is False


async def test_switch_that_takes_a_while(hass: HomeAssistant, plex: PlexServer) -> None:
    """The server is published when it has turned, not when it was asked."""
    asked = asyncio.Event()

    async def ask(call: ServiceCall) -> None:
        asked.set()

    hass.services.async_register("light", "turn_on", ask)
    turning = hass.async_create_task(turn(hass, "on"))
    await asked.wait()
    await asyncio.sleep(0.1)
    hass.states.async_set(FORWARD, STATE_UNAVAILABLE)
    await asyncio.sleep(0.1)
    assert not turning.done()
    assert writes(plex) == []

    hass.states.async_set(FORWARD, STATE_ON)
    await turning
    assert setting(plex, PUBLISH) is True


@pytest.mark.parametrize(
    "error", [None, HomeAssistantError("why"), RuntimeError("of another integration")]
)
async def test_switch_that_does_not_turn(
    hass: HomeAssistant, plex: PlexServer, error: Exception | None
) -> None:
    """Its state is what counts, not that it was asked."""
    hass.services.async_register("light", "turn_on", AsyncMock(side_effect=error))
    with (
        patch(
            "custom_components.plex_remote_access.router_switch.SWITCH_TIMEOUT",
            timedelta(seconds=0.05),
        ),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await turn(hass, "on")

    assert raised.value.translation_key == "router_switch_stuck"
    assert raised.value.translation_placeholders == {"entity_id": FORWARD}
    assert setting(plex, PUBLISH) is False


async def test_somebody_flips_it_back(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    acts: list[str],
) -> None:
    """It is not fought over; the owner sees why nobody gets in."""
    await turn(hass, "on")
    acts.clear()

    hass.states.async_set(FORWARD, STATE_OFF)
    await become(lambda: verdict(hass), ("not_mapped", "router_switch_off"))
    await pass_time(hass, freezer, 600)
    assert acts == []
    assert setting(plex, PUBLISH) is True

    hass.states.async_set(FORWARD, STATE_ON)
    await pass_time(hass, freezer, 1)
    assert verdict(hass)[1] != "router_switch_off"


async def test_somebody_flips_it_on(hass: HomeAssistant) -> None:
    """Remote access is off, but the forward is not."""
    await turn(hass, "on")
    await turn(hass, "off")

    hass.states.async_set(FORWARD, STATE_ON)

    await become(lambda: verdict(hass), ("disabled", "router_switch_on"))


async def test_goes_away_while_on(hass: HomeAssistant) -> None:
    """Nobody knows how it stands; that is told, and nothing is done."""
    await turn(hass, "on")

    hass.states.async_set(FORWARD, STATE_UNAVAILABLE)

    await become(lambda: verdict(hass), ("connecting", "router_switch_gone"))


async def test_is_turned_off_for_another_mode(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """What we turned on is turned off when somebody else opens the port."""
    await turn(hass, "on")

    await select(hass, "select.den_remote_access_port_mapping", "server")

    assert state_of(hass, FORWARD).state == STATE_OFF
    assert setting(plex, PUBLISH) is True


async def test_is_turned_off_though_the_server_does_not_answer(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """Off closes the port in any case."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang_up=True)

    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")

    assert state_of(hass, FORWARD).state == STATE_OFF


async def test_is_turned_off_when_the_server_is_removed(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry
) -> None:
    """Nothing stays open that we have opened."""
    await turn(hass, "on")

    await hass.config_entries.async_remove(mock_config_entry.entry_id)
    await hass.async_block_till_done()

    assert state_of(hass, FORWARD).state == STATE_OFF


async def test_stays_on_over_a_reload(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry
) -> None:
    """A restart is no reason to close the port."""
    await turn(hass, "on")

    await hass.config_entries.async_reload(mock_config_entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, FORWARD).state == STATE_ON

    await turn(hass, "off")
    assert state_of(hass, FORWARD).state == STATE_OFF
    assert state_of(hass, SWITCH).state == STATE_OFF
