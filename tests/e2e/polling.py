"""Waiting for something with an end."""

from collections.abc import Callable
import time

_PAUSE = 0.1


def poll[T](look: Callable[[], T], done: Callable[[T], bool], timeout: float) -> T:
    """Look again and again until what is seen will do; what is seen last is told."""
    deadline = time.monotonic() + timeout
    while not done(seen := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout:g} s still {seen!r}")
        time.sleep(_PAUSE)
    return seen
