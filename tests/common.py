"""What several test modules use: entities, what was asked of others, and time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from custom_components.plex_remote_access.portmap import Ports, Router as PortMapRouter
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.plex.wire import Scalar
from tests.simulators.router import Entry, PacketKind, Router

SWITCH = "switch.den_remote_access"
RELAY = "switch.den_remote_access_relay"
REACHABLE = "binary_sensor.den_remote_access_reachable"
RETRY = "button.den_remote_access_retry"
MANUAL_PORT = "number.den_remote_access_manual_port"
UPLOAD_SPEED = "number.den_remote_access_upload_speed"
PORT_MAPPING = "select.den_remote_access_port_mapping"
STREAM_LIMIT = "select.den_remote_access_stream_limit"
STATUS = "sensor.den_remote_access_status"
PUBLIC_IP = "sensor.den_remote_access_public_ip"
PUBLIC_PORT = "sensor.den_remote_access_public_port"
MAPPING_METHOD = "sensor.den_remote_access_mapping_method"
MAPPING_EXPIRES = "sensor.den_remote_access_mapping_expires"

# Time goes on by itself, so that real sockets work, and jumps when a test says so.
# The event loop, its timers and the simulated router follow.
jumping_time = pytest.mark.freeze_time("2026-11-02 12:00:00", tick=True)

PUBLISH = "PublishServerOnPlexOnlineKey"
MANUAL_MODE = "ManualPortMappingMode"
EXTERNAL_PORT = "ManualPortMappingPort"

NAT_PMP_ONLY = {"pcp": False, "upnp": False}
PCP_ONLY = {"nat_pmp": False, "upnp": False}
UPNP_ONLY = {"pcp": False, "nat_pmp": False}
each_protocol = pytest.mark.parametrize(
    "router_options",
    [
        pytest.param(NAT_PMP_ONLY, id="nat_pmp"),
        pytest.param(PCP_ONLY, id="pcp"),
        pytest.param(UPNP_ONLY, id="upnp"),
    ],
)

_DEADLINE = 5
_REFUSED = 2
_NOT_AUTHORIZED = 606
_TALK = (
    Endpoint.ACCOUNT,
    Endpoint.IDENTITY,
    Endpoint.PREFS,
    Endpoint.PREFS_PUT,
    Endpoint.ROOT,
    Endpoint.WEBSOCKET,
)


def make_entry(plex: PlexServer, options: dict[str, Any]) -> MockConfigEntry:
    """Return the entry of a server that was set up, not yet loaded."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=plex.friendly_name,
        unique_id=plex.machine_identifier,
        data={
            CONF_HOST: "127.0.0.1",
            CONF_PORT: plex.port,
            CONF_SSL: False,
            CONF_VERIFY_SSL: False,
            CONF_TOKEN: plex.token,
        },
        options=options,
    )


@asynccontextmanager
async def asked_at_its_ports(router: Router) -> AsyncIterator[None]:
    """Have the integration ask a simulated router at its ports.

    A router that does not answer at once is not there.
    """
    ports = Ports(pcp=router.natpmp_port, ssdp=router.ssdp_port)
    with (
        patch(
            "custom_components.plex_remote_access.routers.Router",
            partial(PortMapRouter, ports=ports),
        ),
        patch("custom_components.plex_remote_access.portmap.const.PATIENCE", 0.5),
    ):
        yield


async def turn(hass: HomeAssistant, action: str, entity_id: str = SWITCH) -> None:
    """Turn a switch `on` or `off` as people do."""
    await hass.services.async_call(
        "switch", f"turn_{action}", {ATTR_ENTITY_ID: entity_id}, blocking=True
    )


async def enable_for(
    hass: HomeAssistant, duration: object, entity_id: str = SWITCH, **data: Any
) -> None:
    """Call the action."""
    await hass.services.async_call(
        DOMAIN,
        "enable_for",
        {ATTR_ENTITY_ID: entity_id, "duration": duration, **data},
        blocking=True,
    )


async def press_retry(hass: HomeAssistant) -> None:
    """Press the button."""
    await hass.services.async_call(
        "button", "press", {ATTR_ENTITY_ID: RETRY}, blocking=True
    )


async def set_number(hass: HomeAssistant, entity_id: str, value: float) -> None:
    """Enter a number."""
    await hass.services.async_call(
        "number",
        "set_value",
        {ATTR_ENTITY_ID: entity_id, "value": value},
        blocking=True,
    )


async def select(hass: HomeAssistant, entity_id: str, option: str) -> None:
    """Select an option."""
    await hass.services.async_call(
        "select",
        "select_option",
        {ATTR_ENTITY_ID: entity_id, "option": option},
        blocking=True,
    )


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity that must be there."""
    state = hass.states.get(entity_id)
    assert state is not None, f"{entity_id} is missing"
    return state


def verdict(hass: HomeAssistant) -> tuple[str, str | None]:
    """Return status and reason."""
    state = state_of(hass, STATUS)
    return state.state, state.attributes.get("reason", STATE_UNKNOWN)


def open_ports(router: Router) -> list[int]:
    """Return the ports that the router has open."""
    return [entry.external_port for entry in router.table]


def refuse_mappings(router: Router) -> None:
    """Have the router map nothing from now on."""
    router.faults.packets.results = {
        PacketKind.NAT_PMP_MAP: _REFUSED,
        PacketKind.PCP_MAP: _REFUSED,
    }
    router.faults.soap.refuse = {
        "AddPortMapping": _NOT_AUTHORIZED,
        "AddAnyPortMapping": _NOT_AUTHORIZED,
    }


def grant_mappings(router: Router) -> None:
    """Have the router map again."""
    router.faults.packets.results = {}
    router.faults.soap.refuse = {}


def add_foreign(router: Router, port: int) -> Entry:
    """Have somebody else hold a port; nothing answers behind it."""
    return router.add_foreign(port, internal_client="127.0.0.1", internal_port=9)


def mapping_requests(router: Router) -> list[str]:
    """Return what asked the router for a mapping, or for the end of one."""
    kinds = {PacketKind.NAT_PMP_MAP, PacketKind.PCP_MAP}
    datagrams = [data.kind.value for data in router.datagrams if data.kind in kinds]
    calls = [call.action for call in router.soap_calls if "PortMapping" in call.action]
    return datagrams + calls


def setting(plex: PlexServer, name: str) -> Scalar:
    """Return what a setting of the server is."""
    return plex.preferences[name]


def writes(plex: PlexServer) -> list[dict[str, str]]:
    """Return what was written to the server, one item for each request."""
    return [
        request.query
        for request in plex.requests
        if request.endpoint is Endpoint.PREFS_PUT
    ]


async def lose(plex: PlexServer, **fault: bool) -> None:
    """Have the server not answer any more."""
    for endpoint in _TALK:
        plex.faults.endpoints[endpoint] = EndpointFault(**fault)
    await plex.notifications.close()


async def set_up_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Start once more with what is on disk."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def our_tasks() -> int:
    """Return how many tasks the integration has; the simulators have theirs."""
    return sum(DOMAIN in repr(task) for task in asyncio.all_tasks())


async def pass_time(
    hass: HomeAssistant, freezer: TickingDateTimeFactory, seconds: float
) -> None:
    """Let time pass at once, and let the integration look if it wants to."""
    # Nobody who waits for an answer right now is to think that it took so long.
    await _looks()
    freezer.move_to(dt_util.utcnow() + timedelta(seconds=seconds))
    # The event loop notices.
    await asyncio.sleep(0.01)
    await _looks()
    await hass.async_block_till_done()


async def _looks() -> None:
    """Wait for the integration to finish what it does at the server and the router."""
    while tasks := [
        task
        for task in asyncio.all_tasks()
        if task.get_name().endswith((" fix", " look", "tend port"))
    ]:
        await asyncio.wait(tasks)


async def become(look: Callable[[], object], expected: object) -> None:
    """Wait until something is as expected; assert it in the end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_DEADLINE):
            while look() != expected:
                await asyncio.sleep(0.01)
    assert look() == expected


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Reload an entry, as a restart does."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
