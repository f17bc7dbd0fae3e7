"""Tests of the timer for the next look."""

from datetime import timedelta

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.plex_remote_access.alarm import Alarm


@pytest.mark.parametrize(
    ("times", "passed", "calls"),
    [
        pytest.param([10], 9, 0, id="not-yet"),
        pytest.param([10], 11, 1, id="in-time"),
        pytest.param([60, 10], 11, 1, id="earlier-wins"),
        pytest.param([10, 60], 11, 1, id="later-does-not-postpone"),
        pytest.param([10, 60], 120, 1, id="once"),
    ],
)
async def test_rings_at_the_earliest_time(
    hass: HomeAssistant, times: list[float], passed: float, calls: int
) -> None:
    """Whatever was set later, the earliest look is not missed and not doubled."""
    rung: list[None] = []
    alarm = Alarm(hass, lambda: rung.append(None))
    list(map(alarm.set, times))

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=passed))

    assert len(rung) == calls
    alarm.cancel()


async def test_cancelled(hass: HomeAssistant) -> None:
    """A timer that was cancelled does not ring, and can be set again."""
    rung: list[None] = []
    alarm = Alarm(hass, lambda: rung.append(None))
    alarm.set(1)
    alarm.cancel()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))
    assert rung == []

    alarm.set(1)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))
    assert len(rung) == 1


async def test_home_assistant_stops(hass: HomeAssistant) -> None:
    """It does not ring any more, also if what was interrupted sets it again."""
    rung: list[None] = []
    alarm = Alarm(hass, lambda: rung.append(None))
    alarm.set(1)
    hass.bus.async_listen_once(
        EVENT_HOMEASSISTANT_STOP, callback(lambda _event: alarm.set(0))
    )

    await hass.async_stop(force=True)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))

    assert rung == []
