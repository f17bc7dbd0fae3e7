"""What has to be true when all is well again; each wrong is told in words."""

from collections.abc import AsyncIterator

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN

from tests.common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    MAPPING_METHOD,
    PORT_MAPPING,
    PUBLIC_PORT,
    PUBLISH,
    REACHABLE,
    STATUS,
    SWITCH,
    setting,
    state_of,
)

from .world import World

_METHODS = frozenset({"pcp", "nat_pmp", "upnp"})


def foreign_is_untouched(world: World) -> str | None:
    """Return what somebody else has lost."""
    lost = [entry for entry in world.foreign if entry not in world.router.table]
    return f"lost by others: {lost}" if lost else None


async def wrongs(world: World) -> list[str]:
    """Return all that is not as it has to be."""
    world.look_at_the_clock()
    return [wrong async for wrong in _wrongs(world)]


async def _wrongs(world: World) -> AsyncIterator[str]:
    if (lost := foreign_is_untouched(world)) is not None:
        yield lost
    if world.entry.state is not ConfigEntryState.LOADED:
        yield f"the server is {world.entry.state}"
        return
    mode = world.mode or world.entry.options["port_mapping"]
    if (shown := state_of(world.hass, PORT_MAPPING).state) != mode:
        yield f"the port is opened by {shown}, not by {mode}"
    published = setting(world.plex, PUBLISH)
    wanted = published if world.wanted is None else world.wanted
    if published != wanted:
        yield f"published: {published}, wanted: {wanted}"
    switch = STATE_ON if wanted else STATE_OFF
    if state_of(world.hass, SWITCH).state != switch:
        yield f"the switch is {state_of(world.hass, SWITCH).state}, not {switch}"
    if wanted and mode == "automatic":
        not_asked = world.wanted is None and _is_not_opened(world)
        async for wrong in _not_open(world) if not not_asked else _not_closed(world):
            yield wrong
        return
    async for wrong in _not_closed(world):
        yield wrong
    if not wanted:
        for wrong in _shown(
            world,
            {
                STATUS: "disabled",
                REACHABLE: STATE_OFF,
                MAPPING_METHOD: "none",
                PUBLIC_PORT: STATE_UNKNOWN,
            },
        ):
            yield wrong


def _is_not_opened(world: World) -> bool:
    """Tell whether nobody asked for the port, and the owner is told so."""
    return state_of(world.hass, STATUS).attributes.get("reason") == "not_opened"


async def _not_open(world: World) -> AsyncIterator[str]:
    """Tell what keeps the Internet from reaching this very server."""
    if len(world.ours) != 1:
        yield f"ours: {world.ours}"
        return
    (entry,) = world.ours
    port, plex, outside = entry.external_port, world.plex, world.outside
    if entry.target != ("127.0.0.1", plex.port):
        yield f"it leads to {entry.target}"
    if not await outside.reachable(
        str(world.router.wan_address), port, plex.machine_identifier
    ):
        yield f"nobody gets in at {port}"
    settings = (setting(plex, MANUAL_MODE), setting(plex, EXTERNAL_PORT))
    if settings != (True, port):
        yield f"the server was told {settings}, not {port}"
    if plex.publication.public_port != port:
        yield f"published at {plex.publication.public_port}, not {port}"
    if (method := state_of(world.hass, MAPPING_METHOD).state) not in _METHODS:
        yield f"opened by {method}"
    for wrong in _shown(
        world,
        {STATUS: "reachable", REACHABLE: STATE_ON, PUBLIC_PORT: str(port)},
    ):
        yield wrong


async def _not_closed(world: World) -> AsyncIterator[str]:
    """Tell what is open that should not be."""
    if world.ours:
        yield f"open: {world.ours}"


def _shown(world: World, expected: dict[str, str]) -> list[str]:
    """Return which entities do not tell the truth."""
    states = {
        entity_id: state_of(world.hass, entity_id).state for entity_id in expected
    }
    return [
        f"{entity_id} is {states[entity_id]}, not {state}"
        for entity_id, state in expected.items()
        if states[entity_id] != state
    ]
