"""Fixtures: a session, and a server that answers whatever a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
from aiohttp import web
import pytest
from yarl import URL

from custom_components.plex_remote_access.plex import PlexServer, PreferenceChange
from tests.simulators.plex import PlexServer as SimulatedServer

HTTP = "custom_components.plex_remote_access.plex.http"
TOKEN = "s3cret-t0ken"

type Call = Callable[[PlexServer], Awaitable[object]]

AUTHENTICATED: list[Call] = [
    PlexServer.name,
    PlexServer.account,
    PlexServer.preferences,
    PlexServer.refresh_reachability,
    lambda client: client.set_preferences(PreferenceChange(publish=True)),
]


class ScriptedServer:
    """Gives every request the same answer, and keeps the requests."""

    def __init__(self) -> None:
        """Answer with an empty page until told otherwise."""
        self.status = 200
        self.body = b""
        self.headers: dict[str, str] = {}
        self.requests: list[web.Request] = []
        self.url = URL()

    async def answer(self, request: web.Request) -> web.Response:
        """Give the answer."""
        self.requests.append(request)
        return web.Response(
            status=self.status, body=self.body, headers=dict(self.headers)
        )


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that leaves no thread behind."""
    connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


@pytest.fixture
async def scripted(socket_enabled: None) -> AsyncIterator[ScriptedServer]:
    """A server that says what the test tells it to say."""
    server = ScriptedServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = URL(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield server
    await runner.cleanup()


@pytest.fixture
def client(session: aiohttp.ClientSession, scripted: ScriptedServer) -> PlexServer:
    """A client of the scripted server."""
    return PlexServer(session, scripted.url, TOKEN, "this-client")


@pytest.fixture
def connect(
    plex: SimulatedServer, session: aiohttp.ClientSession
) -> Callable[..., PlexServer]:
    """Return a function that makes a client of the simulated server."""

    def connect(token: str | None = plex.token) -> PlexServer:
        return PlexServer(session, URL(plex.url), token, "this-client")

    return connect


@pytest.fixture
def server(connect: Callable[..., PlexServer]) -> PlexServer:
    """A client of the simulated server, with the owner's token."""
    return connect()
