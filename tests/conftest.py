"""Fixtures: a Plex server and a router, simulated, and the integration between them."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from unittest.mock import patch

from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

# Imported here so that Home Assistant finds the integration in this repository.
from custom_components.plex_remote_access.const import (
    CONF_PORT_MAPPING,
    CONF_ROUTER,
    DOMAIN,
)
from custom_components.plex_remote_access.portmap import Ports, Router
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router as SimulatedRouter


@pytest.fixture(autouse=True)
def custom_integrations(enable_custom_integrations: None) -> None:
    """Have Home Assistant load the integration."""


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[SimulatedRouter]:
    """A router on the loopback interface."""
    async with SimulatedRouter() as simulated:
        yield simulated


@pytest.fixture
async def plex(router: SimulatedRouter) -> AsyncIterator[PlexServer]:
    """A Plex server behind that router, with remote access off."""
    outside = DirectOutside(router.wan_address, router.dial)
    async with PlexServer(outside=outside, lan_address="127.0.0.1") as server:
        yield server


@pytest.fixture
def simulated_ports(router: SimulatedRouter) -> Iterator[None]:
    """Have the integration ask the simulated router at its ports."""
    ports = Ports(nat_pmp=router.natpmp_port, ssdp=router.ssdp_port)
    with patch(
        "custom_components.plex_remote_access.coordinator.Router",
        partial(Router, ports=ports),
    ):
        yield


@pytest.fixture
def port_mapping() -> str:
    """Who opens the port; parametrize it for another than Home Assistant."""
    return "automatic"


@pytest.fixture
def mock_config_entry(plex: PlexServer, port_mapping: str) -> MockConfigEntry:
    """A server that was set up, not yet loaded."""
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
        options={CONF_PORT_MAPPING: port_mapping, CONF_ROUTER: "127.0.0.1"},
    )


@pytest.fixture
async def init_integration(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry, simulated_ports: None
) -> MockConfigEntry:
    """Set up the server."""
    mock_config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    await hass.async_block_till_done()
    return mock_config_entry
