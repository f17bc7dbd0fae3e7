"""Not asking again what a router has just refused.

RFC 6887, section 7.4: a refusal tells for how long it stands.
"""

import time
from typing import Final

from . import const
from .model import PortMapError


class Refusals:
    """What one router refused, by the very request, as long as that stands."""

    def __init__(self) -> None:
        """Begin without any."""
        self._refusals: Final[dict[bytes, tuple[float, float, PortMapError]]] = {}

    def note(self, request: bytes, error: PortMapError) -> None:
        """Remember a refusal, if the router told for how long."""
        if error.retry_after:
            now = time.monotonic()
            until = now + min(error.retry_after, const.REFUSAL_MAX)
            self._refusals[request] = now, until, error

    def standing(self, request: bytes) -> bool:
        """Tell whether the router has refused this and wants to be left alone."""
        noted = self._refusals.get(request)
        return noted is not None and time.monotonic() < noted[1]

    def check(self, request: bytes, *, void_since: float) -> None:
        """Raise the refusal that stands; those before `void_since` do no more."""
        if not self.standing(request):
            self._refusals.pop(request, None)
            return
        at, until, error = self._refusals[request]
        if at < void_since:
            del self._refusals[request]
            return
        raise PortMapError(
            error.reason, error.detail, retry_after=until - time.monotonic()
        )
