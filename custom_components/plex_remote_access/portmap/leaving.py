"""Mappings that the owner does not want any more, until they are closed."""

from collections.abc import Awaitable, Callable, Iterable
import logging
from typing import Final

from . import const
from .clock import Clock, pause
from .model import Mapping, PortMapError, Target
from .router import Router

_LOGGER: Final = logging.getLogger(__name__)


class Leaving:
    """What the router could not be made to close yet, of one server.

    It is closed later, or its lease ends.
    """

    def __init__(
        self,
        router: Router,
        clock: Clock,
        find_target: Callable[[], Awaitable[Target]],
    ) -> None:
        """Have nothing to close."""
        self.mappings: tuple[Mapping, ...] = ()
        self.unsure = False
        """The router may have more of ours than we know of."""
        self._router = router
        self._clock = clock
        self._find_target = find_target
        self._try_at = 0.0
        self._refused = 0

    def due_at(self, *, everything: bool) -> float | None:
        """Return when to try again, None for never.

        `everything` includes what we do not know of: nothing of ours is to stand.
        """
        is_due = self.mappings or (everything and self.unsure)
        return self._try_at if is_due else None

    def adopt(self, mappings: Iterable[Mapping], *, unsure: bool) -> None:
        """Take over what was left to close before."""
        self.mappings = tuple(mappings)
        self.unsure = unsure
        self.hurry()

    def add(self, mapping: Mapping) -> None:
        """Close one more, at the next opportunity."""
        self.mappings = (*self.mappings, mapping)
        self.hurry()

    def hurry(self) -> None:
        """Try again as soon as possible."""
        self._try_at = 0.0

    def keep(self, mapping: Mapping) -> None:
        """Close no more what is wanted again: a new mapping took its place."""
        self.mappings = tuple(
            other for other in self.mappings if not _is_same(other, mapping)
        )

    async def close(self, *, everything: bool = False) -> None:
        """Close what is due; what cannot be reached ends by itself."""
        now = self._clock.now()
        self.mappings = tuple(
            mapping for mapping in self.mappings if not mapping.is_over(now)
        )
        if now < self._try_at:
            return
        for mapping in self.mappings:
            if await self._try(self._router.release(mapping)):
                self.mappings = tuple(
                    other for other in self.mappings if other is not mapping
                )
        if everything and self.unsure and await self._try(self._withdraw()):
            self.unsure = False

    async def _withdraw(self) -> None:
        await self._router.withdraw(await self._find_target())

    async def _try(self, closing: Awaitable[None]) -> bool:
        """Tell whether it is closed; if not, plan another try."""
        try:
            await closing
        except PortMapError as err:
            _LOGGER.debug("Not closed: %s (%s)", err.reason, err.detail)
            self._try_at = self._clock.now() + pause(const.RETRY, self._refused)
            self._refused += 1
            return False
        self._refused = 0
        return True


def _is_same(one: Mapping, other: Mapping) -> bool:
    """Tell whether to close one would be to close the other.

    PCP and NAT-PMP close by the target, whatever the external port.
    """
    same = (one.method, one.gateway, one.target) == (
        other.method,
        other.gateway,
        other.target,
    )
    return same and (one.method.is_udp or one.external_port == other.external_port)
