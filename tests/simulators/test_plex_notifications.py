"""What the simulated Plex server tells those who listen."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, WSServerHandshakeError
import pytest

from tests.simulators.plex import PlexServer, PreferenceEvents
from tests.simulators.plex.testing import PlexClient, eventually, next_frame

PLURAL = "/:/websockets/notifications"
SINGULAR = "/:/websocket/notifications"
STREAM = "/:/eventsource/notifications"


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[PlexServer]:
    """Return a server."""
    async with PlexServer() as server:
        yield server


@pytest.fixture
async def client(server: PlexServer) -> AsyncIterator[PlexClient]:
    """Return a client of the owner."""
    async with PlexClient(server) as client:
        yield client


async def test_handshake_without_token_is_refused(server: PlexServer) -> None:
    """A stranger hears nothing."""
    async with PlexClient(server, "") as stranger:
        with pytest.raises(WSServerHandshakeError) as refused:
            await stranger.session.ws_connect(PLURAL)

    assert refused.value.status == 401


async def test_token_as_query(server: PlexServer) -> None:
    """Some clients cannot set a header."""
    async with (
        PlexClient(server, "") as client,
        client.notifications(f"{PLURAL}?X-Plex-Token={server.token}"),
    ):
        await eventually(lambda: server.notifications.listeners == 1)

    await eventually(lambda: server.notifications.listeners == 0)


async def test_old_path(server: PlexServer, client: PlexClient) -> None:
    """Where notifications are depends on the server."""
    server.form.websocket_path_singular = True

    with pytest.raises(WSServerHandshakeError) as refused:
        await client.session.ws_connect(PLURAL)
    assert refused.value.status == 404
    async with client.notifications(SINGULAR):
        await eventually(lambda: server.notifications.listeners == 1)


async def test_pings_are_answered(client: PlexClient) -> None:
    """A client can tell whether the server is still there."""
    async with client.session.ws_connect(PLURAL, autoping=False) as socket:
        await socket.ping(b"there?")
        answer = await socket.receive(timeout=5)

    assert (answer.type, answer.data) == (WSMsgType.PONG, b"there?")


async def test_server_pings(server: PlexServer, client: PlexClient) -> None:
    """A server may want to know, too."""
    server.timing.websocket_ping = 0.05

    async with client.session.ws_connect(PLURAL, autoping=False) as socket:
        assert (await socket.receive(timeout=5)).type is WSMsgType.PING


async def test_preference_event(server: PlexServer, client: PlexClient) -> None:
    """Who listens hears of a setting that somebody else has written."""
    async with client.notifications() as socket:
        await client.status("/:/prefs?WanTotalMaxUploadRate=20000", method="PUT")
        frame = await next_frame(socket)

    assert (frame["type"], frame["size"]) == ("preference", 1)
    assert frame["Setting"][0]["id"] == "WanTotalMaxUploadRate"
    assert frame["Setting"][0]["value"] == 20000


async def test_unchanged_settings_are_no_event(
    server: PlexServer, client: PlexClient
) -> None:
    """A write that changes nothing is not told."""
    async with client.notifications() as socket:
        await server.set_preferences({"RelayEnabled": True, "FriendlyName": "Attic"})

        assert (await next_frame(socket))["Setting"][0]["id"] == "FriendlyName"


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (PreferenceEvents.ONE_EACH, [["WanTotalMaxUploadRate"], ["FriendlyName"]]),
        (PreferenceEvents.ONE_FRAME, [["WanTotalMaxUploadRate", "FriendlyName"]]),
        (PreferenceEvents.NOT_HIDDEN, [["FriendlyName"]]),
        (PreferenceEvents.LOST, []),
    ],
)
async def test_preference_event_variants(
    server: PlexServer,
    client: PlexClient,
    events: PreferenceEvents,
    told: list[list[str]],
) -> None:
    """Servers differ in what they tell of their settings."""
    server.faults.preference_events = events
    async with client.notifications() as socket:
        await server.set_preferences(
            {"WanTotalMaxUploadRate": 5, "FriendlyName": "Attic"}
        )
        await server.notifications.send("end", "End", [])
        frames = [await next_frame(socket) for _ in range(len(told) + 1)]

    assert frames.pop()["type"] == "end"
    assert [[item["id"] for item in frame["Setting"]] for frame in frames] == told


async def test_account_event(server: PlexServer, client: PlexClient) -> None:
    """Who listens hears that plex.tv does not know the server any more."""
    async with client.notifications() as socket:
        await server.lose_sign_in()

        assert (await next_frame(socket))["type"] == "account"


async def test_noise(server: PlexServer, client: PlexClient) -> None:
    """Events come among frames that are about something else, or broken."""
    server.faults.noise = True
    async with client.notifications() as socket:
        await server.set_preferences({"FriendlyName": "Attic"})
        messages: list[Any] = [await socket.receive(timeout=5) for _ in range(21)]

    assert {WSMsgType.TEXT, WSMsgType.BINARY} == {message.type for message in messages}
    texts = [message.data for message in messages if message.type is WSMsgType.TEXT]
    assert any('"FriendlyName"' in text for text in texts)
    assert any('"playing"' in text for text in texts)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", ["preference", "end"]),
        ("?filters=end", ["end"]),
        ("?filter=end,preference", ["preference", "end"]),
        ("?filters=-preference", ["log", "end"]),
        ("?filters=", ["preference", "log", "end"]),
    ],
)
async def test_filters(
    server: PlexServer, client: PlexClient, query: str, told: list[str]
) -> None:
    """A client may choose what it hears."""
    async with client.notifications(f"{PLURAL}{query}") as socket:
        await server.set_preferences({"FriendlyName": "Attic"})
        await server.notifications.send("log", "Log", [])
        await server.notifications.send("end", "End", [])
        frames = [await next_frame(socket) for _ in told]

    assert [frame["type"] for frame in frames] == told


async def test_event_source(server: PlexServer, client: PlexClient) -> None:
    """The same is told as server-sent events, each with one object."""
    server.timing.event_source_ping = 0.2
    async with client.session.get(STREAM) as stream:
        assert stream.content_type == "text/event-stream"
        await server.set_preferences({"WanTotalMaxUploadRate": 20000})
        event = await stream.content.readuntil(b"\n\n")
        ping = await stream.content.readuntil(b"\n\n")

    assert event.startswith(b'event: preference\ndata: {"Setting": {"id": "WanTotal')
    assert ping == b"event: ping\ndata: {}\n\n"
    await eventually(lambda: server.notifications.listeners == 0)
