"""What to try when nobody gets in though everything says that they should, and when.

Some routers go on listing and renewing a mapping that they no longer forward:
https://github.com/tailscale/tailscale/issues/21208. Some servers go on advertising a
port that is not theirs any more.
"""

import time
from typing import Final

from .const import INCIDENT_OVER, STANDING
from .plan import Cause, Plan, Remedy, Status

# How long the verdict has to be bad before each is tried: the rougher, the longer.
_PATIENCE: Final = {
    Remedy.CHECK: 0.0,
    Remedy.REBUILD: 60.0,
    Remedy.MOVE: 60.0,
    Remedy.REPUBLISH: 120.0,
    Remedy.PROBE: 240.0,
}
_CURABLE: Final = frozenset({Cause.PORT_CLOSED, Cause.SERVER_CANNOT_MAP})


class RemedyWatch:
    """Follows an incident; each remedy is tried once, and seen to fail, before the next."""

    def __init__(self) -> None:
        """Have nothing to complain of."""
        self._mapped = False
        self._bad_since: float | None = None
        self._good_since: float | None = None
        self._tried: set[Remedy] = set()

    @property
    def due(self) -> Remedy | None:
        """Return what to try now: the verdict has been bad for as long as it takes."""
        if (due_in := self.due_in) is None or due_in > 0:
            return None
        return self._next

    @property
    def due_in(self) -> float | None:
        """Return the seconds until there is something to try, None for nothing."""
        if self._bad_since is None or (remedy := self._next) is None:
            return None
        return self._bad_since + _PATIENCE[remedy] - time.monotonic()

    @property
    def exhausted(self) -> bool:
        """Tell whether everything was tried, and to no avail."""
        if self._bad_since is None or self._next is not None:
            return False
        return time.monotonic() >= self._bad_since + STANDING.total_seconds()

    @property
    def _next(self) -> Remedy | None:
        for remedy in Remedy:
            if remedy not in self._tried and (
                self._mapped or not remedy.is_for_mapping
            ):
                return remedy
        return None

    def judge(self, plan: Plan, *, mapped: bool, engaged: bool) -> None:
        """Take note of how things stand, and of whether they are in our hands."""
        now = time.monotonic()
        self._mapped = mapped
        if plan.status is not Status.REACHABLE:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = now
        elif now >= self._good_since + INCIDENT_OVER.total_seconds():
            # What helps for a moment only is not tried over and over.
            self._tried.clear()
        if plan.cause not in _CURABLE or not engaged:
            # Nobody can say at the moment, or something else is wrong.
            self._bad_since = None
        elif self._bad_since is None:
            self._bad_since = now

    def reset(self) -> None:
        """Have all remedies ready: the owner wants a fresh start."""
        self._bad_since = None
        self._tried.clear()

    def tried(self, remedy: Remedy) -> None:
        """Note what was tried; it has to show for some time that it did not help."""
        self._tried.add(remedy)
        self._bad_since = None
