"""One port that is kept open for a server until its owner wants it closed."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from ipaddress import IPv4Address
import logging
from typing import Any, Final

from . import const
from .capability import capabilities
from .clock import Clock, pause
from .leaving import Leaving
from .model import Mapping, Place, PortMapError, Reason, Target
from .router import Router
from .schedule import Schedule, Signal

_LOGGER: Final = logging.getLogger(__name__)


class KeptPort:
    """A port of the router that leads to a server.

    A router that refuses, or is silent, is an expected state and not an error:
    `obstacle` says why, and the router is asked again later. What the router could not
    be made to close is in `leaving` until it is closed or its lease is over.
    """

    def __init__(
        self,
        router: Router,
        place: Place,
        *,
        changed: Callable[[], None],
        wake: Callable[[], None],
        clock: Clock,
    ) -> None:
        """Keep nothing yet.

        `changed` is called when something happened by itself, `wake` when the next
        thing may be due earlier than before.
        """
        self.wanted: int | None = None
        self.mapping: Mapping | None = None
        self.external_address: IPv4Address | None = None
        self.obstacle: PortMapError | None = None
        self.times_opened = 0
        self._router: Final = router
        self._place: Final = place
        self.changed: Final = changed
        self._wake: Final = wake
        self._clock: Final = clock
        # One conversation about this port at a time: two would not know of each
        # other's mappings.
        self._lock: Final = asyncio.Lock()
        self._leaving: Final = Leaving(router, clock, self._target)
        self._work: asyncio.Task[None] | None = None
        self._schedule: Final = Schedule(clock)
        self._failures = 0
        self._retry_at = 0.0
        self._had_mapping = self._tidied = False
        self._prepared = self._stopped = False

    @property
    def leaving(self) -> tuple[Mapping, ...]:
        """Return what is not wanted any more and not closed yet."""
        return self._leaving.mappings

    @property
    def unsure(self) -> bool:
        """Tell whether the router may have more of ours than we know of."""
        return self._prepared or self._leaving.unsure

    @property
    def still_open(self) -> bool:
        """Tell whether something that is not wanted may be open."""
        return bool(self.leaving) or (self.unsure and self.wanted is None)

    @property
    def was_just_granted(self) -> bool:
        """Tell whether the router may still be telling of our own request."""
        mapping = self.mapping
        return mapping is not None and (
            self._clock.now() < mapping.granted_at + const.ECHO
        )

    # What the owner wants

    def adopt(
        self,
        mapping: Mapping | None,
        leaving: Iterable[Mapping] = (),
        *,
        unsure: bool = False,
    ) -> None:
        """Take over what stood before; it is looked at as soon as possible."""
        self.mapping = mapping
        # Whoever remembers it may have been ended in the middle of moving it.
        self._leaving.adopt(leaving, unsure=unsure or mapping is not None)
        self.wanted = mapping.external_port if mapping else None
        self._had_mapping = mapping is not None
        self._schedule.hurry()

    def prepare(self) -> None:
        """Be unsure until it is opened, so that this is remembered first."""
        self._prepared = self.mapping is None

    async def open(self, external_port: int) -> None:
        """Have the router map an external port, or another one if that is taken.

        From then on the port is kept open, until `close`. One that was open before is
        closed first: the router would take both for the same.
        """
        self.wanted = external_port
        try:
            await self._talk(partial(self._open, external_port))
        finally:
            self._prepared = False

    def prefer(self, external_port: int) -> None:
        """Ask for another port from now on, where the router has given none yet."""
        if self.mapping is None and self.wanted is not None:
            self.wanted = external_port

    async def close(self) -> None:
        """Have the router remove the mapping, at once.

        What is under way is given up. Never raises: see `leaving`.
        """
        self.wanted = None
        self.interrupt()
        async with self._lock:
            self.obstacle = None
            self._set_mapping(None, leave=True)
            self._leaving.hurry()
            await self._leaving.close(everything=True)
        self._wake()

    async def stop(self) -> None:
        """Do nothing any more, and be done with what is under way; a mapping stays."""
        self._stopped = True
        self.interrupt()
        async with self._lock:
            self._router.abandon()

    async def rebuild(self) -> None:
        """Remove the mapping and add it again.

        For routers that list and renew a mapping but do not forward
        (https://github.com/tailscale/tailscale/issues/21208).
        """
        if (mapping := self.mapping) is not None:
            await self._talk(partial(self._rebuild, mapping))

    def interrupt(self) -> None:
        """Give up what is being asked of the router right now."""
        if self._work is not None:
            self._work.cancel()

    def try_again(self) -> None:
        """Ask the router again at the next opportunity, however it answered last."""
        self.obstacle = None
        self._failures = 0
        self._hurry()
        self._leaving.hurry()
        self._router.forget()
        self._wake()

    # What is done from time to time

    @property
    def due_at(self) -> float | None:
        """Return when there is something to do, None for never."""
        due = self._leaving.due_at(everything=self.wanted is None)
        times = [] if due is None else [due]
        if self.wanted is not None:
            if self.obstacle is not None:
                times.append(self._retry_at)
            elif self.mapping is not None:
                times.append(self._schedule.due_at)
        return min(times, default=None)

    async def tend(
        self, signal: Signal | None = None, *, evented: bool = False
    ) -> bool:
        """Do what is due, or everything after a signal of the router.

        `evented` says that the router tells its address by itself when it changes.
        Returns whether the owner would notice a difference.
        """
        before = self._state
        async with self._lock:
            if self._stopped:
                return False
            if signal:
                self._hurry()
                self._leaving.hurry()
            await self._leaving.close(everything=self.wanted is None)
            if self.wanted is not None and self._clock.now() >= (self.due_at or 0):
                await self._attempt(self._stand(signal, evented=evented))
        # Who asked for it need not be who waits for what is due next.
        self._wake()
        return self._state != before

    async def describe_router(self) -> dict[str, Any]:
        """Return what the router can do for this server. Raises PortMapError."""
        return await capabilities(self._router, await self._target())

    def _hurry(self) -> None:
        """Have a look as soon as possible."""
        self._retry_at = 0.0
        self._schedule.check()

    def fail(self, error: PortMapError) -> None:
        """Note that there was no way to tend."""
        self._note(error)

    @property
    def _state(self) -> tuple[object, ...]:
        """Return what the owner would notice."""
        mapping = self.mapping
        return (
            mapping and (mapping.method, mapping.external_port, mapping.good_until),
            self.times_opened,
            self.external_address,
            self.obstacle and self.obstacle.reason,
            self.leaving,
            self.still_open,
        )

    async def _stand(self, signal: Signal | None, *, evented: bool) -> None:
        """See to it that the mapping stands."""
        target = await self._target()
        mapping = self.mapping
        assert self._router.route is not None
        if mapping and (mapping.target, mapping.gateway) != (
            target,
            self._router.route.gateway,
        ):
            # The server, this host or the router has another address now.
            self._set_mapping(None, leave=True)
            await self._leaving.close()
            mapping = None
        if mapping and mapping.is_over(self._clock.now()):
            # Silence alone proves nothing; the end of the lease does.
            self._set_mapping(None)
            mapping = None
        if mapping is None:
            assert self.wanted is not None
            await self._map(self.wanted)
            return
        silent = self._failures >= const.SILENT_TRIES
        if not await self._router.verify(mapping, silent_before=silent):
            await self._restore(mapping)
        elif (due := self._schedule.renewal_is_due) or not self._schedule.is_proven(
            mapping, signal
        ):
            await self._renew(mapping, due=due)
        elif signal or not evented or self.external_address is None:
            await self._learn_address(mapping)
        self._schedule.checked(self.mapping)
        if not self._tidied:
            self._tidied = True
            if self.mapping is not None:
                await self._router.tidy(target, self.mapping)
                self._leaving.unsure = False

    # Conversations with the router

    async def _open(self, external_port: int) -> None:
        if self.mapping is not None and self.mapping.external_port != external_port:
            self._set_mapping(None, leave=True)
            await self._leaving.close()
        await self._map(external_port)

    async def _map(self, external_port: int) -> None:
        await self._opened(await self._ask_to_map(await self._target(), external_port))

    async def _restore(self, mapping: Mapping) -> None:
        """Ask again for what the router has lost."""
        try:
            restored = await self._router.extend(mapping)
        except PortMapError:
            # It may have restarted with another protocol, or found its way to the
            # Internet again only now: then the old mapping still stands. It goes first:
            # miniupnpd cannot delete one of two by PCP that lead to the same port.
            self._set_mapping(None, leave=True)
            await self._leaving.close()
            restored = await self._ask_to_map(mapping.target, mapping.external_port)
        await self._opened(restored)

    async def _ask_to_map(self, target: Target, external_port: int) -> Mapping:
        """Ask for a mapping; who is interrupted does not know what became of it."""
        unsure = self._leaving.unsure

        def asking() -> None:
            self._leaving.unsure = True

        try:
            mapping = await self._router.map(target, external_port, asking=asking)
        except PortMapError as err:
            self._leaving.unsure = unsure or err.may_have_mapped
            raise
        self._leaving.unsure = unsure
        return mapping

    async def _renew(self, mapping: Mapping, *, due: bool) -> None:
        """Extend the lease; there is time to fail a few times."""
        try:
            renewed = await self._router.extend(mapping)
        except PortMapError:
            if due and not self._schedule.renewal_failed(mapping):
                raise
            return
        if renewed.external_port != mapping.external_port:
            # The router had lost it, and somebody else has the port now.
            await self._opened(renewed)
            return
        self._set_mapping(renewed)
        self._schedule.renewed(renewed)
        await self._learn_address(renewed)

    async def _rebuild(self, mapping: Mapping) -> None:
        await self._router.release(mapping)
        self._set_mapping(None)
        await self._map(mapping.external_port)

    async def _target(self) -> Target:
        place = self._place
        return await self._router.find_target(
            place.host, place.port, place.description, place.nonce
        )

    async def _learn_address(self, mapping: Mapping) -> None:
        """Ask for the external address; a mapping without one stands all the same."""
        self.external_address = None
        address = await self._router.external_address(mapping)
        if address.is_unspecified:
            raise PortMapError(Reason.WAN_DOWN, "The router has no address")
        self.external_address = address

    async def _talk(self, begin: Callable[[], Coroutine[None, None, None]]) -> None:
        async with self._lock:
            # It may have been closed while others had their turn.
            if self.wanted is not None:
                await self._attempt(begin())
        self._wake()

    async def _attempt(self, conversation: Coroutine[None, None, None]) -> None:
        """Have a conversation that may fail, and that `interrupt` ends."""
        self._work = asyncio.ensure_future(conversation)
        try:
            await asyncio.wait((self._work,))
            if not self._work.cancelled():
                self._work.result()
                self.obstacle = None
                self._failures = 0
        except PortMapError as err:
            self._note(err)
        except asyncio.CancelledError:
            self._work.cancel()
            await asyncio.wait((self._work,))
            raise
        finally:
            self._work = None

    async def _opened(self, mapping: Mapping) -> None:
        self.times_opened += 1
        self._had_mapping = True
        # Later attempts keep to the port that the router has given.
        self.wanted = mapping.external_port
        self._tidied = False
        self._set_mapping(mapping)
        self._schedule.opened(mapping)
        self._schedule.checked(self.mapping)
        await self._learn_address(mapping)

    def _set_mapping(self, mapping: Mapping | None, *, leave: bool = False) -> None:
        if leave and self.mapping is not None:
            self._leaving.add(self.mapping)
        self.mapping = mapping
        if mapping is None:
            self.external_address = None
            return
        self._leaving.keep(mapping)

    def _note(self, error: PortMapError) -> None:
        """Remember why it did not work, and when to try again."""
        _LOGGER.debug("No luck with the router: %s (%s)", error.reason, error.detail)
        now = self._clock.now()
        self.obstacle = error
        pauses = const.RETRY_LOST if self._had_mapping else const.RETRY
        seconds = pause(pauses, self._failures)
        if self._schedule.renewal_is_late:
            seconds = max(seconds, const.RENEW_GAP)
        self._retry_at = now + seconds
        self._failures += 1
        if self.mapping is not None and self.mapping.is_over(now):
            self._set_mapping(None)
