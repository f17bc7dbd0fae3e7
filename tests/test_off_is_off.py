"""Tests of switching off whatever else goes on, or goes wrong, at that moment."""

import asyncio
from datetime import timedelta

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import PlexServer
from tests.simulators.router import PacketKind, Page, Router

from .common import (
    NAT_PMP_ONLY,
    PUBLISH,
    STATUS,
    SWITCH,
    UPNP_ONLY,
    become,
    each_protocol,
    enable_for,
    jumping_time,
    lose,
    mapping_requests,
    open_ports,
    pass_time,
    set_up_again,
    setting,
    state_of,
    turn,
    verdict,
)
from .portmap.common import PACKAGE

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


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

    assert 5 <= len(plex.requests) <= 30


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


@pytest.mark.parametrize("router_options", [UPNP_ONLY])
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


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY])
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


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY])
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


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY])
async def test_port_that_ended_while_the_server_is_away(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """There is nothing to close any more, and nobody to ask: the switch is grey."""
    await turn(hass, "on")
    await lose(plex, hang_up=True)
    await pass_time(hass, freezer, 121)
    router.faults.packets.drop = set(PacketKind)
    await pass_time(hass, freezer, 60)
    assert state_of(hass, SWITCH).state == STATE_ON

    await pass_time(hass, freezer, 7200)

    assert state_of(hass, SWITCH).state == STATE_UNAVAILABLE


@each_protocol
@pytest.mark.usefixtures("reachable")
async def test_off_during_a_renewal(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """The renewal is given up, and renews nothing afterwards."""
    router.faults.packets.drop = {PacketKind.NAT_PMP_MAP, PacketKind.PCP_MAP}
    router.faults.http.hang = {Page.CONTROL}
    router.records.clear()
    freezer.move_to(dt_util.utcnow() + timedelta(seconds=4000))
    await become(
        lambda: bool(mapping_requests(router) or router.http_requests), expected=True
    )
    router.faults.packets.drop = set()
    router.faults.http.hang = set()

    async with asyncio.timeout(1):
        await turn(hass, "off")

    assert open_ports(router) == []
    await pass_time(hass, freezer, 4000)
    assert open_ports(router) == []
