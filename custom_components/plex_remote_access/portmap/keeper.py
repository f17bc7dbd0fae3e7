"""Keeping one mapping: opened, renewed, looked after, closed."""

from ipaddress import IPv4Address
import logging
import time
from typing import Final

from .model import Mapping, PortMapError
from .router import Router

_LOGGER: Final = logging.getLogger(__name__)

# A router that restarts forgets its table and tells nobody who does not ask.
VERIFY_EVERY: Final = 60
# How long a router that said no, or nothing, is left alone.
RETRY: Final = (15, 30, 60, 120, 300)


class Keeper:
    """Keeps one mapping of a router in order.

    A router that refuses, or is silent, is an expected state and not an error:
    `obstacle` says why, and the router is left alone until it is due again.
    """

    def __init__(
        self, router: Router, *, host: str, port: int, description: str
    ) -> None:
        """Keep nothing yet; mappings will lead to this host and port."""
        self.mapping: Mapping | None = None
        self.external_address: IPv4Address | None = None
        self.obstacle: PortMapError | None = None
        self._router = router
        self._place = (host, port, description)
        self._failures = 0
        self._retry_at = 0.0
        self._verify_at = 0.0

    @property
    def renewal_due(self) -> bool:
        """Tell whether half of the lease is over."""
        mapping = self.mapping
        return mapping is not None and time.monotonic() >= mapping.renew_after

    @property
    def due_in(self) -> float | None:
        """Return the seconds until there is something to do, None for nothing."""
        now = time.monotonic()
        if self.obstacle is not None:
            return self._retry_at - now
        if self.mapping is not None:
            return min(self.mapping.renew_after, self._verify_at) - now
        return None

    def adopt(self, mapping: Mapping | None) -> None:
        """Take over a mapping that stood before; it is verified at the next look."""
        self.mapping = mapping
        self._verify_at = 0.0

    def try_again(self) -> None:
        """Ask the router again at the next look, however it answered last."""
        self.obstacle = None
        self._verify_at = 0.0

    def forget_old_obstacle(self) -> None:
        """Give the router another chance when it has been left alone long enough."""
        if self.obstacle is not None and time.monotonic() >= self._retry_at:
            self.obstacle = None

    async def verify(self) -> None:
        """Ask the router, if it is time, whether our mapping stands."""
        mapping = self.mapping
        if mapping is None or self.obstacle or time.monotonic() < self._verify_at:
            return
        try:
            if await self._router.find_target(*self._place) != mapping.target:
                # The server, or this host, has another address now.
                await self._router.release(mapping)
                self._keep(None)
                return
            self._keep(await self._router.verify(mapping))
            self.external_address = await self._router.external_address(mapping)
        except PortMapError as err:
            self._doubt(mapping)
            self._note(err)

    async def open(self, port: int) -> None:
        """Have the router map an external port, or another one if that is taken."""
        try:
            target = await self._router.find_target(*self._place)
            mapping = await self._router.map(target, port)
            self._keep(mapping)
            self.external_address = await self._router.external_address(mapping)
        except PortMapError as err:
            self._note(err)

    async def renew(self) -> None:
        """Extend the mapping."""
        if self.mapping is not None:
            try:
                self._keep(await self._router.renew(self.mapping))
            except PortMapError as err:
                self._note(err)

    async def close(self) -> None:
        """Have the router remove the mapping; it stays ours until that is certain."""
        if (mapping := self.mapping) is not None:
            try:
                await self._router.release(mapping)
            except PortMapError as err:
                self._doubt(mapping)
                self._note(err)
            else:
                self._keep(None)

    def _doubt(self, mapping: Mapping) -> None:
        """Forget a mapping whose lease is over; silence alone proves nothing."""
        if mapping.good_until and time.monotonic() >= mapping.good_until:
            self.mapping = None

    def _keep(self, mapping: Mapping | None) -> None:
        self.mapping = mapping
        self.obstacle = None
        self._failures = 0
        self._verify_at = time.monotonic() + VERIFY_EVERY
        if mapping is None:
            self.external_address = None

    def _note(self, error: PortMapError) -> None:
        _LOGGER.debug("No luck with the router: %s (%s)", error.reason, error.detail)
        self.obstacle = error
        wait = RETRY[min(self._failures, len(RETRY) - 1)]
        self._failures += 1
        self._retry_at = time.monotonic() + wait
