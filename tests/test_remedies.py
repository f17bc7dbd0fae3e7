"""Tests of what is tried when nobody gets in."""

from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
import pytest

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from .common import (
    EXTERNAL_PORT,
    PUBLISH,
    SWITCH,
    UPNP_ONLY,
    become,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize("router_options", [UPNP_ONLY])
@pytest.mark.parametrize(
    ("fault", "probes"),
    [
        pytest.param({}, 1, id="answered"),
        # Nobody gets in for another minute: the port is opened anew.
        pytest.param({"status": 403, "remaining": 1}, 2, id="refused"),
    ],
)
@pytest.mark.usefixtures("reachable")
async def test_verdict_from_while_the_port_was_closed(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    fault: dict[str, Any],
    probes: int,
) -> None:
    """It is out of date when the port is open again: plex.tv is asked, once."""
    router.restart()
    await plex.recheck()
    await plex.settled()
    plex.faults.endpoints[Endpoint.REFRESH] = EndpointFault(**fault)

    await pass_time(hass, freezer, 61)
    assert open_ports(router) == [32400]
    await become(lambda: plex.refresh_count, 1)
    # Otherwise the jump would be a connection that takes half a minute.
    await plex.settled()
    await pass_time(hass, freezer, 31)

    await pass_time(hass, freezer, 600)
    await pass_time(hass, freezer, 600)
    assert plex.refresh_count == probes


@pytest.mark.parametrize("router_options", [UPNP_ONLY])
@pytest.mark.usefixtures("reachable")
async def test_port_that_is_listed_but_not_forwarded_quirk_21(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """After two bad verdicts it is opened anew, and then another port is tried."""
    router.faults.mapping.dead_forward = True
    await plex.recheck()
    await plex.settled()
    await pass_time(hass, freezer, 31)
    router.records.clear()

    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)
    assert mapping_requests(router).count("DeletePortMapping") == 1
    assert mapping_requests(router).count("AddPortMapping") == 1
    assert open_ports(router) == [32400]

    await plex.settled()
    await pass_time(hass, freezer, 31)
    await pass_time(hass, freezer, 61)
    (port,) = open_ports(router)
    assert port != 32400
    assert setting(plex, EXTERNAL_PORT) == port

    router.faults.mapping.dead_forward = False
    await plex.recheck()
    await plex.settled()
    await pass_time(hass, freezer, 31)
    assert verdict(hass) == ("reachable", None)


async def test_everything_is_tried_one_by_one(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    outside: DirectOutside,
    freezer: TickingDateTimeFactory,
) -> None:
    """Nobody gets in, whatever is done: nothing is tried twice, or left half done."""
    await turn(hass, "on")
    await plex.settled()
    plex.records.reset()
    outside.dial = lambda _address, _port: None
    await plex.remote_access.refresh()
    await plex.settled()

    for _ in range(60):
        await pass_time(hass, freezer, 31)
        await plex.settled()

    published = [write[PUBLISH] for write in writes(plex) if PUBLISH in write]
    assert published.count("0") == 1
    assert setting(plex, PUBLISH) is True
    # Once for the mapping that was mended, and once as the last remedy.
    assert plex.refresh_count == 2
    assert len(open_ports(router)) == 1
    assert open_ports(router) != [32400]
    assert setting(plex, EXTERNAL_PORT) == open_ports(router)[0]
    assert state_of(hass, SWITCH).state == STATE_ON
    assert verdict(hass)[0] == "unreachable"
