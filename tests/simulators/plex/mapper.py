"""The port mapping that a Plex server makes by itself in automatic mode."""

import asyncio
from collections.abc import Awaitable, Callable
import random
from typing import Protocol, runtime_checkable

import miniupnpc

type AutomaticMapper = Callable[[int], Awaitable[int | None]]

DESCRIPTION = "Plex Media Server"
# For each of the seven device types it searches for, one after the other.
_DISCOVERY_MILLISECONDS = 400


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

    async def __call__(self, internal_port: int) -> int | None:
        """Map a port and return the external one, None if the router gives none."""
        wanted = self._external_port or random.randint(20000, 32000)
        if not await asyncio.to_thread(self._map, wanted, internal_port):
            return None
        self._external_port = wanted
        return wanted

    async def release(self) -> None:
        """Take the mapping back."""
        if self._external_port is not None:
            external_port, self._external_port = self._external_port, None
            await asyncio.to_thread(self._unmap, external_port)

    def _router(self) -> miniupnpc.UPnP | None:
        """Search for the router."""
        router = miniupnpc.UPnP()
        router.multicastif = self._lan_address
        router.discoverdelay = _DISCOVERY_MILLISECONDS
        try:
            router.discover()
            router.selectigd()
        except Exception:  # noqa: BLE001 - the library raises nothing more specific
            return None
        return router

    def _map(self, external_port: int, internal_port: int) -> bool:
        """Return whether the router took the mapping."""
        router = self._router()
        if router is None:
            return False
        try:
            return bool(
                router.addportmapping(
                    external_port,
                    "TCP",
                    self._lan_address,
                    internal_port,
                    DESCRIPTION,
                    "",
                )
            )
        except Exception:  # noqa: BLE001 - the library raises nothing more specific
            return False

    def _unmap(self, external_port: int) -> None:
        """Delete the mapping; a router that is gone has forgotten it anyway."""
        router = self._router()
        if router is None:
            return
        try:
            router.deleteportmapping(external_port, "TCP")
        except Exception:  # noqa: BLE001 - the library raises nothing more specific
            return
