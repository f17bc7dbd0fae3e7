"""Closing again after a time that the owner has set."""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from .const import STREAMS_INTERVAL
from .memory import Memory
from .plex import PlexServer


class ClosingTime:
    """The end of remote access that was switched on for a while."""

    def __init__(self, memory: Memory) -> None:
        """Go by what is remembered, also from before a restart."""
        self._memory: Final = memory
        self._not_before: datetime | None = None

    def set(self, duration: timedelta, *, wait_for_streams: bool) -> None:
        """Close after a while, and not while somebody streams if that is wished."""
        self._memory.closes_at = dt_util.utcnow() + duration
        self._memory.waits_for_streams = wait_for_streams
        self._not_before = None

    def cancel(self) -> None:
        """Do not close any more: it is closed, or to stay open."""
        self._memory.closes_at = None

    @property
    def due_in(self) -> float | None:
        """Return the seconds until it is time to close, None for never."""
        if (closes_at := self._memory.closes_at) is None:
            return None
        due = max(closes_at, self._not_before or closes_at)
        return (due - dt_util.utcnow()).total_seconds()

    async def is_due(self, server: PlexServer) -> bool:
        """Tell whether to close now. Raises PlexError if the server does not tell."""
        if (due_in := self.due_in) is None or due_in > 0:
            return False
        if self._memory.waits_for_streams and await server.streams_to_outside():
            self._not_before = dt_util.utcnow() + STREAMS_INTERVAL
            return False
        return True
