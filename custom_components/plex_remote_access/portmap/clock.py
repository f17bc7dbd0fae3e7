"""The clock of the keeper, so that tests need not wait for real minutes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
import time


class Clock:
    """The monotonic clock, as all times in this package are meant."""

    def now(self) -> float:
        """Return the time in seconds."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Wait for an event, but no longer than so many seconds; None has no end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()


def pause(pauses: Sequence[float], failures: int) -> float:
    """Return how long to leave the router alone; the last pause is repeated."""
    return pauses[min(failures, len(pauses) - 1)]
