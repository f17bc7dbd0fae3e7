"""What an attack may cost at most, and what it did cost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import time
import tracemalloc


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """Seconds until it is over, seconds of computing, bytes, and requests of ours."""

    seconds: float = 4.0
    busy: float = 1.0
    memory: int = 4 * 1024 * 1024
    requests: int = 1


@dataclass(slots=True)
class Cost:
    """What it did cost; the attacker counts the requests."""

    seconds: float = 0
    busy: float = 0
    memory: int = 0
    requests: int = 0

    def beyond(self, bound: Bound) -> list[str]:
        """Return in words what was more than allowed."""
        return [
            f"{name}: {cost} instead of at most {limit}"
            for name, cost, limit in (
                ("seconds", self.seconds, bound.seconds),
                ("seconds of computing", self.busy, bound.busy),
                ("bytes", self.memory, bound.memory),
                ("requests", self.requests, bound.requests),
            )
            if cost > limit
        ]


@asynccontextmanager
async def measured() -> AsyncIterator[Cost]:
    """Measure what is done meanwhile, what the attacker needs for it included."""
    cost = Cost()
    # For debugging, the loop keeps where everything was begun.
    asyncio.get_running_loop().set_debug(False)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    began, busy = time.monotonic(), time.thread_time()
    try:
        yield cost
    finally:
        cost.seconds = time.monotonic() - began
        cost.busy = time.thread_time() - busy
        cost.memory = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
