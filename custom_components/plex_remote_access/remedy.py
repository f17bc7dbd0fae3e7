"""What to try against a port that is open and yet lets nobody in, and when.

Some routers go on listing and renewing a mapping that they no longer forward:
https://github.com/tailscale/tailscale/issues/21208
"""

import time

from .const import STANDING
from .plan import Cause, Plan, Remedy, Status


class RemedyWatch:
    """Follows a bad verdict; each remedy is tried once, and seen to fail, before the next."""

    def __init__(self) -> None:
        """Have nothing to complain of."""
        self._bad_since: float | None = None
        self._untried = list(Remedy)

    @property
    def due(self) -> Remedy | None:
        """Return what to try now: the verdict was bad once, and is so still."""
        if not self._untried or (due_in := self.due_in) is None or due_in > 0:
            return None
        return self._untried[0]

    @property
    def due_in(self) -> float | None:
        """Return the seconds until there is something to try, None for nothing."""
        if self._bad_since is None or not self._untried:
            return None
        return self._bad_since + STANDING.total_seconds() - time.monotonic()

    def judge(self, plan: Plan, *, mapped: bool) -> None:
        """Take note of how things stand."""
        if plan.status is Status.REACHABLE:
            self.reset()
        elif plan.cause is not Cause.PORT_CLOSED or not mapped:
            # Nobody can say at the moment, or something else is wrong.
            self._bad_since = None
        elif self._bad_since is None:
            self._bad_since = time.monotonic()

    def reset(self) -> None:
        """Have all remedies ready: people get in, or the owner wants a fresh start."""
        self._bad_since = None
        self._untried = list(Remedy)

    def tried(self, remedy: Remedy) -> None:
        """Note what was tried; it has to show for some time that it did not help."""
        self._untried.remove(remedy)
        self._bad_since = None
