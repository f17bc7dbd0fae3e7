"""A timer for the next look."""

from collections.abc import Callable
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback


class Alarm:
    """Calls once, at the earliest of the times it was set to.

    Not the timer of DataUpdateCoordinator: that one stops without listeners, and a
    lease may not run out because somebody has disabled all entities. Like that one, it
    is silent once Home Assistant stops, which closes connections to everybody then.
    """

    def __init__(self, hass: HomeAssistant, action: Callable[[], None]) -> None:
        """Prepare; the timer is not set yet."""
        self._hass = hass
        self._action = action
        # Home Assistant knows by it which timers to cancel.
        self._job: Final = HassJob(action, cancel_on_shutdown=True)
        self._due = 0.0
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def set(self, seconds: float) -> None:
        """Call after so many seconds, unless it is set to an earlier time already."""
        if self._hass.is_stopping:
            return
        due = self._hass.loop.time() + seconds
        if self._cancel is not None and self._due <= due:
            return
        self.cancel()
        self._due = due
        self._cancel = self._hass.loop.call_at(due, self._ring, self._job).cancel

    @callback
    def cancel(self) -> None:
        """Do not call any more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _ring(self, _job: HassJob[[], None]) -> None:
        self._cancel = None
        self._action()
