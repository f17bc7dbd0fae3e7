"""Tests of the triggers."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from .common import (
    PUBLIC_IP,
    REACHABLE,
    RELAY,
    STATUS,
    SWITCH,
    become,
    jumping_time,
    pass_time,
    press_retry,
    state_of,
    turn,
)

pytestmark = jumping_time


async def watch(
    hass: HomeAssistant, trigger: str, target: dict[str, object]
) -> list[ServiceCall]:
    """Set up an automation, and return what it will do."""
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {"trigger": f"{DOMAIN}.{trigger}", "target": target},
                "actions": {
                    "action": "test.notify",
                    "data": {"entity": "{{ trigger.entity_id }}"},
                },
            }
        },
    )
    await hass.async_block_till_done()
    calls: list[ServiceCall] = async_mock_service(hass, "test", "notify")
    return calls


async def go_up(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """Turn remote access on, and wait for the verdict."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become(lambda: state_of(hass, STATUS).state, "reachable")


async def go_down(
    hass: HomeAssistant,
    plex: PlexServer,
    outside: DirectOutside,
    freezer: TickingDateTimeFactory,
) -> None:
    """Have the way from outside blocked, until people are told."""
    outside.dial = lambda _address, _port: None
    await plex.remote_access.refresh()
    await plex.settled()
    for _ in range(4):
        await pass_time(hass, freezer, 31)
        await plex.settled()
    await become(lambda: state_of(hass, STATUS).state, "unreachable")


@pytest.mark.parametrize("entity_id", [STATUS, SWITCH, REACHABLE, PUBLIC_IP])
async def test_down_and_up(
    hass: HomeAssistant,
    plex: PlexServer,
    outside: DirectOutside,
    router: Router,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
    entity_id: str,
) -> None:
    """Whichever entity of the server was chosen, people are told once each time."""
    down = await watch(hass, "became_unreachable", {"entity_id": entity_id})
    await go_up(hass, plex, freezer)
    assert down == []

    await go_down(hass, plex, outside, freezer)
    assert [call.data["entity"] for call in down] == [STATUS]

    # Neither a server that restarts nor its return is another failure.
    plex.faults.endpoints[Endpoint.ACCOUNT] = EndpointFault(hang_up=True)
    await pass_time(hass, freezer, 121)
    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 31)
    await pass_time(hass, freezer, 121)
    assert len(down) == 1


@pytest.mark.parametrize("by", ["device_id", "entity_id"])
async def test_up(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    device_registry: dr.DeviceRegistry,
    init_integration: MockConfigEntry,
    by: str,
) -> None:
    """Turning on counts once people really get in."""
    (device,) = dr.async_entries_for_config_entry(
        device_registry, init_integration.entry_id
    )
    target = {"device_id": device.id, "entity_id": SWITCH}
    up = await watch(hass, "became_reachable", {by: target[by]})

    await turn(hass, "on")
    assert up == []
    await go_up(hass, plex, freezer)

    assert [call.data["entity"] for call in up] == [STATUS]


async def test_turned_off_by_its_owner(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """That is no failure."""
    down = await watch(hass, "became_unreachable", {"entity_id": SWITCH})
    await go_up(hass, plex, freezer)

    await turn(hass, "off")
    await pass_time(hass, freezer, 121)

    assert state_of(hass, STATUS).state == "disabled"
    assert down == []


async def test_another_public_address(
    hass: HomeAssistant,
    plex: PlexServer,
    outside: DirectOutside,
    router: Router,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """The first one is none, and one that comes again is none either."""
    changed = await watch(hass, "public_ip_changed", {"entity_id": SWITCH})
    await go_up(hass, plex, freezer)
    await turn(hass, "off")
    await go_up(hass, plex, freezer)
    assert changed == []

    router.set_wan_address("198.51.100.8")
    outside.address = "198.51.100.8"
    await press_retry(hass)
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become(lambda: state_of(hass, PUBLIC_IP).state, "198.51.100.8")

    assert [call.data["entity"] for call in changed] == [PUBLIC_IP]


async def test_entity_of_somebody_else(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    init_integration: MockConfigEntry,
) -> None:
    """It is left out, and the automation does not break."""
    other = entity_registry.async_get_or_create("sensor", "other", "1").entity_id
    changed = await watch(
        hass, "became_reachable", {"entity_id": [other, "sensor.gone"]}
    )
    hass.states.async_set(other, "disabled")
    hass.states.async_set(other, "reachable")
    await hass.async_block_till_done()

    assert changed == []


async def test_entity_that_is_off_by_default(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """Even that one stands for its server."""
    up = await watch(hass, "became_reachable", {"entity_id": RELAY})

    await go_up(hass, plex, freezer)

    assert len(up) == 1
