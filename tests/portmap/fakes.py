"""A router, mappers and a clock that do what a test says."""

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import cast, override

from custom_components.plex_remote_access.portmap import (
    KeptPort,
    Mapping,
    Method,
    PortMapError,
    Router,
    Target,
)
from custom_components.plex_remote_access.portmap.clock import Clock
from custom_components.plex_remote_access.portmap.model import Mapper
from custom_components.plex_remote_access.portmap.route import Route

from .common import LOOPBACK, ROUTE, TARGET

ADDRESS = IPv4Address("198.51.100.7")


class FakeClock(Clock):
    """A clock that jumps to whatever is waited for."""

    def __init__(self) -> None:
        """Begin some time after the start of the machine."""
        self.time = 1000.0

    @override
    def now(self) -> float:
        """Return the time."""
        return self.time

    @override
    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Let the time pass at once, unless the event has come."""
        await asyncio.sleep(0)
        if seconds is None:
            await event.wait()
        elif not event.is_set():
            self.time += seconds


class FakeRouter:
    """A router whose table is a dictionary."""

    def __init__(self, clock: FakeClock) -> None:
        """Agree to everything."""
        self.clock = clock
        self.route: Route | None = ROUTE
        self.target = TARGET
        self.method = Method.UPNP
        self.lease: float | None = 7200
        self.assigned: int | None = None
        self.table: dict[int, Mapping] = {}
        self.errors: dict[str, PortMapError] = {}
        self.hang = self.speaks_otherwise = False
        self.calls: list[tuple[str, float]] = []

    @property
    def as_router(self) -> Router:
        """Return this as what the code under test expects."""
        return cast("Router", self)

    def called(self, name: str) -> list[float]:
        """Return when something was asked."""
        return [at for call, at in self.calls if call == name]

    async def _call(self, name: str) -> None:
        self.calls.append((name, self.clock.time))
        if self.hang:
            await asyncio.Event().wait()
        if error := self.errors.get(name) or self.errors.get("all"):
            raise error

    async def find_target(
        self, host: str, port: int, description: str, nonce: bytes
    ) -> Target:
        """Return where the server is."""
        return self.target

    async def map(
        self,
        target: Target,
        external_port: int,
        *,
        asking: Callable[[], None] = lambda: None,
    ) -> Mapping:
        """Grant a mapping."""
        asking()
        await self._call("map")
        assert self.route is not None
        mapping = Mapping(
            method=self.method,
            gateway=self.route.gateway,
            target=target,
            external_port=self.assigned or external_port,
            granted_at=self.clock.time,
            good_until=None if self.lease is None else self.clock.time + self.lease,
        )
        self.table[mapping.external_port] = mapping
        return mapping

    async def extend(self, mapping: Mapping) -> Mapping:
        """Grant it again."""
        await self._call("extend")
        return await self.map(mapping.target, mapping.external_port)

    async def verify(self, mapping: Mapping, *, silent_before: bool = False) -> bool:
        """Look it up."""
        if silent_before and self.speaks_otherwise:
            return False
        await self._call("verify")
        return mapping.external_port in self.table

    async def release(self, mapping: Mapping) -> None:
        """Remove it."""
        await self._call("release")
        self.table.pop(mapping.external_port, None)

    async def external_address(self, mapping: Mapping) -> IPv4Address:
        """Tell the address."""
        await self._call("external_address")
        return ADDRESS

    async def tidy(self, target: Target, keep: Mapping) -> None:
        """Remove what is left."""
        await self._call("tidy")

    async def withdraw(self, target: Target) -> None:
        """Remove everything."""
        await self._call("withdraw")
        self.table.clear()

    def abandon(self) -> None:
        """Have nothing that was interrupted."""

    def forget(self) -> None:
        """Have nothing to forget."""


class FakeMapper(Mapper):
    """A protocol that takes its time."""

    def __init__(
        self,
        method: Method,
        *,
        probe: float | PortMapError = 0,
        map: float | PortMapError = 0,
    ) -> None:
        """Answer after so many seconds, or fail."""
        self.method = method
        self.calls: list[str] = []
        self._probe = probe
        self._map = map

    async def _answer(self, call: str, answer: float | PortMapError) -> None:
        self.calls.append(call)
        if isinstance(answer, PortMapError):
            raise answer
        await asyncio.sleep(answer)

    @override
    async def probe(self) -> None:
        await self._answer("probe", self._probe)

    @override
    async def map(self, target: Target, external_port: int) -> Mapping:
        await self._answer("map", self._map)
        return Mapping(
            method=self.method,
            gateway=LOOPBACK,
            target=target,
            external_port=external_port,
            granted_at=0,
            good_until=None,
        )

    @override
    async def release(self, mapping: Mapping) -> None:
        await self._answer("release", 0)

    @override
    async def external_address(self) -> IPv4Address:
        return ADDRESS

    @override
    async def verify(self, mapping: Mapping) -> bool:
        return True


async def pass_time(port: KeptPort, clock: FakeClock, seconds: float) -> None:
    """Let time pass, and let everything be done when it is due."""
    end = clock.time + seconds
    while (due := port.due_at) is not None and due <= end:
        clock.time = max(clock.time, due)
        await port.tend()
    clock.time = end
