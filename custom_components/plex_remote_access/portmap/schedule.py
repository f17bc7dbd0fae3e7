"""When to look at a mapping, and when to ask for it again."""

from enum import Enum, auto
import math
import random
from typing import Final

from . import const
from .clock import Clock
from .model import Mapping, Method


class Signal(Enum):
    """What the router let us know, which carries no truth but causes a fresh look."""

    EVENT = auto()
    """Something has changed, maybe by our own request."""
    REPEATED_EVENT = auto()
    """An event that says the same as the one before."""
    ANNOUNCEMENT = auto()
    """The router may have begun anew."""


class Schedule:
    """The times of one mapping, by the clock of the keeper."""

    def __init__(self, clock: Clock) -> None:
        """Have everything due."""
        self._clock: Final = clock
        self._failures = 0
        self._check_at = self._renew_at = 0.0
        self._asked_again = False

    @property
    def due_at(self) -> float:
        """Return when there is something to do."""
        return min(self._check_at, self._renew_at)

    @property
    def renewal_is_due(self) -> bool:
        """Tell whether the lease has to be extended."""
        return self._clock.now() >= self._renew_at

    @property
    def renewal_is_late(self) -> bool:
        """Tell whether the router has already failed to extend the lease."""
        return self._failures > 0

    def hurry(self) -> None:
        """Have everything due."""
        self._check_at = self._renew_at = 0.0

    def check(self) -> None:
        """Have a look as soon as possible."""
        self._check_at = 0.0

    def opened(self, mapping: Mapping) -> None:
        """Begin with a mapping that was just granted."""
        self._asked_again = False
        self._begin_lease(mapping)

    def renewed(self, mapping: Mapping) -> None:
        """Go on with the lease that was granted when asked again."""
        self._asked_again = True
        self._begin_lease(mapping)

    def renewal_failed(self, mapping: Mapping) -> bool:
        """Plan another try to extend the lease; tell whether there is time for one."""
        self._failures += 1
        self._plan_renewal(mapping)
        return self._failures < len(const.RENEW_AT)

    def checked(self, mapping: Mapping | None) -> None:
        """Plan the next look."""
        upnp = mapping is not None and mapping.method is Method.UPNP
        pause = const.CHECK_UPNP if upnp else const.CHECK_UDP
        self._check_at = self._clock.now() + pause

    def is_proven(self, mapping: Mapping, signal: Signal | None) -> bool:
        """Tell whether a mapping need not be asked for again to know that it stands.

        PCP and NAT-PMP cannot look it up. Asking again changes nothing where it stands,
        and restores it where the router lost it without saying so, or too soon after
        its own start for the epoch to tell.
        """
        if not mapping.method.is_udp:
            return True
        match signal:
            case Signal.ANNOUNCEMENT:
                return False
            case Signal.EVENT:
                pause = const.REPEAT_EVENTED
            case None:
                pause = const.REPEAT_UDP if self._asked_again else 0
        return self._clock.now() < mapping.granted_at + pause

    def _begin_lease(self, mapping: Mapping) -> None:
        self._failures = 0
        self._plan_renewal(mapping)

    def _plan_renewal(self, mapping: Mapping) -> None:
        """Plan the next try to extend the lease, a little at random."""
        now = self._clock.now()
        if self._failures >= len(const.RENEW_AT):
            # At each retry from now on.
            self._renew_at = now
            return
        if mapping.good_until is None:
            self._renew_at = now + const.REFRESH_PERMANENT
            return
        if mapping.granted_at > -math.inf:
            share = const.RENEW_AT[self._failures]
            share *= 1 + random.uniform(-const.RENEW_JITTER, const.RENEW_JITTER)
            at = mapping.granted_at + share * (mapping.good_until - mapping.granted_at)
        else:
            at = (now + mapping.good_until) / 2
        self._renew_at = max(at, now + const.RENEW_GAP)
