"""Something that happens."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from .world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happens, by name; `weight` says how often.

    What the owner does may overlap with what happens next.
    """

    name: str
    happen: Callable[[World], Coroutine[Any, Any, None]]
    weight: int = 2
    overlaps: bool = False
