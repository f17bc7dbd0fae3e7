"""Folders that live as long as their lab, and labs that did not end well.

Each lab has a folder with its configuration and a lock on it. The kernel gives the
lock back however the lab's process ends, so a folder without a lock is a leftover,
whoever has the process id by now.
"""

from collections.abc import Generator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import shutil
from typing import Final

from . import namespaces

_ROOT: Final = Path("/run/plex-remote-access-lab")


class RuntimeFolder:
    """The folder of one lab."""

    def __init__(self) -> None:
        """Make and lock a folder under a name that nobody else has."""
        with _exclusive():
            remove_leftovers()
            self.name = _free_name()
            self.path = _ROOT / self.name
            self.path.mkdir()
            self._lock = _lock(self.path)

    def remove(self) -> None:
        """Remove the folder; its name is free again."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_leftovers() -> None:
    """Remove what labs left behind whose process is gone."""
    for path in _ROOT.glob("pra*"):
        try:
            lock = _lock(path)
        except BlockingIOError, FileNotFoundError:
            continue
        namespaces.destroy(path.name)
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _free_name() -> str:
    """Return a name with this process's id, which helps to know whose it is."""
    number = 0
    while (_ROOT / (name := f"pra{os.getpid()}n{number}")).exists():
        number += 1
    return name


def _lock(path: Path) -> int:
    """Lock a folder for as long as the file descriptor is open."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _exclusive() -> Generator[None]:
    """Keep other labs from making or removing folders meanwhile."""
    _ROOT.mkdir(exist_ok=True)
    with (_ROOT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
