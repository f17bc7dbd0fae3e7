"""Closing again after a time that the owner has set."""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from .const import CLOSING_RETRY, STREAMS_INTERVAL, STREAMS_UNKNOWN
from .memory import Memory
from .plex import PlexError, PlexServer


class ClosingTime:
    """The end of remote access: at once, or of what was switched on for a while.

    It is remembered until it is reached: through restarts, and while the server, which
    has to be told, does not answer.
    """

    def __init__(self, memory: Memory) -> None:
        """Go by what is remembered, also from before a restart."""
        self._memory: Final = memory
        self._not_before: datetime | None = None
        self._untold_since: datetime | None = None

    def set(self, duration: timedelta, *, wait_for_streams: bool) -> None:
        """Close after a while, and not while somebody streams if that is wished."""
        self._memory.closes_at = dt_util.utcnow() + duration
        self._memory.waits_for_streams = wait_for_streams
        self._not_before = self._untold_since = None

    @property
    def at(self) -> datetime | None:
        """Return the end, None if there is none."""
        return self._memory.closes_at

    def set_now(self) -> None:
        """Close now, however long that takes."""
        self.set(timedelta(), wait_for_streams=False)

    def cancel(self) -> None:
        """Do not close any more: it is closed, or to stay open."""
        self._memory.closes_at = None

    @property
    def due_in(self) -> float | None:
        """Return the seconds until it is time to try to close, None for never."""
        if (closes_at := self._memory.closes_at) is None:
            return None
        due = max(closes_at, self._not_before or closes_at)
        return (due - dt_util.utcnow()).total_seconds()

    @property
    def is_overdue(self) -> bool:
        """Tell whether to close now, also if nobody can say who streams."""
        if (closes_at := self._memory.closes_at) is None:
            return False
        if self._memory.waits_for_streams:
            closes_at += STREAMS_UNKNOWN
        return dt_util.utcnow() >= closes_at

    async def is_due(self, server: PlexServer) -> bool:
        """Tell whether to close now."""
        if (due_in := self.due_in) is None or due_in > 0:
            return False
        now = dt_util.utcnow()
        if self._memory.waits_for_streams and await self._somebody_streams(server, now):
            self._not_before = now + STREAMS_INTERVAL
            return False
        self._not_before = now + CLOSING_RETRY
        return True

    async def _somebody_streams(self, server: PlexServer, now: datetime) -> bool:
        """Ask the server; one that does not tell is waited for, but not forever."""
        try:
            streams = await server.streams_to_outside()
        except PlexError:
            self._untold_since = self._untold_since or now
            return now < self._untold_since + STREAMS_UNKNOWN
        self._untold_since = None
        return streams
