"""What the Plex server does, and what is done to it elsewhere."""

from functools import partial
from typing import Final

from tests.common import EXTERNAL_PORT, MANUAL_MODE, PUBLISH, setting
from tests.simulators.plex import (
    Endpoint,
    EndpointFault,
    PreferenceEvents,
    ReachabilityEvents,
    Stream,
)

from .event import Event
from .owner_events import PORTS
from .world import World

_TALK: Final = (
    Endpoint.ACCOUNT,
    Endpoint.PREFS,
    Endpoint.PREFS_PUT,
    Endpoint.REFRESH,
    Endpoint.WEBSOCKET,
)


async def _publish(world: World) -> None:
    """Switch over in Plex Web."""
    publish = not setting(world.plex, PUBLISH)
    world.will(None if world.ambiguous else publish)
    world.news = True
    await world.plex.set_preferences({PUBLISH: publish})


async def _manual_mode(world: World) -> None:
    """Tick or untick the manual port in Plex Web."""
    manual = not setting(world.plex, MANUAL_MODE)
    if world.ambiguous:
        world.nobody_knows()
    else:
        world.mode = "manual" if manual else "server"
    world.news = True
    await world.plex.set_preferences({MANUAL_MODE: manual})


async def _port(world: World, port: int) -> None:
    """Enter another port in Plex Web."""
    world.news = True
    await world.plex.set_preferences({EXTERNAL_PORT: port})


async def _restart(world: World) -> None:
    await world.plex.restart()


async def _unavailable(world: World) -> None:
    """Answer 503 from now on."""
    for endpoint in _TALK:
        world.plex.faults.endpoints[endpoint] = EndpointFault(status=503)
    world.faults["503"] = lambda world: world.plex.faults.endpoints.clear()
    await world.plex.notifications.close()


async def _refuse_token(world: World) -> None:
    token = world.plex.token

    def accept(world: World) -> None:
        world.plex.access.token = token

    if "token" not in world.faults:
        world.faults["token"] = accept
        await world.plex.revoke_token()


async def _sign_out(world: World) -> None:
    """Belong to nobody from now on."""
    world.faults["signed out"] = lambda world: world.plex.sign_in()
    await world.plex.sign_out()


async def _stream(world: World) -> None:
    """Have somebody watch a film from outside from now on."""
    world.faults["stream"] = _end_stream
    world.plex.streams = [Stream(local=False)]


def _end_stream(world: World) -> None:
    world.plex.streams = []


async def _deaf(world: World) -> None:
    """Tell nobody anything from now on."""
    faults = world.plex.faults
    faults.preference_events = PreferenceEvents.LOST
    faults.reachability_events = ReachabilityEvents.LOST
    world.faults["deaf"] = _tell_again


def _tell_again(world: World) -> None:
    faults = world.plex.faults
    faults.preference_events = PreferenceEvents.ONE_EACH
    faults.reachability_events = ReachabilityEvents.NORMAL


async def _mapping_error(world: World, error: str) -> None:
    """Fail to be published from now on."""
    world.plex.faults.mapping_error = error
    world.faults["mapping error"] = _publish_again
    await world.plex.recheck()


async def _publish_again(world: World) -> None:
    world.plex.faults.mapping_error = None
    await world.plex.recheck()


async def _flip(world: World) -> None:
    """Have plex.tv reach nobody, or somebody again."""
    if "verdict" in world.faults:
        world.faults.pop("verdict")
        await _reach_again(world)
    else:
        world.faults["verdict"] = _reach_again
        world.outside.dial = lambda _address, _port: None
        await world.plex.recheck()


async def _reach_again(world: World) -> None:
    world.outside.dial = world.router.dial
    await world.plex.recheck()


EVENTS: Final = (
    Event(name="Plex Web: on or off", happen=_publish),
    Event(name="Plex Web: manual port ticked or unticked", happen=_manual_mode),
    Event(name="Plex Web: another port", happen=_port, variants=PORTS),
    Event(name="server: restart", happen=_restart),
    Event(name="server: 503", happen=_unavailable),
    Event(name="server: token refused", happen=_refuse_token),
    Event(name="server: signed out", happen=_sign_out, weight=1),
    Event(name="server: somebody streams", happen=_stream, weight=1),
    Event(name="server: tells no news", happen=_deaf, weight=1),
    Event(
        name="server: publish error",
        happen=partial(_mapping_error, error="publisherror"),
    ),
    Event(name="server: verdict turns", happen=_flip, weight=3),
)
