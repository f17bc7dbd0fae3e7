"""What the owner does in Home Assistant."""

from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE

from tests.common import (
    MANUAL_PORT,
    PORT_MAPPING,
    RETRY,
    SWITCH,
    enable_for,
    press_retry,
    select,
    set_number,
    turn,
)
from tests.home import same

from .event import Event
from .power import without_power
from .world import World

PORTS: Final = (443, 32400, 32401, 40000)


def _can(world: World, entity_id: str) -> bool:
    """Tell whether Home Assistant lets the owner do something: unavailable is grey."""
    state = world.hass.states.get(entity_id)
    return state is not None and state.state != STATE_UNAVAILABLE


async def _on(world: World) -> None:
    """Say on; the last word counts."""
    if _can(world, SWITCH):
        await _say(world, wanted=True)


async def _on_for(world: World, until: tuple[float, bool]) -> None:
    """Say on for a while, and whether those who stream may stay."""
    if _can(world, SWITCH):
        await _say(world, wanted=True, until=until)


async def _off(world: World) -> None:
    """Say off: nothing is open any more when that has worked."""
    if not _can(world, SWITCH):
        return
    alone = not world.busy
    worked = await _say(world, wanted=False)
    if worked and alone and not world.busy:
        assert world.ours == [], "off, but the port is open"


async def _say(
    world: World, *, wanted: bool, until: tuple[float, bool] | None = None
) -> bool:
    """Say on or off; tell whether it worked, and was the last word."""
    world.words += 1
    word = world.words
    if until is None:
        world.will(wanted)
        action = turn(world.hass, "on" if wanted else "off")
    else:
        seconds, waits = until
        world.will(wanted, seconds)
        action = enable_for(world.hass, seconds, wait_for_streams=waits)
    worked = await world.ask(action)
    if word != world.words:
        return False
    if not worked:
        # He was told that it failed; the router may be all that it failed for.
        world.will(None)
    return worked


async def _retry(world: World) -> None:
    """Press the button; it is no other word."""
    if not _can(world, RETRY):
        return
    if world.news:
        world.will(None)
    await world.ask(press_retry(world.hass))


async def _mode(world: World, mode: str) -> None:
    if not _can(world, PORT_MAPPING):
        return
    if world.news:
        world.nobody_knows()
    else:
        world.mode = mode
    if not await world.ask(select(world.hass, PORT_MAPPING, mode)):
        world.nobody_knows()


async def _port(world: World, port: int) -> None:
    if _can(world, MANUAL_PORT):
        await world.ask(set_number(world.hass, MANUAL_PORT, port))


async def _reload(world: World) -> None:
    if world.news or world.busy:
        world.nobody_knows()
    if world.entry.state in {ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY}:
        await world.hass.config_entries.async_reload(world.entry.entry_id)


async def _add_again(world: World) -> None:
    """Remove the server, and add it again at once: nothing is on by that."""
    if not {"silent", "refuses"}.isdisjoint(world.faults):
        # It is told in the log until when the port may be open, and so it may.
        return
    entry = world.entry
    await world.hass.config_entries.async_remove(entry.entry_id)
    assert world.ours == [], "removed, but the port is open"
    world.nobody_knows()
    await world.home.add(same(entry, anew=True))


async def _power_cut(world: World) -> None:
    """Be without power for a moment, with whatever is on disk at that moment."""
    if world.news or world.busy:
        world.nobody_knows()
    entry, disk = world.entry, world.home.on_disk()
    async with without_power(world):
        await world.home.end()
    world.home.restore(disk)
    await world.home.begin(same(entry))


EVENTS: Final = (
    Event(name="owner: on", happen=_on, weight=8, overlaps=True),
    Event(name="owner: off", happen=_off, weight=5, overlaps=True),
    Event(
        name="owner: on for a while",
        happen=_on_for,
        variants=((5, False), (5, True), (70, False), (600, True)),
        weight=3,
        overlaps=True,
    ),
    Event(name="owner: retry", happen=_retry, overlaps=True),
    Event(
        name="owner: who opens the port",
        happen=_mode,
        variants=("automatic", "automatic", "server", "manual"),
        overlaps=True,
    ),
    Event(name="owner: another port", happen=_port, variants=PORTS, overlaps=True),
    Event(name="owner: reload", happen=_reload),
    Event(name="owner: removes and adds", happen=_add_again, weight=1),
    Event(name="owner: power cut", happen=_power_cut),
)
