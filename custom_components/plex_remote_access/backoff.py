"""How long to leave somebody alone who has just failed."""

import math
import time
from typing import Final

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0


class Backoff:
    """Pauses after failures in a row, each twice as long as the one before."""

    def __init__(self) -> None:
        """Have seen no failure."""
        self._pause = 0.0
        self._until = -math.inf

    @property
    def due_in(self) -> float:
        """Return the seconds until the next attempt."""
        return self._until - time.monotonic()

    @property
    def failing(self) -> bool:
        """Tell whether the last attempt failed."""
        return self._pause > 0

    def failed(self) -> None:
        """Note a failure."""
        self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
        self._until = time.monotonic() + self._pause

    def worked(self) -> None:
        """Note that all is well again."""
        self._pause = 0.0
        self._until = -math.inf
