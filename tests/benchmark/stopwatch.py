"""How long the callbacks of the event loop take."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import time
from unittest.mock import patch


@dataclass(frozen=True, kw_only=True, slots=True)
class Longest:
    """The longest callback, in milliseconds, by two clocks.

    The one on the wall is what others wait for; on a machine with more to do it also
    counts what has nothing to do with the callback.
    """

    wall: float
    processor: float


class Stopwatch:
    """Measures each callback of the event loop, from the outside."""

    def __init__(self) -> None:
        """Begin with none."""
        self._wall = self._processor = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure meanwhile."""
        run = asyncio.Handle._run

        def measured(handle: asyncio.Handle) -> None:
            wall, processor = time.perf_counter(), time.thread_time()
            run(handle)
            self._wall = max(self._wall, time.perf_counter() - wall)
            self._processor = max(self._processor, time.thread_time() - processor)

        with patch.object(asyncio.Handle, "_run", measured):
            yield

    def lap(self) -> Longest:
        """Return the longest since the last lap."""
        longest = Longest(wall=self._wall * 1000, processor=self._processor * 1000)
        self._wall = self._processor = 0.0
        return longest
