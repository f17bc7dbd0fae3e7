"""An order of events, with a check whenever all is mended."""

import asyncio
from collections.abc import Callable
import inspect
from typing import Final

from tests.common import pass_time

from . import CHECK, EVENT
from .invariants import foreign_is_untouched, wrongs
from .order import EVENTS, Happening, Order
from .world import World

type Note = Callable[[str, object], None]

# Longer than a verdict takes, so that two of them are a change and what it led to.
_STEP: Final = 31
# What was just said is heard, so that what comes of it is due in the pause after that.
_HEARING: Final = 0.1
# Half an hour, of which the slowest way back, a server that tells no news, needs ten
# minutes: two of its answers are asked for every five.
_STEPS: Final = 60


async def play(world: World, order: Order, note: Note) -> None:
    """Have several things happen at a time, and check what came of them."""
    for happenings in order:
        for happening in happenings:
            note(EVENT, happening.name)
            await _happen(world, happening)
            lost = foreign_is_untouched(world)
            assert lost is None, lost
        await _end(world.acts)
        await _quiesce(world, note)


async def _happen(world: World, happening: Happening) -> None:
    """Have something happen, and some time go by."""
    event = EVENTS[happening.name]
    act = event.take_place(world, happening.variant)
    if happening.turns:
        world.acts.append(asyncio.create_task(act))
        # Somewhere in the middle of it, as a rule.
        for _ in range(happening.turns):
            await asyncio.sleep(0)
    else:
        await act
    if happening.pause:
        # An answer that is on its way must not seem to take that long.
        await _end(world.acts)
        await pass_time(world.hass, world.freezer, _HEARING)
        await pass_time(world.hass, world.freezer, happening.pause)
        world.look_at_the_clock()
        if not world.faults and happening.pause > 1:
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
