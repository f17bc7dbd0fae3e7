"""A timer for the next look."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_at


class Alarm:
    """Calls once, at the earliest of the times it was set to.

    Not the timer of DataUpdateCoordinator: that one stops without listeners, and a
    lease may not run out because somebody has disabled all entities.
    """

    def __init__(self, hass: HomeAssistant, action: Callable[[], None]) -> None:
        """Prepare; the timer is not set yet."""
        self._hass = hass
        self._action = action
        self._due = 0.0
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def set(self, seconds: float) -> None:
        """Call after so many seconds, unless it is set to an earlier time already."""
        due = self._hass.loop.time() + seconds
        if self._cancel is not None and self._due <= due:
            return
        self.cancel()
        self._due = due
        self._cancel = async_call_at(self._hass, self._ring, due)

    @callback
    def cancel(self) -> None:
        """Do not call any more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _ring(self, _now: datetime) -> None:
        self._cancel = None
        self._action()
