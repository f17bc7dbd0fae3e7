"""What the owner does in Home Assistant."""

from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE

from tests.common import (
    MANUAL_PORT,
    PORT_MAPPING,
    RETRY,
    SWITCH,
    press_retry,
    select,
    set_number,
    turn,
)

from .event import Event
from .world import World

PORTS: Final = (443, 32400, 32401, 40000)


def _can(world: World, entity_id: str) -> bool:
    """Tell whether Home Assistant lets the owner do something: unavailable is grey."""
    state = world.hass.states.get(entity_id)
    return state is not None and state.state != STATE_UNAVAILABLE


async def _turn(world: World, *, on: bool) -> None:
    """Say on or off; the last word counts."""
    if not _can(world, SWITCH):
        return
    alone = not world.busy
    world.words += 1
    word = world.words
    world.wanted = on
    worked = await world.ask(turn(world.hass, "on" if on else "off"))
    if word != world.words:
        return
    if not worked:
        # He was told that it failed; the router may be all that it failed for.
        world.wanted = None
    elif not on and alone and not world.busy:
        assert world.ours == [], "off, but the port is open"


async def _on(world: World) -> None:
    await _turn(world, on=True)


async def _off(world: World) -> None:
    await _turn(world, on=False)


async def _retry(world: World) -> None:
    """Press the button; it is no other word."""
    if not _can(world, RETRY):
        return
    if world.news:
        world.wanted = None
    await world.ask(press_retry(world.hass))


async def _mode(world: World) -> None:
    if not _can(world, PORT_MAPPING):
        return
    mode = world.random.choice(("automatic", "automatic", "server", "manual"))
    if world.news:
        world.wanted = world.mode = None
    else:
        world.mode = mode
    if not await world.ask(select(world.hass, PORT_MAPPING, mode)):
        world.wanted = world.mode = None


async def _port(world: World) -> None:
    if _can(world, MANUAL_PORT):
        port = world.random.choice(PORTS)
        await world.ask(set_number(world.hass, MANUAL_PORT, port))


async def _reload(world: World) -> None:
    if world.news or world.busy:
        # What was not carried out yet, or not heard, is nobody's word.
        world.wanted = world.mode = None
        world.words += 1
    if world.entry.state not in {
        ConfigEntryState.LOADED,
        ConfigEntryState.SETUP_RETRY,
    }:
        return
    await world.hass.config_entries.async_reload(world.entry.entry_id)


EVENTS: Final = (
    Event(name="owner: on", happen=_on, weight=8, overlaps=True),
    Event(name="owner: off", happen=_off, weight=5, overlaps=True),
    Event(name="owner: retry", happen=_retry, overlaps=True),
    Event(name="owner: who opens the port", happen=_mode, overlaps=True),
    Event(name="owner: another port", happen=_port, overlaps=True),
    Event(name="owner: reload", happen=_reload),
)
