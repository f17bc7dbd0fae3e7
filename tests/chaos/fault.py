"""What a fault is."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from .home import Home

type Strike = Callable[[Home], AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that goes wrong for a while, and is over then.

    It lasts `hold` seconds at most. At most `settle` seconds later everything has to be
    as it is wanted, or the invariants do not hold.
    """

    name: str
    strike: Strike
    settle: float
    hold: float = 0.5
    weight: int = 4
    """How often it is drawn, compared to others."""
    alone: bool = False
    """Whether no other fault may strike meanwhile: what is wanted would be unclear."""
    ends_process: bool = False
    """Whether Home Assistant has another process afterwards."""


def at_once(act: Callable[[Home], object]) -> Strike:
    """Return a fault that is over as soon as it has happened."""

    def strike(home: Home) -> AbstractContextManager[None]:
        act(home)
        return nullcontext()

    return strike


def lasting(act: Callable[[Home], object], undo: Callable[[Home], object]) -> Strike:
    """Return a fault that lasts until it is undone."""

    @contextmanager
    def strike(home: Home) -> Generator[None]:
        act(home)
        try:
            yield
        finally:
            undo(home)

    return strike
