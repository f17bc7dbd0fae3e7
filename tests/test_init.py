"""Tests of an entry's life: set up, unloaded, reloaded."""

import asyncio
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Origin, Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    PUBLISH,
    STATUS,
    SWITCH,
    add_foreign,
    become,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    press_retry,
    reload,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = jumping_time


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def concerns_status(event: Event[EventStateChangedData]) -> bool:
    """Tell whether an event is about the status."""
    return bool(event.data["entity_id"] == STATUS)


async def test_device(
    device_registry: dr.DeviceRegistry,
    snapshot: SnapshotAssertion,
    init_integration: MockConfigEntry,
    plex: PlexServer,
) -> None:
    """The device is named after the server and leads to its settings."""
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, plex.machine_identifier), init_integration.entry_id
    )

    assert device is not None
    assert device.configuration_url == f"http://127.0.0.1:{plex.port}/web"
    # The simulated server takes any free port.
    assert device == snapshot(exclude=props("configuration_url"))


@pytest.mark.parametrize("port_mapping", ["automatic", "server", "manual"])
@pytest.mark.parametrize(
    "server_preferences", [{}, {PUBLISH: True}, {PUBLISH: True, MANUAL_MODE: True}]
)
async def test_setting_up_changes_nothing(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """Neither at once nor later."""
    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 3600)

    assert init_integration.state is ConfigEntryState.LOADED
    assert writes(plex) == []
    assert mapping_requests(router) == []
    assert plex.refresh_count == 0


@pytest.mark.parametrize("endpoint", [Endpoint.IDENTITY, Endpoint.ROOT, Endpoint.PREFS])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"hang_up": True}, "No answer from this address"),
        ({"status": 503}, "The server is still starting"),
        ({"status": 404}, "it is not a Plex Media Server"),
        ({"status": 500}, "has a problem of its own"),
    ],
)
async def test_server_that_is_not_ready(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    prepared_entry: MockConfigEntry,
    endpoint: Endpoint,
    fault: dict[str, Any],
    reason: str,
) -> None:
    """The entry says why, and is set up when the server is there."""
    plex.faults.endpoints[endpoint] = EndpointFault(**fault)
    await set_up(hass, prepared_entry)
    assert prepared_entry.state is ConfigEntryState.SETUP_RETRY
    assert prepared_entry.reason is not None
    assert reason in prepared_entry.reason

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 10)
    await become(lambda: prepared_entry.state, ConfigEntryState.LOADED)


async def test_another_server_at_the_address(
    hass: HomeAssistant, plex: PlexServer, prepared_entry: MockConfigEntry
) -> None:
    """Nothing is done to a server that was never set up."""
    plex.machine_identifier = "somebody-else"

    await set_up(hass, prepared_entry)

    assert prepared_entry.state is ConfigEntryState.SETUP_ERROR
    assert prepared_entry.reason == "Another Plex server answers at this address"


async def test_unload_leaves_the_port_open(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """A restart of Home Assistant is no reason to interrupt those who watch."""
    await turn(hass, "on")
    plex.records.reset()

    await hass.config_entries.async_unload(init_integration.entry_id)

    assert init_integration.state is ConfigEntryState.NOT_LOADED
    assert state_of(hass, SWITCH).state == STATE_UNAVAILABLE
    assert open_ports(router) == [32400]
    assert setting(plex, PUBLISH) is True
    assert writes(plex) == []


@pytest.mark.parametrize(
    "router_options",
    [
        pytest.param({"pcp": False, "upnp": False}, id="nat_pmp"),
        pytest.param({"pcp": False, "nat_pmp": False}, id="upnp"),
    ],
)
async def test_mapping_is_adopted(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """After a restart it is the same one mapping, and still ours to close."""
    add_foreign(router, 32400)
    await turn(hass, "on")
    (port,) = set(open_ports(router)) - {32400}
    plex.records.reset()

    await reload(hass, init_integration)

    assert state_of(hass, SWITCH).state == STATE_ON
    assert open_ports(router) == [32400, port]
    assert writes(plex) == []

    await turn(hass, "off")
    assert open_ports(router) == [32400]


@pytest.mark.parametrize(
    "router_options",
    [
        pytest.param({"nat_pmp": False, "upnp": False}, id="pcp"),
        pytest.param({"pcp": False, "upnp": False}, id="nat_pmp"),
    ],
)
async def test_still_reachable_after_a_restart(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """A mapping that can only be asked for again is no reason to await a verdict."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become(lambda: state_of(hass, STATUS).state, "reachable")
    requests = len(mapping_requests(router))
    events = async_capture_events(hass, EVENT_STATE_CHANGED)

    await reload(hass, init_integration)

    await become(lambda: len(mapping_requests(router)), requests + 1)
    await pass_time(hass, freezer, 1)
    told = [event.data["new_state"].state for event in events if concerns_status(event)]
    assert told[-1] == "reachable"
    assert "connecting" not in told


async def test_mapping_lost_while_we_were_away(
    hass: HomeAssistant, router: Router, init_integration: MockConfigEntry
) -> None:
    """It is opened again."""
    await turn(hass, "on")
    await hass.config_entries.async_unload(init_integration.entry_id)
    router.restart()

    await set_up(hass, init_integration)

    await become(lambda: open_ports(router), [32400])


@pytest.mark.parametrize("router_options", [{"pcp": False, "nat_pmp": False}])
async def test_mapping_taken_by_somebody_while_we_were_away(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """He keeps it; we take another one and tell the server."""
    await turn(hass, "on")
    await hass.config_entries.async_unload(init_integration.entry_id)
    router.restart()
    foreign = add_foreign(router, 32400)

    await set_up(hass, init_integration)

    await become(lambda: len(open_ports(router)), 2)
    assert foreign in router.table
    (ours,) = (entry for entry in router.table if entry.origin is not Origin.STATIC)
    await become(lambda: setting(plex, EXTERNAL_PORT), ours.external_port)


async def test_switched_off_while_we_were_away(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """Off is off, whoever said it and whenever."""
    await turn(hass, "on")
    await hass.config_entries.async_unload(init_integration.entry_id)
    await plex.set_preferences({PUBLISH: False})

    await set_up(hass, init_integration)

    assert open_ports(router) == []


async def test_nothing_lingers_of_a_press_before_the_unload(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """An unloaded entry asks nobody anything."""
    await turn(hass, "on")
    await press_retry(hass)
    await plex.settled()
    await pass_time(hass, freezer, 1)
    await hass.config_entries.async_unload(init_integration.entry_id)
    # What was asked just before is cancelled, but may still arrive.
    await asyncio.sleep(0.5)
    plex.records.reset()

    await pass_time(hass, freezer, 3600)

    assert plex.requests == []


async def test_verdict_after_a_restart(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """A server that was reachable is so at once: nothing has changed for it."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    assert verdict(hass) == ("reachable", None)

    await reload(hass, init_integration)

    assert verdict(hass) == ("reachable", None)
