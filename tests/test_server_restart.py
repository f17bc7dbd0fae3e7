"""Tests of a server that restarts: for a while it is not itself."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from tests.simulators.plex import Endpoint, EndpointFault, Phase, PlexServer
from tests.simulators.router import Router

from .common import (
    REACHABLE,
    STATUS,
    SWITCH,
    become,
    jumping_time,
    open_ports,
    pass_time,
    state_of,
    verdict,
    writes,
)
from .test_config_flow_reauth import reauth_flows

pytestmark = [jumping_time, pytest.mark.usefixtures("reachable")]


async def test_restart(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is told once that it is starting; afterwards all is as before, untouched."""
    plex.timing.boot = 2
    caplog.clear()
    await plex.restart()
    assert plex.phase is Phase.BOOTING
    await pass_time(hass, freezer, 0.4)
    await become(lambda: state_of(hass, REACHABLE).state, STATE_UNAVAILABLE)
    assert state_of(hass, SWITCH).state == STATE_ON
    assert "starting" in caplog.text
    assert open_ports(router) == [32400]

    await plex.settled()
    await pass_time(hass, freezer, 31)
    await pass_time(hass, freezer, 31)

    await become(lambda: verdict(hass), ("reachable", None))
    await become(lambda: plex.notifications.listeners, 1)
    assert caplog.text.count("Error fetching Den data") == 1
    assert reauth_flows(hass) == []
    assert writes(plex) == []
    assert plex.refresh_count == 0
    assert open_ports(router) == [32400]


async def test_green_after_a_restart_is_provisional(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """It publishes itself anew, and nobody has tried the port yet."""
    plex.timing.boot, plex.timing.verdict = 1, 60
    await plex.restart()
    await become(lambda: state_of(hass, REACHABLE).state, STATE_UNAVAILABLE)
    await become(lambda: plex.publication.state, "mapped")
    await pass_time(hass, freezer, 31)

    await become(lambda: state_of(hass, STATUS).state, "connecting")


@pytest.mark.parametrize("status", [401, 403])
async def test_token_is_refused_for_a_moment(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory, status: int
) -> None:
    """As some do while they start: its owner is not asked for another one."""
    refusal = EndpointFault(status)
    plex.faults.endpoints = {Endpoint.ACCOUNT: refusal, Endpoint.PREFS: refusal}
    await plex.restart()
    await pass_time(hass, freezer, 6)

    plex.faults.endpoints.clear()
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await pass_time(hass, freezer, 31)

    await become(lambda: verdict(hass), ("reachable", None))
    assert reauth_flows(hass) == []
