"""Additions that are interrupted before the router has answered them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from . import const
from .model import PortMapError


class Interrupted:
    """What nobody waits for any more, and what a slow router does all the same."""

    def __init__(self) -> None:
        """Have nothing interrupted yet."""
        self._unanswered: Final[set[asyncio.Task[Any]]] = set()
        self._settled_at = 0.0

    async def ask[T](self, question: Awaitable[T]) -> T:
        """Wait for an answer; who is interrupted leaves it to `closed`."""
        call = asyncio.ensure_future(question)
        try:
            await asyncio.wait((call,))
        except asyncio.CancelledError:
            self._unanswered.add(call)
            call.add_done_callback(self._answered)
            raise
        return call.result()

    def abandon(self) -> None:
        """Listen for no answer any more."""
        for call in self._unanswered:
            call.cancel()
            now = asyncio.get_running_loop().time()
            self._settled_at = now + const.ACTION_TIMEOUT

    async def closed[T](self, close: Callable[[], Awaitable[T]]) -> T:
        """Close at once, and again when nothing can come any more.

        What is added only after the first look would be missed and stay open.
        """
        outcome = await close()
        now = asyncio.get_running_loop().time
        if not self._unanswered and self._settled_at <= now():
            return outcome
        if self._unanswered:
            await asyncio.wait(tuple(self._unanswered))
        await asyncio.sleep(self._settled_at - now())
        return await close()

    def _answered(self, call: asyncio.Task[Any]) -> None:
        """Be done with an addition; nobody wants to hear a refusal any more."""
        self._unanswered.discard(call)
        if not call.cancelled():
            call.exception()


async def undone[T](
    adding: Awaitable[T], undo: Callable[[], Awaitable[None]] | None
) -> T:
    """Wait for an addition; undo it where we are interrupted before the answer."""
    task = asyncio.ensure_future(adding)
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        try:
            with suppress(PortMapError, TimeoutError):
                async with asyncio.timeout(const.UNDO_TIMEOUT):
                    await asyncio.wait((task,), timeout=const.UNDO_ANSWER)
                    if undo is not None:
                        await undo()
        finally:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
    return task.result()
