"""The router's clock."""

import asyncio


class Clock:
    """The event loop's clock, which tests can move ahead."""

    def __init__(self) -> None:
        """Start in step with the event loop."""
        self._ahead = 0.0

    def now(self) -> float:
        """Return the time in seconds."""
        return asyncio.get_running_loop().time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let this much time pass at once."""
        self._ahead += seconds
