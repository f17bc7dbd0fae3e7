"""Labs are taken down however their process is asked to end."""

import atexit
from collections.abc import Callable
import os
import signal
import threading
from types import FrameType

# Ctrl-C is not among them: it is an exception, and passes each lab's own exit.
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

_closers: list[Callable[[], None]] = []


def register(close: Callable[[], None]) -> None:
    """Call this when the process ends, unless forgotten before."""
    _closers.append(close)
    if threading.current_thread() is threading.main_thread():
        for signum in _SIGNALS:
            if signal.getsignal(signum) is signal.SIG_DFL:
                signal.signal(signum, _end)


def forget(close: Callable[[], None]) -> None:
    """Do not call this any more."""
    if close in _closers:
        _closers.remove(close)


@atexit.register
def _close_all() -> None:
    """Take all labs down."""
    while _closers:
        _closers.pop()()


def _end(signum: int, _frame: FrameType | None) -> None:
    """Take all labs down, then end as the signal wanted."""
    _close_all()
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)
