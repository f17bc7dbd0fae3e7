"""Asking through several protocols at once, and keeping one mapping.

Each protocol is probed at once, which changes nothing. Asked for a mapping is only
the best of those that answered; the next one when that takes too long or fails.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from . import const
from .model import Mapper, Mapping, Method, PortMapError, Reason, Target, most_telling

# After these a mapping may stand all the same.
_UNHEARD: Final = frozenset({Reason.NO_ROUTER, Reason.FAILED})


async def first_to_map(
    mappers: Sequence[Mapper],
    target: Target,
    external_port: int,
    *,
    proven: Method | None = None,
    asking: Callable[[], None],
) -> Mapping:
    """Return the mapping of the first that agrees; the best mapper stands first.

    `asking` is called when the router is asked for one; until then it is only probed.
    The proven one, which worked last, is asked at once and the others only if that
    takes too long. Raises the most telling PortMapError if none agrees. What a slower
    one mapped as well is removed.
    """
    racers: list[_Racer] = []
    for mapper in sorted(mappers, key=lambda mapper: mapper.method is not proven):
        racers.append(
            _Racer(mapper, tuple(racers), proven=mapper.method is proven, asking=asking)
        )
    tasks = {
        asyncio.create_task(racer.run(target, external_port)): racer for racer in racers
    }
    pending, errors = set(tasks), list[PortMapError]()
    try:
        while pending:
            done, pending = await asyncio.wait(
                pending, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                try:
                    mapping = task.result()
                except PortMapError as err:
                    errors.append(err)
                    continue
                late = [
                    racer
                    for other, racer in tasks.items()
                    if other is not task and racer.may_have_mapped
                ]
                await _cancel(tasks)
                return await _alone(mapping, tasks[task].mapper, late)
    finally:
        await _cancel(tasks)
    error = most_telling(errors)
    error.may_have_mapped = any(racer.unheard for racer in racers)
    raise error


class _Racer:
    """One protocol: probes, waits for its turn, maps."""

    def __init__(
        self,
        mapper: Mapper,
        better: tuple[_Racer, ...],
        *,
        proven: bool,
        asking: Callable[[], None],
    ) -> None:
        """Give way to the better ones."""
        self.mapper = mapper
        self.proven = proven
        self.asked_at: float | None = None
        self._asking = asking
        self.unheard = False
        self._answered = False
        self._better = better
        self._failed = asyncio.Event()

    @property
    def may_have_mapped(self) -> bool:
        """Tell whether the router was asked, and did not refuse."""
        return self.asked_at is not None and (self.unheard or not self._failed.is_set())

    async def run(self, target: Target, external_port: int) -> Mapping:
        """Map when it is our turn. Raises PortMapError."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            for other in self._better:
                if other.proven:
                    await other.wait_failed(const.HEAD_START)
            if not self.proven:
                await self._probe(started + const.PATIENCE)
            self._answered = True
            answered_at = loop.time()
            for other in self._better:
                await other.give_way(self, started, answered_at)
            self.asked_at = loop.time()
            self._asking()
            return await self.mapper.map(target, external_port)
        except PortMapError as err:
            self.unheard = self.asked_at is not None and err.reason in _UNHEARD
            # Only now: whoever wins lets nobody else go on.
            self._failed.set()
            raise

    async def _probe(self, end: float) -> None:
        """Probe, until the time is over that all share: silence is told in one."""
        probing = asyncio.ensure_future(self.mapper.probe())
        try:
            left = end - asyncio.get_running_loop().time()
            await asyncio.wait((probing,), timeout=left)
            if not (probing.done() or self.mapper.heard):
                raise PortMapError(Reason.NO_ROUTER, "No answer")
            await probing
        finally:
            await _cancel((probing,))

    async def give_way(
        self, other: _Racer, started: float, other_answered_at: float
    ) -> None:
        """Return when a worse one need not wait for us any longer."""
        loop = asyncio.get_running_loop()
        # Answers of one router come together: who is still silent then will be later.
        until = other_answered_at + const.TOGETHER
        if self.mapper.method.is_udp is not other.mapper.method.is_udp:
            until = started + const.HEDGE
        while not self._failed.is_set():
            if self._answered:
                until = (self.asked_at or loop.time()) + const.HEDGE
            if (left := until - loop.time()) <= 0:
                return
            await self.wait_failed(left)

    async def wait_failed(self, seconds: float) -> None:
        """Wait until this one has failed, but no longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._failed.wait()


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel, and let what was begun be cleaned up."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _alone(mapping: Mapping, winner: Mapper, late: list[_Racer]) -> Mapping:
    """Remove what the slower ones may have mapped, for they were asked as well."""
    for racer in late:
        try:
            await racer.mapper.release(replace(mapping, method=racer.mapper.method))
        except PortMapError:
            # Its lease ends by itself.
            continue
    if not late:
        return mapping
    # Where all protocols share one row, it is gone now.
    return await winner.map(mapping.target, mapping.external_port)
