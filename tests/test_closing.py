"""Tests of remote access that is on for a while only (the action `enable_for`)."""

from datetime import timedelta
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer, Stream
from tests.simulators.router import Router

from .common import (
    PUBLISH,
    RELAY,
    STATUS,
    SWITCH,
    become,
    enable_for,
    jumping_time,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]

AWAY = Stream(local=False)
AT_HOME = Stream(local=True)


async def test_closes_when_its_time_is_over(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Open for so long, then closed for good."""
    before = dt_util.utcnow()
    await enable_for(hass, {"hours": 2})

    assert open_ports(router) == [32400]
    closes_at = state_of(hass, STATUS).attributes["closes_at"]
    assert abs(closes_at - before - timedelta(hours=2)) < timedelta(seconds=10)

    await pass_time(hass, freezer, 7100)
    assert open_ports(router) == [32400]

    await pass_time(hass, freezer, 101)
    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, SWITCH).state == STATE_OFF
    assert state_of(hass, STATUS).attributes["closes_at"] is None


async def test_closes_after_a_restart(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The end came while Home Assistant was away."""
    await enable_for(hass, "02:00:00")
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    assert open_ports(router) == [32400]
    await pass_time(hass, freezer, 7201)

    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    await hass.async_block_till_done()

    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_OFF


async def test_second_time_counts(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """Whoever asks once more wants it from now on."""
    await enable_for(hass, 600)
    await pass_time(hass, freezer, 500)

    await enable_for(hass, 600)
    await pass_time(hass, freezer, 500)
    assert open_ports(router) == [32400]

    await pass_time(hass, freezer, 101)
    assert open_ports(router) == []


async def test_turning_on_is_for_good(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """The switch knows no end."""
    await enable_for(hass, 600)

    await turn(hass, "on")
    await pass_time(hass, freezer, 601)

    assert open_ports(router) == [32400]
    assert state_of(hass, STATUS).attributes["closes_at"] is None


async def test_what_fails_sets_no_end(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """What was on for good does not end because of what the owner was told failed."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(status=503)
    with pytest.raises(HomeAssistantError):
        await enable_for(hass, {"hours": 2})
    plex.faults.endpoints.clear()

    await pass_time(hass, freezer, 7201)

    assert open_ports(router) == [32400]
    assert setting(plex, PUBLISH) is True


async def test_turning_off_ends_it(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """What is switched on later is not closed by an old time."""
    await enable_for(hass, 600)
    await turn(hass, "off")
    await turn(hass, "on")

    await pass_time(hass, freezer, 601)

    assert open_ports(router) == [32400]


async def test_switched_off_in_plex_ends_it(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The owner's off counts wherever he says it."""
    await enable_for(hass, 600)
    await plex.set_preferences({PUBLISH: False})
    await become(lambda: open_ports(router), [])
    await plex.set_preferences({PUBLISH: True})
    await become(lambda: open_ports(router), [32400])

    await pass_time(hass, freezer, 601)

    assert open_ports(router) == [32400]


@pytest.mark.parametrize(
    ("streams", "waits"),
    [
        pytest.param([AWAY], True, id="somebody-away"),
        pytest.param([AT_HOME, AWAY], True, id="both"),
        pytest.param(
            [Stream(local=False, tells_location=False)], True, id="old-server"
        ),
        pytest.param([AT_HOME], False, id="somebody-at-home"),
        pytest.param(
            [Stream(local=True, tells_location=False)], False, id="old-at-home"
        ),
        pytest.param([], False, id="nobody"),
    ],
)
@pytest.mark.parametrize("xml", [False, True])
async def test_waits_for_streams(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    streams: list[Stream],
    waits: bool,
    xml: bool,
) -> None:
    """Nobody is cut off in the middle of a film; the end of it is noticed."""
    plex.form.xml_always = xml
    await enable_for(hass, 600, wait_for_streams=True)
    plex.streams = streams

    await pass_time(hass, freezer, 601)
    assert bool(open_ports(router)) is waits

    plex.streams = []
    await pass_time(hass, freezer, 61)
    assert open_ports(router) == []


async def test_waits_for_streams_after_a_restart(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The film goes on though its end came while Home Assistant was away."""
    await enable_for(hass, 600, wait_for_streams=True)
    plex.streams = [AWAY]
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    await pass_time(hass, freezer, 3600)

    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    await pass_time(hass, freezer, 1)
    assert open_ports(router) == [32400]
    assert state_of(hass, SWITCH).state == STATE_ON

    plex.streams = []
    await pass_time(hass, freezer, 61)
    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_OFF


async def test_does_not_wait_for_streams_by_itself(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Only if it is told to."""
    await enable_for(hass, 600)
    plex.streams = [AWAY]

    await pass_time(hass, freezer, 601)

    assert open_ports(router) == []


async def test_server_that_does_not_answer_when_it_is_time(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The port is closed at once, the rest when the server is back."""
    await enable_for(hass, 600)
    for endpoint in (Endpoint.ACCOUNT, Endpoint.PREFS, Endpoint.PREFS_PUT):
        plex.faults.endpoints[endpoint] = EndpointFault(hang_up=True)

    await pass_time(hass, freezer, 601)
    assert open_ports(router) == []

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)
    await become(lambda: setting(plex, PUBLISH), expected=False)
    assert open_ports(router) == []


@pytest.mark.parametrize("fault", [{"status": 404}, {"status": 500}, {"hang_up": True}])
async def test_server_that_does_not_tell_who_streams(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    fault: dict[str, Any],
) -> None:
    """It is asked once a minute, and the port closed in the end: that was wanted."""
    await enable_for(hass, 600, wait_for_streams=True)
    await plex.settled()
    plex.faults.endpoints[Endpoint.SESSIONS] = EndpointFault(**fault)

    await pass_time(hass, freezer, 601)
    await pass_time(hass, freezer, 30)
    assert open_ports(router) == [32400]
    assert state_of(hass, SWITCH).state == STATE_ON
    assert plex.records.counts[Endpoint.SESSIONS] <= 2

    for _ in range(11):
        await pass_time(hass, freezer, 61)
    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state == STATE_OFF


async def test_server_that_does_not_tell_for_a_moment(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Nobody is cut off for that, however long the film is."""
    await enable_for(hass, 600, wait_for_streams=True)
    plex.streams = [AWAY]
    await pass_time(hass, freezer, 601)
    for status in (None, 500, None, 500):
        plex.faults.endpoints[Endpoint.SESSIONS] = EndpointFault(status)
        for _ in range(8):
            await pass_time(hass, freezer, 61)

    assert open_ports(router) == [32400]


@pytest.mark.parametrize("duration", [0, -5, {"days": 400}, "soon"])
async def test_odd_durations(
    hass: HomeAssistant, router: Router, duration: object
) -> None:
    """Nothing is opened for a time that is none."""
    with pytest.raises(vol.Invalid):
        await enable_for(hass, duration)

    assert open_ports(router) == []


@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
async def test_not_for_the_relay(hass: HomeAssistant, router: Router) -> None:
    """Only remote access itself is on for a while."""
    with pytest.raises(HomeAssistantError):
        await enable_for(hass, 600, RELAY)

    assert open_ports(router) == []
    assert state_of(hass, SWITCH).state != STATE_ON
