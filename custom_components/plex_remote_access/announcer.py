"""What people are told of the verdicts: up at once, down when it stands."""

from dataclasses import replace
import time
from typing import Final

from .const import STANDING
from .plan import BAD_NEWS, Cause, Plan, Status

# In these nobody can say.
_OPEN: Final = frozenset({Status.CONNECTING, Status.UNKNOWN})


class Announcer:
    """Keeps a bad verdict back until it has stood for a while.

    plex.tv's verdict flaps, and most of what is wrong heals within seconds. Nothing is
    kept back from an owner who has just switched on and waits for the outcome.
    """

    def __init__(self) -> None:
        """Have told nothing yet."""
        self._told = Status.UNKNOWN
        self._was_up = False
        self._bad: Plan | None = None
        self._bad_since: float | None = None

    @property
    def due_in(self) -> float | None:
        """Return the seconds until there is something to tell, None for nothing."""
        if self._bad_since is None:
            return None
        due = self._bad_since + STANDING.total_seconds() - time.monotonic()
        return due if due > 0 else None

    def start_afresh(self) -> None:
        """Tell the next verdict at once: the owner has done something."""
        self._was_up = False
        self._bad_since = self._bad = None

    def tell(self, plan: Plan, *, settled: bool = True) -> Plan:
        """Return the plan with the verdict that people are told.

        `settled` says that the server had time for it since the last change.
        """
        if plan.status in BAD_NEWS:
            if self._bad_since is None:
                self._bad_since = time.monotonic()
            self._bad = plan
            if self._was_up and self._told not in BAD_NEWS and self.due_in is not None:
                return replace(plan, status=self._told, cause=Cause.CHECKING)
        elif plan.status not in _OPEN:
            self._bad_since = self._bad = None
            self._was_up = plan.status is Status.REACHABLE
        elif (
            not settled
            and plan.status is Status.CONNECTING
            and self._bad is not None
            and (self._told in BAD_NEWS or self.due_in is None)
        ):
            # What is tried against bad news makes no good ones.
            plan = replace(plan, status=self._bad.status, cause=self._bad.cause)
        self._told = plan.status
        return plan
