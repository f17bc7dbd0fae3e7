"""Tests of switching off whatever else goes on, or goes wrong, at that moment."""

import asyncio
from copy import deepcopy
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import PacketKind, Page, Router

from .common import (
    PORT_MAPPING,
    PUBLISH,
    STATUS,
    SWITCH,
    become,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    select,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)
from .portmap.common import PACKAGE
from .test_closing import enable_for

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]

ONLY_UPNP = {"pcp": False, "nat_pmp": False}
PROTOCOLS = pytest.mark.parametrize(
    "router_options",
    [
        pytest.param({"pcp": False, "upnp": False}, id="nat_pmp"),
        pytest.param({"nat_pmp": False, "upnp": False}, id="pcp"),
        pytest.param(ONLY_UPNP, id="upnp"),
    ],
)
TALK = (Endpoint.ACCOUNT, Endpoint.PREFS, Endpoint.PREFS_PUT, Endpoint.WEBSOCKET)


async def lose(plex: PlexServer, **fault: bool) -> None:
    """Have the server not answer any more."""
    for endpoint in (*TALK, Endpoint.IDENTITY, Endpoint.ROOT):
        plex.faults.endpoints[endpoint] = EndpointFault(**fault)
    await plex.notifications.close()


async def set_up_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Start once more with what is on disk."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def test_off_while_the_server_is_away(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The port is closed at once, and the server told when it is back."""
    await turn(hass, "on")
    await lose(plex, hang_up=True)
    await pass_time(hass, freezer, 121)
    assert state_of(hass, STATUS).state == STATE_UNAVAILABLE
    assert state_of(hass, SWITCH).state == STATE_ON

    with pytest.raises(HomeAssistantError, match="No answer from this address"):
        await turn(hass, "off")
    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_UNAVAILABLE

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)
    await become(lambda: setting(plex, PUBLISH), expected=False)
    assert state_of(hass, SWITCH).state == STATE_OFF
    await pass_time(hass, freezer, 3600)
    assert open_ports(router) == []


async def test_server_that_stays_away_is_not_pestered(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """It is asked now and then whether it can be told, no more."""
    await turn(hass, "on")
    await lose(plex, hang_up=True)
    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")
    await pass_time(hass, freezer, 61)
    plex.records.reset()

    for _ in range(60):
        await pass_time(hass, freezer, 1)

    assert 5 <= len(writes(plex)) <= 30


async def test_off_after_a_restart_without_the_server(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    mock_config_entry: MockConfigEntry,
) -> None:
    """What was to be closed meanwhile is closed, though nobody can be told."""
    await enable_for(hass, 600)
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    await lose(plex, hang_up=True)
    await pass_time(hass, freezer, 601)

    await set_up_again(hass, mock_config_entry)

    assert mock_config_entry.state is ConfigEntryState.SETUP_RETRY
    assert open_ports(router) == []
    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 10)
    await become(lambda: setting(plex, PUBLISH), expected=False)
    assert open_ports(router) == []


async def test_on_for_a_while_during_an_off_ends_all_the_same(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The off that is carried out first does not forget the end of what comes next."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(delay=0.5, remaining=1)
    off = asyncio.create_task(turn(hass, "off"))
    await become(lambda: open_ports(router), [])

    await enable_for(hass, 600)
    await off
    assert len(open_ports(router)) == 1
    await pass_time(hass, freezer, 601)

    await become(lambda: setting(plex, PUBLISH), expected=False)
    await become(lambda: open_ports(router), [])


@pytest.mark.parametrize("endpoint", [Endpoint.PREFS, Endpoint.PREFS_PUT])
async def test_off_does_not_wait_for_an_on_that_hangs(
    hass: HomeAssistant, plex: PlexServer, router: Router, endpoint: Endpoint
) -> None:
    """The last word counts at once, and for good."""
    plex.faults.endpoints[endpoint] = EndpointFault(hang=True, remaining=1)
    on = asyncio.create_task(turn(hass, "on"))
    later = asyncio.create_task(turn(hass, "on"))
    await become(lambda: endpoint not in plex.faults.endpoints, expected=False)
    await asyncio.sleep(0.2)

    async with asyncio.timeout(2):
        await turn(hass, "off")
        await asyncio.gather(on, later)

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, SWITCH).state == STATE_OFF


@PROTOCOLS
async def test_power_cut_before_the_mapping_was_stored(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The next start searches the router for what it may have, and closes it."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang=True)
    key = f"plex_remote_access.{mock_config_entry.entry_id}"
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: hass_storage[key]["data"]["unsure"], expected=True)
    stored = deepcopy(hass_storage[key])
    await become(lambda: bool(writes(plex)), expected=True)
    assert stored["data"]["mapping"] is None
    on.cancel()
    await asyncio.wait((on,))
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    assert open_ports(router) == [32400]
    hass_storage[key] = stored
    plex.faults.endpoints.clear()

    await set_up_again(hass, mock_config_entry)

    await become(lambda: open_ports(router), [])
    await become(lambda: hass_storage[key]["data"]["unsure"], expected=False)
    await become(lambda: verdict(hass), ("disabled", None))


@PROTOCOLS
async def test_power_cut_before_the_mapping_was_stored_but_published(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The next start adopts what stands, and it is ours to close."""
    key = f"plex_remote_access.{mock_config_entry.entry_id}"
    await turn(hass, "on")
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    hass_storage[key]["data"] |= {"mapping": None, "unsure": True}

    await set_up_again(hass, mock_config_entry)
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    assert open_ports(router) == []


async def test_power_cut_in_the_middle_of_off(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Off was the last word, and the next start remembers it."""
    key = f"plex_remote_access.{mock_config_entry.entry_id}"
    await turn(hass, "on")
    before = deepcopy(hass_storage[key])
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang=True)
    off = asyncio.create_task(turn(hass, "off"))
    await become(lambda: hass_storage[key] != before, expected=True)
    stored = deepcopy(hass_storage[key])
    await become(lambda: open_ports(router), [])
    off.cancel()
    await asyncio.wait((off,))
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    hass_storage[key] = stored
    plex.faults.endpoints.clear()
    assert setting(plex, PUBLISH) is True

    await set_up_again(hass, mock_config_entry)

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False


@pytest.mark.parametrize("router_options", [ONLY_UPNP])
async def test_off_while_the_router_hangs(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """What it may have opened is told as such, and closed when it is back."""
    monkeypatch.setattr(f"{PACKAGE}.const.ACTION_TIMEOUT", 0.5)
    router.faults.http.hang = {Page.CONTROL}
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: len(router.http_requests) > 1, expected=True)

    with pytest.raises(HomeAssistantError, match="could not be asked"):
        await turn(hass, "off")
    await on
    assert verdict(hass) == ("disabled", "still_open")
    # It carries out what it was asked to, after all.
    assert setting(plex, PUBLISH) is False

    router.faults.http.hang = set()
    await pass_time(hass, freezer, 16)
    await pass_time(hass, freezer, 31)
    await become(lambda: verdict(hass), ("disabled", None))
    assert open_ports(router) == []


@pytest.mark.parametrize("router_options", [{"pcp": False, "upnp": False}])
async def test_router_that_was_silent_is_not_asked_after_off(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """What could not be opened is not opened later either."""
    router.faults.packets.drop = set(PacketKind)
    await turn(hass, "on")
    await turn(hass, "off")
    router.faults.packets.drop = set()
    router.records.clear()

    await pass_time(hass, freezer, 16)
    await pass_time(hass, freezer, 600)

    assert mapping_requests(router) == []


@pytest.mark.parametrize("router_options", [{"pcp": False, "upnp": False}])
async def test_off_once_more(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """Whoever presses again does not have to wait for the next try."""
    await turn(hass, "on")
    router.faults.packets.drop = set(PacketKind)
    with pytest.raises(HomeAssistantError, match="It may be open until"):
        await turn(hass, "off")
    assert state_of(hass, STATUS).attributes["open_until"] is not None

    router.faults.packets.drop = set()
    await turn(hass, "off")

    assert open_ports(router) == []


@PROTOCOLS
async def test_removal_in_the_middle_of_a_mapping(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Nothing is left open, and nobody opens anything later."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(delay=0.3)
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: len(open_ports(router)), 1)

    await hass.config_entries.async_remove(mock_config_entry.entry_id)
    await on

    assert open_ports(router) == []


@PROTOCOLS
async def test_reload_in_the_middle_of_a_mapping(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """It is one mapping, and ours to close."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(delay=0.3)
    on = asyncio.create_task(turn(hass, "on"))
    await become(lambda: len(open_ports(router)), 1)

    await hass.config_entries.async_reload(mock_config_entry.entry_id)
    await on
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    assert open_ports(router) == []


async def test_off_is_not_undone_by_what_is_done_meanwhile(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
) -> None:
    """To choose another way is no wish to be on again."""
    await turn(hass, "on")
    slow = EndpointFault(delay=0.3, remaining=1)
    plex.faults.endpoints[Endpoint.PREFS_PUT] = slow
    off = asyncio.create_task(turn(hass, "off"))
    await become(lambda: slow.remaining, 0)

    await select(hass, PORT_MAPPING, "server")
    await off

    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, SWITCH).state == STATE_OFF
