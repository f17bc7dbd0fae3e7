"""Something that happens."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from .world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happens, by name; `weight` says how often.

    It happens in one of the `variants`, if there are some. What the owner does may
    overlap with what happens next.
    """

    name: str
    happen: Callable[..., Coroutine[Any, Any, None]]
    variants: tuple[object, ...] = ()
    weight: int = 2
    overlaps: bool = False

    async def take_place(self, world: World, variant: object) -> None:
        """Have it happen."""
        await self.happen(world, *((variant,) if self.variants else ()))
