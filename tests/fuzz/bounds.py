"""How long one input may take, and how much memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
import gc
import time
import tracemalloc
from typing import Final

SECONDS: Final = 0.05
BYTES: Final = 4 * 1024 * 1024
_SHOWN: Final = 200


@dataclass(slots=True)
class Watch:
    """Reads input after input and keeps the worst, and what broke the bounds."""

    read: Callable[[bytes], object]
    inputs: int = 0
    seconds: float = 0
    memory: int = 0
    violations: list[str] = field(default_factory=list)

    def __call__(self, data: bytes) -> None:
        """Read one input. Memory is measured where tracemalloc is at work."""
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        # Of this thread alone: other programs may be at work.
        began = time.thread_time()
        try:
            self.read(data)
        except Exception as err:  # noqa: BLE001 - which one it is, is what we look for
            self._note(f"{type(err).__name__}: {err}", data)
        took = time.thread_time() - began
        used = tracemalloc.get_traced_memory()[1] - before
        self.inputs += 1
        self.memory = max(self.memory, used)
        if took > SECONDS:
            # Once more: the collector may have had its turn.
            gc.collect()
            began = time.thread_time()
            self.again(data)
            took = min(took, time.thread_time() - began)
        self.seconds = max(self.seconds, took)
        if took > SECONDS:
            self._note(f"took {took:.3f} s", data)
        if used > BYTES:
            self._note(f"took {used} bytes", data)

    def again(self, data: bytes) -> None:
        """Read an input whose outcome is known."""
        try:
            self.read(data)
        except Exception:  # noqa: BLE001 - it was noted
            return

    def _note(self, what: str, data: bytes) -> None:
        self.violations.append(f"{what}: {data[:_SHOWN]!r} ({len(data)} bytes)")
