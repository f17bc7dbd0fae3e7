"""Fixtures: a Plex server and a router, simulated, and the integration between them."""

from collections.abc import AsyncIterator, Iterator
from ipaddress import IPv4Address
from typing import Any
from unittest.mock import AsyncMock, PropertyMock, patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.components import automation
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import hypothesis
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion
from yarl import URL

# Imported here so that Home Assistant finds the integration in this repository.
from custom_components.plex_remote_access import PLATFORMS
from custom_components.plex_remote_access.const import CONF_PORT_MAPPING, CONF_ROUTER
from custom_components.plex_remote_access.portmap import PortMapError, Reason
from tests.common import asked_at_its_ports, make_entry, pass_time, turn
from tests.names import ADDRESSES, Names
from tests.simulators.plex import PlexServer, WireForm
from tests.simulators.plextv import DirectOutside, PlexTv
from tests.simulators.router import Router as SimulatedRouter

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.fixture(autouse=True)
def custom_integrations(enable_custom_integrations: None) -> None:
    """Have Home Assistant load the integration."""


@pytest.fixture(autouse=True)
def nobody_around() -> Iterator[AsyncMock]:
    """Have no search leave this machine; what is found is up to the test."""
    with patch("custom_components.plex_remote_access.discovery.search") as search:
        yield search


@pytest.fixture
def name_service() -> Iterator[None]:
    """Have names looked up where there are some."""

    async def resolve(host: str) -> IPv4Address:
        try:
            return IPv4Address(ADDRESSES[host])
        except KeyError as err:
            raise PortMapError(Reason.FAILED, "no such name") from err

    with (
        patch("custom_components.plex_remote_access.clients.resolve", resolve),
        patch(
            "homeassistant.helpers.aiohttp_client._async_make_resolver",
            return_value=Names(),
        ),
    ):
        yield


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Snapshots of Home Assistant's objects, without what differs each time."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def router_options() -> dict[str, Any]:
    """What the router is like; parametrize it for another one."""
    return {}


@pytest.fixture
async def router(
    socket_enabled: None, router_options: dict[str, Any]
) -> AsyncIterator[SimulatedRouter]:
    """A router on the loopback interface."""
    async with SimulatedRouter(**router_options) as simulated:
        yield simulated


@pytest.fixture
def server_preferences() -> dict[str, Any]:
    """The settings of the server that are not the defaults; to be parametrized."""
    return {}


@pytest.fixture
def missing_preferences() -> set[str]:
    """The settings that the server does not know; to be parametrized."""
    return set()


@pytest.fixture
def outside(router: SimulatedRouter) -> DirectOutside:
    """The Internet as the server sees it, and as it sees the server."""
    return DirectOutside(router.wan_address, router.dial)


@pytest.fixture
async def plex(
    outside: DirectOutside,
    server_preferences: dict[str, Any],
    missing_preferences: set[str],
) -> AsyncIterator[PlexServer]:
    """A Plex server behind that router, with remote access off."""
    async with PlexServer(
        machine_identifier="5f3c9a1e7d2b4860f1e2d3c4b5a697886950413c",
        outside=outside,
        lan_address="127.0.0.1",
        preferences=server_preferences,
        form=WireForm(missing_preferences=missing_preferences),
    ) as server:
        yield server


@pytest.fixture
async def plex_tv(socket_enabled: None) -> AsyncIterator[PlexTv]:
    """plex.tv, where nobody has a server yet."""
    async with PlexTv() as simulated:
        with patch(
            "custom_components.plex_remote_access.clients.PLEX_TV", URL(simulated.url)
        ):
            yield simulated


@pytest.fixture
async def working_plex(plex: PlexServer, router: SimulatedRouter) -> PlexServer:
    """The server, reached from outside by its own mapping."""

    async def own_mapping(internal_port: int) -> int:
        router.add_foreign(
            24507, internal_client="127.0.0.1", internal_port=internal_port
        )
        return 24507

    plex.remote_access._mapper = own_mapping
    await plex.set_preferences({"PublishServerOnPlexOnlineKey": False})
    await plex.set_preferences({"PublishServerOnPlexOnlineKey": True})
    await plex.settled()
    return plex


@pytest.fixture
async def simulated_ports(router: SimulatedRouter) -> AsyncIterator[None]:
    """Have the integration ask the simulated router at its ports."""
    async with asked_at_its_ports(router):
        yield


@pytest.fixture
def port_mapping() -> str:
    """Who opens the port; parametrize it for another than Home Assistant."""
    return "automatic"


@pytest.fixture
def options(port_mapping: str) -> dict[str, Any]:
    """The options of the entry."""
    return {CONF_PORT_MAPPING: port_mapping, CONF_ROUTER: "127.0.0.1"}


@pytest.fixture
def mock_config_entry(plex: PlexServer, options: dict[str, Any]) -> MockConfigEntry:
    """A server that was set up, not yet loaded."""
    return make_entry(plex, options)


@pytest.fixture
def platforms() -> list[Platform]:
    """The platforms to set up; parametrize it to look at one alone."""
    return PLATFORMS


@pytest.fixture
def all_entities_enabled() -> Iterator[None]:
    """Have the entities that are off by default set up as well."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        PropertyMock(return_value=True),
    ):
        yield


@pytest.fixture
def mock_setup_entry() -> Iterator[AsyncMock]:
    """Add entries, but do not set them up."""
    with patch(
        "custom_components.plex_remote_access.async_setup_entry", return_value=True
    ) as setup_entry:
        yield setup_entry


@pytest.fixture
async def init_integration(
    hass: HomeAssistant,
    mock_config_entry: MockConfigEntry,
    simulated_ports: None,
    platforms: list[Platform],
) -> MockConfigEntry:
    """Set up the server."""
    await async_setup_component(hass, "homeassistant", {})
    mock_config_entry.add_to_hass(hass)
    with patch("custom_components.plex_remote_access.PLATFORMS", platforms):
        await hass.config_entries.async_setup(mock_config_entry.entry_id)
        await hass.async_block_till_done()
    return mock_config_entry


@pytest.fixture
async def automations_end(hass: HomeAssistant) -> AsyncIterator[None]:
    """Leave no automation that waits for its hour."""
    yield
    if entity_ids := hass.states.async_entity_ids(automation.DOMAIN):
        await hass.services.async_call(
            automation.DOMAIN, "turn_off", {"entity_id": entity_ids}, blocking=True
        )


@pytest.fixture
async def reachable(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """Remote access is on, and nothing more is to be done for it."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    plex.records.reset()


@pytest.fixture
async def prepared_entry(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry, simulated_ports: None
) -> MockConfigEntry:
    """An entry that a test sets up itself."""
    mock_config_entry.add_to_hass(hass)
    return mock_config_entry
