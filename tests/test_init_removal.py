"""Tests of what stays behind when an entry is removed."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import PacketKind, Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    MANUAL_PORT,
    PORT_MAPPING,
    add_foreign,
    jumping_time,
    mapping_requests,
    open_ports,
    reload,
    select,
    set_number,
    setting,
    turn,
    writes,
)

pytestmark = jumping_time

NOT_AUTHORIZED = 2


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Remove an entry."""
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    "server_preferences",
    [
        {EXTERNAL_PORT: 41234},
        {EXTERNAL_PORT: 41234, MANUAL_MODE: True},
    ],
)
async def test_removal_undoes_what_was_done(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    server_preferences: dict[str, Any],
) -> None:
    """The port is closed, and the server has its earlier settings."""
    foreign = add_foreign(router, 41234)
    await turn(hass, "on")
    await set_number(hass, MANUAL_PORT, 42345)
    assert setting(plex, EXTERNAL_PORT) == 42345
    await reload(hass, init_integration)

    await remove(hass, init_integration)

    assert list(router.table) == [foreign]
    assert setting(plex, EXTERNAL_PORT) == 41234
    assert setting(plex, MANUAL_MODE) is server_preferences.get(MANUAL_MODE, False)
    assert hass.states.async_entity_ids() == []


async def test_removal_of_what_did_nothing(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """Nothing is left, and nobody was asked to change anything."""
    await remove(hass, init_integration)

    assert writes(plex) == []
    assert mapping_requests(router) == []


async def test_removal_of_what_was_never_set_up(
    hass: HomeAssistant, prepared_entry: MockConfigEntry
) -> None:
    """There is nothing to undo."""
    await remove(hass, prepared_entry)

    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_removal_while_the_server_is_gone(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The port is closed all the same; what is left to do is told."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang_up=True)

    await remove(hass, init_integration)

    assert hass.config_entries.async_entries(DOMAIN) == []
    assert open_ports(router) == []
    assert "Den did not get its earlier port settings back" in caplog.text


@pytest.mark.parametrize("router_options", [{"pcp": False, "upnp": False}])
async def test_removal_while_the_router_refuses(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server has its settings all the same; which port stays open is told."""
    await turn(hass, "on")
    router.faults.packets.results = {PacketKind.NAT_PMP_MAP: NOT_AUTHORIZED}

    await remove(hass, init_integration)

    assert hass.config_entries.async_entries(DOMAIN) == []
    assert setting(plex, MANUAL_MODE) is False
    assert "The router could not be made to close port 32400" in caplog.text


async def test_chosen_mode_is_not_undone(
    hass: HomeAssistant,
    plex: PlexServer,
    init_integration: MockConfigEntry,
) -> None:
    """What the owner chose himself is no leftover of ours."""
    await turn(hass, "on")
    await select(hass, PORT_MAPPING, "manual")

    await remove(hass, init_integration)

    assert setting(plex, MANUAL_MODE) is True
