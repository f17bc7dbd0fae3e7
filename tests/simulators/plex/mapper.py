"""The port mapping that a Plex server makes by itself in automatic mode."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
import random
from threading import Lock
from typing import Protocol, runtime_checkable

import miniupnpc

type AutomaticMapper = Callable[[int], Awaitable[int | None]]

DESCRIPTION = "Plex Media Server"
# For each of the seven device types it searches for, one after the other.
_DISCOVERY_MILLISECONDS = 400
# The library raises nothing more specific.
_ROUTER_ERROR = Exception


@runtime_checkable
class ReleasingMapper(Protocol):
    """A mapper that can take back what it has mapped."""

    async def __call__(self, internal_port: int) -> int | None:
        """Map a port and return the external one, None if the router gives none."""

    async def release(self) -> None:
        """Take the mapping back."""


class MiniupnpcMapper:
    """Maps at the real router of the network it runs in, by UPnP."""

    def __init__(self, lan_address: str) -> None:
        """Set the address that the router is to forward to."""
        self._lan_address = lan_address
        self._external_port: int | None = None
        # A thread goes on when nobody waits for it any more: a release comes after it.
        self._lock = Lock()

    async def __call__(self, internal_port: int) -> int | None:
        """Map a port and return the external one, None if the router gives none."""
        if self._external_port is None:
            self._external_port = random.randint(20000, 32000)
        external_port = self._external_port
        mapped = await asyncio.to_thread(self._map, external_port, internal_port)
        return external_port if mapped else None

    async def release(self) -> None:
        """Take the mapping back."""
        if self._external_port is not None:
            external_port, self._external_port = self._external_port, None
            await asyncio.to_thread(self._unmap, external_port)

    def _map(self, external_port: int, internal_port: int) -> bool:
        """Return whether the router took the mapping."""
        with self._lock, suppress(_ROUTER_ERROR):
            return bool(
                self._router().addportmapping(
                    external_port,
                    "TCP",
                    self._lan_address,
                    internal_port,
                    DESCRIPTION,
                    "",
                )
            )
        return False

    def _unmap(self, external_port: int) -> None:
        """Delete the mapping; a router that is gone has forgotten it anyway."""
        with self._lock, suppress(_ROUTER_ERROR):
            self._router().deleteportmapping(external_port, "TCP")

    def _router(self) -> miniupnpc.UPnP:
        """Search for the router."""
        router = miniupnpc.UPnP(
            multicastif=self._lan_address, discoverdelay=_DISCOVERY_MILLISECONDS
        )
        router.discover()
        router.selectigd()
        return router
