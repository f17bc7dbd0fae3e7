"""What can go wrong with remote access of the simulated Plex server."""

from collections.abc import AsyncIterator

from aiohttp import ClientWebSocketResponse
import pytest

from tests.simulators.plex import (
    MappingState,
    PlexServer,
    PreferenceEvents,
    Publication,
    ReachabilityEvents,
)
from tests.simulators.plex.testing import (
    PUBLIC_ADDRESS,
    PlexClient,
    PublicSide,
    eventually,
    next_frame,
)

PUBLISH = "PublishServerOnPlexOnlineKey"
MANUAL = {PUBLISH: True, "ManualPortMappingMode": True, "ManualPortMappingPort": 40000}
REACHABLE = Publication(MappingState.MAPPED, "", PUBLIC_ADDRESS, 40000)
DOWN = {
    "type": "reachability",
    "size": 1,
    "ReachabilityNotification": [{"reachability": False}],
}
UP = {**DOWN, "ReachabilityNotification": [{"reachability": True}]}
UNREACHABLE = Publication(MappingState.MAPPED, "unreachable", PUBLIC_ADDRESS, 40000)


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[PublicSide]:
    """Return a router."""
    async with PublicSide() as router:
        yield router


@pytest.fixture
async def server(router: PublicSide) -> AsyncIterator[PlexServer]:
    """Return a server behind the router."""
    async with PlexServer(outside=router.outside, automatic_mapper=router) as server:
        yield server


@pytest.fixture
async def client(server: PlexServer) -> AsyncIterator[PlexClient]:
    """Return a client of the owner."""
    async with PlexClient(server) as client:
        yield client


async def put(client: PlexClient, query: str) -> int:
    """Write settings; return the status."""
    return await client.status(f"/:/prefs?{query}", method="PUT")


async def test_partial_write(client: PlexClient, server: PlexServer) -> None:
    """Some servers may take over what is good."""
    server.faults.partial_writes = True

    assert await put(client, "RelayEnabled=0&nothing=1") == 400
    assert server.preferences["RelayEnabled"] is False


async def test_write_without_effect(client: PlexClient, server: PlexServer) -> None:
    """A write may be accepted and lost."""
    server.faults.ignored_preferences = {PUBLISH}

    assert await put(client, f"{PUBLISH}=1&RelayEnabled=0") == 200
    assert server.preferences[PUBLISH] is False
    assert server.preferences["RelayEnabled"] is False


async def test_publish_error_may_stick(server: PlexServer, router: PublicSide) -> None:
    """Some servers then publish nothing until they are restarted."""
    server.faults.publish_error_sticks = True
    router.outside.address = None
    await server.set_preferences(MANUAL)
    await server.settled()
    router.outside.address = PUBLIC_ADDRESS
    await router.open(40000, server.port)
    await server.recheck()
    assert (await server.settled()).error == "publisherror"

    await server.restart()

    assert await server.settled() == REACHABLE


@pytest.mark.parametrize("state", ["mapped", "failed"])
@pytest.mark.parametrize("error", ["doublenat", "jumboframes", "badauth", "myplexgone"])
async def test_other_errors(
    server: PlexServer, router: PublicSide, error: str, state: str
) -> None:
    """Errors that only the server itself finds."""
    server.faults.mapping_error = error
    server.faults.mapping_error_state = state
    await server.set_preferences(MANUAL)

    publication = await server.settled()

    assert (publication.state, publication.error) == (state, error)
    assert router.outside.probes == 0


async def test_mapping_state_may_be_kept(server: PlexServer) -> None:
    """Some servers do not forget that they were mapped."""
    server.faults.keeps_mapping_state = True
    await server.set_preferences(MANUAL)
    await server.settled()
    await server.set_preferences({PUBLISH: False})

    assert await server.settled() == Publication(MappingState.MAPPED)


@pytest.mark.parametrize(("ignores", "probes"), [(False, 2), (True, 1)])
async def test_write_of_the_same_port(
    server: PlexServer, router: PublicSide, ignores: bool, probes: int
) -> None:
    """Writing the port again publishes again, on most servers."""
    server.faults.ignores_unchanged_writes = ignores
    await router.open(40000, server.port)
    await server.set_preferences(MANUAL)
    await server.settled()
    await server.set_preferences({"ManualPortMappingPort": 40000})
    await server.settled()

    assert router.outside.probes == probes


@pytest.fixture
async def socket(
    server: PlexServer, client: PlexClient
) -> AsyncIterator[ClientWebSocketResponse]:
    """Return a websocket that hears of verdicts, and not of settings."""
    server.faults.preference_events = PreferenceEvents.LOST
    async with client.notifications() as socket:
        yield socket


async def test_flapping(server: PlexServer, socket: ClientWebSocketResponse) -> None:
    """The verdict may turn around again and again."""
    server.faults.flapping = 0.02
    await server.set_preferences(MANUAL)

    assert [await next_frame(socket) for _ in range(3)] == [DOWN, UP, DOWN]


async def test_lost_event(server: PlexServer, socket: ClientWebSocketResponse) -> None:
    """A verdict may be told to nobody."""
    server.faults.reachability_events = ReachabilityEvents.LOST
    await server.set_preferences(MANUAL)
    assert await server.settled() == UNREACHABLE
    await server.notifications.send("end", "End", [])

    assert (await next_frame(socket))["type"] == "end"


async def test_event_told_twice(
    server: PlexServer, socket: ClientWebSocketResponse
) -> None:
    """A verdict may be told twice."""
    server.faults.reachability_events = ReachabilityEvents.DUPLICATED
    await server.set_preferences(MANUAL)

    assert [await next_frame(socket) for _ in range(2)] == [DOWN, DOWN]


async def test_event_before_the_state(
    server: PlexServer, socket: ClientWebSocketResponse
) -> None:
    """Who reads at once after an event may read what was before."""
    server.faults.reachability_events = ReachabilityEvents.EARLY
    server.timing.event_shift = 0.5
    await server.set_preferences(MANUAL)

    assert await next_frame(socket) == DOWN
    assert server.publication == REACHABLE
    assert await server.settled() == UNREACHABLE


async def test_event_after_the_state(
    server: PlexServer, socket: ClientWebSocketResponse
) -> None:
    """An event may come long after the verdict can be read."""
    server.faults.reachability_events = ReachabilityEvents.LATE
    server.timing.event_shift = 0.5
    await server.set_preferences(MANUAL)
    await eventually(lambda: server.publication == UNREACHABLE)
    await server.notifications.send("end", "End", [])

    assert (await next_frame(socket))["type"] == "end"
    assert await next_frame(socket) == DOWN


@pytest.mark.parametrize(("told", "first"), [(True, DOWN["type"]), (False, "end")])
async def test_event_on_disable(
    server: PlexServer, socket: ClientWebSocketResponse, told: bool, first: str
) -> None:
    """Some servers tell that they are not reachable when they are switched off."""
    server.faults.reachability_events = ReachabilityEvents.LOST
    await server.set_preferences(MANUAL)
    await server.settled()
    server.faults.reachability_events = ReachabilityEvents.NORMAL
    server.faults.event_on_disable = told
    await server.set_preferences({PUBLISH: False})
    await server.settled()
    await server.notifications.send("end", "End", [])

    assert (await next_frame(socket))["type"] == first


async def test_mapping_that_the_server_leaves_behind(
    server: PlexServer, router: PublicSide
) -> None:
    """Some servers do not clean up after themselves."""
    server.faults.keeps_router_mapping = True
    await server.set_preferences({PUBLISH: True})
    await server.settled()
    await server.set_preferences({PUBLISH: False})
    await server.settled()

    assert router.released == 0
