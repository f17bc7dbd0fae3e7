"""When plex.tv's verdict counts, and when it may be asked for another one."""

from datetime import datetime
import time
from typing import Final

from homeassistant.util import dt as dt_util

from .const import ENABLING_TIME, PROBE_COOLDOWN, VERDICT_TIME

# How soon to look again, time after time, while a verdict is awaited.
_PAUSES: Final = (1, 2, 4, 8, 15, 30)
# How far apart those looks are that tell when it began to show green.
_CLOSELY: Final = 8


class VerdictWatch:
    """Follows one server from a change to the verdict of plex.tv."""

    def __init__(self, probed_at: datetime | None = None) -> None:
        """Expect nothing: what the server says at first is a verdict.

        `probed_at` is when a probe was asked for before, as the wall clock had it.
        """
        self.probed_at = probed_at
        self._changed_at: float | None = None
        # From when on green is provisional.
        self._since = 0.0
        self._green = False
        self._looks = 0
        self._probe_allowed_at = time.monotonic() + _cooldown_left(probed_at)
        self._unknown_port = False

    @property
    def settled(self) -> bool:
        """Tell whether the server's word is a verdict, not its own optimism."""
        return self._remaining <= 0

    @property
    def probe_allowed(self) -> bool:
        """Tell whether the last probe was long enough ago."""
        return time.monotonic() >= self._probe_allowed_at

    @property
    def probe_due(self) -> bool:
        """Tell whether the server knows nothing of a port that is open by now."""
        return self._unknown_port and self.probe_allowed

    def changed(self) -> None:
        """Expect a new verdict."""
        self._changed_at = self._since = time.monotonic()
        self._green = False
        self._looks = 0

    def look(self, *, green: bool) -> None:
        """Note whether the server shows green, or is on its way to it."""
        if self._changed_at is None or self.settled or (green and self._green):
            return
        self._green = green
        now = time.monotonic()
        if not green:
            latest = self._changed_at + ENABLING_TIME.total_seconds()
            self._since = min(now, latest)
        elif now - self._since <= _CLOSELY:
            # After a longer time it may have been green for long.
            self._since = now

    def opened(self) -> None:
        """Note that the port was opened."""
        self._unknown_port = True
        self.changed()

    def published(self) -> None:
        """Note that the server publishes itself anew, which includes a probe."""
        self._unknown_port = False
        self.changed()

    def probed(self) -> None:
        """Note that a probe was asked for."""
        self.probed_at = dt_util.utcnow()
        self._probe_allowed_at = time.monotonic() + PROBE_COOLDOWN.total_seconds()
        self.published()

    def next_pause(self) -> float | None:
        """Return the seconds to the next look, None when nothing is awaited."""
        if self._changed_at is None or self._looks >= len(_PAUSES):
            return None if self.settled else self._remaining
        pause = _PAUSES[self._looks]
        self._looks += 1
        return pause if self.settled else min(pause, self._remaining)

    @property
    def _remaining(self) -> float:
        if self._changed_at is None:
            return 0
        return self._since + VERDICT_TIME.total_seconds() - time.monotonic()


def _cooldown_left(probed_at: datetime | None) -> float:
    """Return for how many seconds there may be no other probe.

    A clock that was set back meanwhile must not forbid it for longer than a minute.
    """
    if probed_at is None:
        return 0
    cooldown = PROBE_COOLDOWN.total_seconds()
    left = cooldown - (dt_util.utcnow() - probed_at).total_seconds()
    return min(max(0, left), cooldown)
