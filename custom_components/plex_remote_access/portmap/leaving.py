"""Mappings that the owner does not want any more, until they are closed."""

from collections.abc import Iterable
import logging
from typing import Final

from . import const
from .clock import Clock, pause
from .model import Mapping, PortMapError
from .router import Router

_LOGGER: Final = logging.getLogger(__name__)


class Leaving:
    """What the router could not be made to close yet, of one server.

    It is closed later, or its lease ends.
    """

    def __init__(self, router: Router, clock: Clock) -> None:
        """Have nothing to close."""
        self.mappings: tuple[Mapping, ...] = ()
        self._router = router
        self._clock = clock
        self._try_at = 0.0
        self._refused = 0

    @property
    def due_at(self) -> float | None:
        """Return when to try again, None for never."""
        return self._try_at if self.mappings else None

    def adopt(self, mappings: Iterable[Mapping]) -> None:
        """Take over what was left to close before."""
        self.mappings = tuple(mappings)
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

    async def close(self) -> None:
        """Close what is due; what cannot be reached ends by itself."""
        now = self._clock.now()
        self.mappings = tuple(
            mapping for mapping in self.mappings if not mapping.is_over(now)
        )
        if not self.mappings or now < self._try_at:
            return
        for mapping in self.mappings:
            try:
                await self._router.release(mapping)
            except PortMapError as err:
                _LOGGER.debug("Not closed: %s (%s)", err.reason, err.detail)
                self._try_at = now + pause(const.RETRY, self._refused)
                self._refused += 1
            else:
                self.mappings = tuple(
                    other for other in self.mappings if other is not mapping
                )


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
