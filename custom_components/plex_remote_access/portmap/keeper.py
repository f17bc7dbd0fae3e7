"""Looking after all ports that are kept open behind one router.

The router's own signals (announcements, events, and what the caller hears by SSDP)
carry no truth here: each one only causes a fresh look, as anybody could send them.
"""

import asyncio
from collections.abc import Callable
import logging
from typing import Final

from . import const
from .announcements import listen
from .clock import Clock, pause
from .gena import Subscription
from .model import Place, PortMapError, Reason
from .port import KeptPort
from .route import Route
from .router import Router
from .schedule import Signal

_LOGGER: Final = logging.getLogger(__name__)


class Keeper:
    """Keeps the ports of all servers behind one router in order."""

    def __init__(self, router: Router, clock: Clock | None = None) -> None:
        """Look after nothing yet; `router` is the only way to speak with it."""
        self.router: Final = router
        self.clock: Final = clock or Clock()
        self._ports: list[KeptPort] = []
        self._woken: Final = asyncio.Event()
        self._signal: Signal | None = None
        self._quiet_until = 0.0
        self._looks_in_a_row = 0
        self._echoes = False

    @property
    def event_url(self) -> str | None:
        """Return where the router is asked to tell what changes, if it is worth that.

        miniupnpd tells us with ten packets that we asked again for what stands. It
        announces what it has to tell besides, and by UDP is asked again often.
        """
        mappings = [port.mapping for port in self._ports if port.mapping is not None]
        if self._echoes and all(mapping.method.is_udp for mapping in mappings):
            return None
        return self.router.event_url

    @property
    def idle(self) -> bool:
        """Tell whether there is no port to look after."""
        return not self._ports

    def keep(self, place: Place, *, changed: Callable[[], None]) -> KeptPort:
        """Return the port of a server; it is looked after when it was added."""
        return KeptPort(
            self.router, place, changed=changed, wake=self.wake, clock=self.clock
        )

    def add(self, port: KeptPort) -> None:
        """Look after a port from now on."""
        self._ports.append(port)
        self.wake()

    def remove(self, port: KeptPort) -> None:
        """Let go of a port; its mapping stays."""
        self._ports.remove(port)

    def wake(self) -> None:
        """See what is due: a port has been opened, or is to be tried again."""
        self._woken.set()

    def signal(self, signal: Signal = Signal.ANNOUNCEMENT) -> None:
        """Have a fresh look at everything soon; many signals make one look."""
        if signal is Signal.REPEATED_EVENT:
            if any(port.was_just_granted for port in self._ports):
                # miniupnpd tells each request of ours to all who are subscribed.
                self._echoes = True
                self._woken.set()
                return
            signal = Signal.EVENT
        if self._signal is not Signal.ANNOUNCEMENT:
            self._signal = signal
        self._woken.set()

    async def run(self) -> None:
        """Look after the ports until cancelled, wherever the router goes."""
        while True:
            try:
                route = await self.router.find_route()
            except PortMapError as err:
                for port in self._ports:
                    port.fail(err)
                    port.changed()
                await self._wait()
                continue
            ports = self.router.ports
            async with listen(
                route, self.signal, port=ports.announcements, old_port=ports.pcp
            ):
                await self._run_here(route)

    async def _run_here(self, route: Route) -> None:
        """Look after the ports as long as the router is where it is."""
        events = _Events(self, route)
        self._echoes = False
        try:
            while self.router.route == route:
                await events.follow()
                signal = await self._wait()
                await self._tend(signal, evented=events.active)
        finally:
            await events.stop()

    async def _wait(self) -> Signal | None:
        """Wait until something is due; tell whether it is because of a signal."""
        dues = [due for port in self._ports if (due := port.due_at) is not None]
        seconds = max(0.0, min(dues) - self.clock.now()) if dues else None
        await self.clock.wait(self._woken, seconds)
        self._woken.clear()
        if self._signal is None:
            return None
        now = self.clock.now()
        if now >= self._quiet_until + max(const.SIGNAL_GAPS):
            self._looks_in_a_row = 0
        seconds = max(const.DEBOUNCE, self._quiet_until - now)
        await self.clock.wait(asyncio.Event(), seconds)
        signal, self._signal = self._signal, None
        gap = pause(const.SIGNAL_GAPS, self._looks_in_a_row)
        self._quiet_until = self.clock.now() + gap
        self._looks_in_a_row += 1
        return signal

    async def _tend(self, signal: Signal | None, *, evented: bool) -> None:
        """Have the ports do what is due, a few at a time: routers are weak."""
        now = self.clock.now()
        seats = asyncio.Semaphore(const.AT_ONCE)

        async def tend(port: KeptPort) -> None:
            async with seats:
                try:
                    changed = await port.tend(signal, evented=evented)
                except Exception as err:
                    # A mistake of ours may not end the care for all other ports.
                    _LOGGER.exception("A port could not be looked after")
                    port.fail(PortMapError(Reason.FAILED, type(err).__name__))
                    changed = True
            if changed:
                port.changed()

        async with asyncio.TaskGroup() as group:
            for port in self._ports:
                if signal or (port.due_at is not None and port.due_at <= now):
                    group.create_task(tend(port), name="tend port")


class _Events:
    """The subscription to what the router tells by UPnP, where it does."""

    def __init__(self, keeper: Keeper, route: Route) -> None:
        """Subscribe to nothing yet."""
        self._keeper = keeper
        self._route = route
        self._url: str | None = None
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def active(self) -> bool:
        """Tell whether the router tells us what changes."""
        return self._subscription is not None and self._subscription.active

    async def follow(self) -> None:
        """Subscribe where the router was found last; its port changes with restarts."""
        url = self._keeper.event_url
        if url == self._url:
            return
        await self.stop()
        self._url = url
        if url is not None:
            self._subscription = Subscription(
                self._keeper.router.session,
                url,
                source=self._route.source,
                gateway=self._route.gateway,
                changed=self._keeper.signal,
            )
            self._task = asyncio.create_task(self._subscription.run())

    async def stop(self) -> None:
        """Subscribe to nothing any more."""
        task, self._task, self._subscription = self._task, None, None
        if task is not None:
            task.cancel()
            try:
                await asyncio.wait((task,))
            finally:
                # Who cannot wait for the goodbye to the router leaves without one.
                task.cancel()
