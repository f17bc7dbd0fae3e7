"""Entering a network namespace of the lab.

Home Assistant listens on 127.0.0.1 of its namespace, which nobody outside can reach.
Instead of sending each client there, the thread that runs the test enters the
namespace: its sockets, and the Home Assistant, the browser and the threads it starts,
are then inside without knowing of namespaces. The same code serves `scripts/develop`,
which has none.
"""

from collections.abc import Generator
from contextlib import contextmanager
import os
from pathlib import Path


@contextmanager
def inside(namespace: Path) -> Generator[None]:
    """Keep the calling thread in a network namespace."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        target = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(target, os.CLONE_NEWNET)
        finally:
            os.close(target)
        try:
            yield
        finally:
            os.setns(before, os.CLONE_NEWNET)
    finally:
        os.close(before)
