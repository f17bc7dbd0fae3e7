"""One act at a time, and none that the owner's off has to wait for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

# How long what is under way may take to be done when we are unloaded.
_PATIENCE: Final = 5.0


class GivenUpError(Exception):
    """Something more important came, or the end."""


class Acts:
    """Has looks and acts follow one another.

    Two that open and close at once would leave the router with a mapping that neither
    knows of.
    """

    def __init__(self) -> None:
        """Have nothing to do."""
        self._lock: Final = asyncio.Lock()
        self._work: asyncio.Task[Any] | None = None
        self._yields = False
        self._times_interrupted = 0
        self._ended = False

    async def run[T](
        self, act: Callable[[], Coroutine[Any, Any, T]], *, yields: bool = True
    ) -> T:
        """Act when it is our turn. Raises GivenUpError, and what the act raises."""
        times_interrupted = self._times_interrupted
        async with self._lock:
            late = yields and times_interrupted != self._times_interrupted
            if self._ended or late:
                raise GivenUpError
            self._yields = yields
            work: asyncio.Task[T] = asyncio.create_task(act())
            self._work = work
            try:
                return await work
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                raise GivenUpError from None
            finally:
                self._work = None

    def interrupt(self) -> None:
        """Give up what yields: what is under way, and what waits for its turn."""
        self._times_interrupted += 1
        if self._work is not None and self._yields:
            self._work.cancel()

    async def end(self) -> None:
        """Act no more; what is under way is to be done soon, or given up."""
        self._ended = True
        if (work := self._work) is not None:
            await asyncio.wait((work,), timeout=_PATIENCE)
            work.cancel()
            await asyncio.wait((work,))
