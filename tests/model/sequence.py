"""A sequence of events, drawn from a seed, with a check whenever all is mended."""

import asyncio
from collections.abc import Callable
import inspect
from typing import Final

from tests.common import pass_time

from . import CHECK, EVENT, owner_events, router_events, server_events
from .event import Event
from .invariants import foreign_is_untouched, wrongs
from .world import World

type Note = Callable[[str, object], None]

EVENTS: Final = (*owner_events.EVENTS, *server_events.EVENTS, *router_events.EVENTS)

_WEIGHTS: Final = [event.weight for event in EVENTS]
# Longer than a verdict takes, so that two of them are a change and what it led to.
_STEP: Final = 31
# Half an hour, of which the slowest way back, a server that tells no news, needs ten
# minutes: two of its answers are asked for every five.
_STEPS: Final = 60
# The last is longer than the leases of routers.
_PAUSES: Final = (0, 0, 0, 0, 0, 0.5, 0.5, 2, 2, 12, 65, 7300)


async def play(world: World, rounds: int, note: Note) -> None:
    """Have several things happen at a time, and check what came of them."""
    for _ in range(rounds):
        acts: list[asyncio.Task[None]] = []
        for _ in range(world.random.randint(1, 4)):
            (event,) = world.random.choices(EVENTS, _WEIGHTS)
            note(EVENT, event.name)
            await _happen(world, event, acts)
            lost = foreign_is_untouched(world)
            assert lost is None, lost
        await _end(acts)
        await _quiesce(world, note)


async def _happen(world: World, event: Event, acts: list[asyncio.Task[None]]) -> None:
    """Have something happen, and some time go by."""
    if event.overlaps and world.random.random() < 0.4:
        acts.append(asyncio.create_task(event.happen(world)))
        # Somewhere in the middle of it, as a rule.
        for _ in range(world.random.randint(1, 30)):
            await asyncio.sleep(0)
    else:
        await event.happen(world)
    if pause := world.random.choice(_PAUSES):
        # An answer that is on its way must not seem to take that long.
        await _end(acts)
        await pass_time(world.hass, world.freezer, pause)
        if not world.faults and pause > 1:
            world.news = False


async def _end(acts: list[asyncio.Task[None]]) -> None:
    """Wait for what the owner does."""
    async with asyncio.timeout(20):
        await asyncio.gather(*acts)
    acts.clear()


async def _quiesce(world: World, note: Note) -> None:
    """Mend everything, and wait until all is as it has to be, and stays so."""
    for lift in world.faults.values():
        if inspect.isawaitable(lifted := lift(world)):
            await lifted
    world.faults.clear()
    steps = quiet = 0
    wrong = ["never looked at"]
    # Twice in a row: the first may be from before the home noticed that all is mended.
    while quiet < 2 and steps < _STEPS:
        await _step(world)
        wrong = await wrongs(world)
        quiet, steps = 0 if wrong else quiet + 1, steps + 1
    assert quiet == 2, wrong
    note(CHECK, steps * _STEP)
    world.news = False


async def _step(world: World) -> None:
    """Let some time go by, in which the server looks once by itself."""
    await world.plex.settled()
    await world.plex.recheck()
    await world.plex.settled()
    await pass_time(world.hass, world.freezer, _STEP)
