"""Tests of the Plex client when something goes wrong."""

import asyncio
from collections.abc import Callable, Iterator
import traceback
from unittest.mock import Mock, patch

import aiohttp
import pytest
from yarl import URL

from custom_components.plex_remote_access.plex import (
    PlexAuthenticationError,
    PlexCertificateError,
    PlexConnectionError,
    PlexError,
    PlexForbiddenError,
    PlexProbeError,
    PlexRefusedError,
    PlexResponseError,
    PlexServer,
    PlexStartingError,
    PlexTroubleError,
)
from custom_components.plex_remote_access.plex.client import REFRESH_TIMEOUT
from custom_components.plex_remote_access.plex.http import REQUEST_TIMEOUT
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer as SimulatedServer

from .conftest import AUTHENTICATED, HTTP, TOKEN, Call, ScriptedServer

ALL: list[Call] = [PlexServer.identity, *AUTHENTICATED]
ENDPOINTS = [
    Endpoint.ROOT,
    Endpoint.ACCOUNT,
    Endpoint.PREFS,
    Endpoint.REFRESH,
    Endpoint.PREFS_PUT,
]


@pytest.fixture
def impatience() -> Iterator[Mock]:
    """Have time run out soon; the mock was told what it should have been."""
    timeout = asyncio.timeout
    with patch(
        f"{HTTP}.asyncio.timeout", side_effect=lambda _: timeout(0.05)
    ) as impatient:
        yield impatient


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, PlexResponseError),
        (304, PlexResponseError),
        (307, PlexResponseError),
        (400, PlexResponseError),
        (401, PlexAuthenticationError),
        (403, PlexForbiddenError),
        (404, PlexResponseError),
        (405, PlexResponseError),
        (429, PlexResponseError),
        (500, PlexTroubleError),
        (502, PlexTroubleError),
        (503, PlexStartingError),
    ],
)
@pytest.mark.parametrize(
    "call",
    [PlexServer.identity, PlexServer.account],
)
async def test_status(
    scripted: ScriptedServer,
    client: PlexServer,
    call: Call,
    status: int,
    error: type[PlexError],
) -> None:
    """Every status has its error, whatever page comes with it."""
    scripted.status = status
    scripted.body = b"<html><h1>No</h1></html>"

    with pytest.raises(error) as raised:
        await call(client)
    assert type(raised.value) is error


@pytest.mark.parametrize("call", AUTHENTICATED)
async def test_bad_request_of_a_server_that_is_starting(
    scripted: ScriptedServer, client: PlexServer, call: Call
) -> None:
    """Some say it in words instead of by the status."""
    scripted.status = 400
    scripted.body = b"The server is still starting up. Please retry later"

    with pytest.raises(PlexStartingError):
        await call(client)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 405, 429, 500])
async def test_probe_that_is_refused(
    scripted: ScriptedServer, client: PlexServer, status: int
) -> None:
    """It says nothing of the server or its owner: others ask plex.tv too often."""
    scripted.status = status

    with pytest.raises(PlexProbeError):
        await client.refresh_reachability()


@pytest.mark.parametrize(
    ("status", "error"), [(401, PlexAuthenticationError), (503, PlexStartingError)]
)
async def test_probe_by_nobody(
    scripted: ScriptedServer, client: PlexServer, status: int, error: type[PlexError]
) -> None:
    """What is wrong with everything is no refusal of the probe."""
    scripted.status = status

    with pytest.raises(error):
        await client.refresh_reachability()


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_any_good_status_is_good(
    scripted: ScriptedServer, client: PlexServer, status: int
) -> None:
    """Versions differ in how they say that all is well."""
    scripted.status = status

    await client.refresh_reachability()


@pytest.mark.parametrize("call", ALL)
async def test_redirects_are_not_followed(
    plex: SimulatedServer, scripted: ScriptedServer, client: PlexServer, call: Call
) -> None:
    """Nobody sends our token to another host."""
    scripted.status = 302
    scripted.headers = {"Location": f"{plex.url}/myplex/account"}

    with pytest.raises(PlexError):
        await call(client)
    assert len(scripted.requests) == 1
    assert plex.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_of_the_news_are_not_followed(
    plex: SimulatedServer, scripted: ScriptedServer, client: PlexServer, status: int
) -> None:
    """Nor does the token go along where a websocket is asked for."""
    scripted.status = status
    scripted.headers = {"Location": f"{plex.url}/:/websockets/notifications"}

    with pytest.raises(PlexError):
        async with client.notifications():
            pass
    assert {request.path for request in scripted.requests} == {
        "/:/websockets/notifications",
        "/:/websocket/notifications",
    }
    assert plex.requests == []


@pytest.mark.parametrize("call", [PlexServer.account, PlexServer.preferences])
async def test_unknown_token(connect: Callable[..., PlexServer], call: Call) -> None:
    """A wrong token is told as such."""
    with pytest.raises(PlexAuthenticationError):
        await call(connect("wrong"))


@pytest.mark.parametrize("call", [PlexServer.account, PlexServer.preferences])
async def test_token_of_a_guest(
    plex: SimulatedServer, connect: Callable[..., PlexServer], call: Call
) -> None:
    """Only the owner's token will do."""
    with pytest.raises(PlexForbiddenError):
        await call(connect(plex.shared_token))


async def test_guest_who_may_read_some_settings(
    plex: SimulatedServer, connect: Callable[..., PlexServer]
) -> None:
    """A list without the switch of Remote Access is not the owner's."""
    plex.faults.shared_user_reads_preferences = True

    with pytest.raises(PlexForbiddenError):
        await connect(plex.shared_token).preferences()


@pytest.mark.parametrize(
    ("call", "endpoint"), zip(AUTHENTICATED, ENDPOINTS, strict=True)
)
async def test_server_that_hangs(
    plex: SimulatedServer,
    server: PlexServer,
    impatience: Mock,
    call: Call,
    endpoint: Endpoint,
) -> None:
    """Nothing waits forever."""
    plex.faults.endpoints[endpoint] = EndpointFault(hang=True)

    with pytest.raises(PlexConnectionError):
        await call(server)


@pytest.mark.parametrize(
    ("call", "seconds"),
    [
        (PlexServer.account, REQUEST_TIMEOUT),
        (PlexServer.refresh_reachability, REFRESH_TIMEOUT),
    ],
)
async def test_patience(
    plex: SimulatedServer,
    server: PlexServer,
    call: Call,
    seconds: float,
) -> None:
    """A server that asks plex.tv before it answers gets more time."""
    with patch(f"{HTTP}.asyncio.timeout", wraps=asyncio.timeout) as timeout:
        await call(server)

    assert timeout.call_args_list[0].args == (seconds,)


async def test_body_that_does_not_end(
    socket_enabled: None, session: aiohttp.ClientSession, impatience: Mock
) -> None:
    """The time-out is for the whole answer, not for its head."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as dripping:
        port = dripping.sockets[0].getsockname()[1]
        client = PlexServer(session, URL(f"http://127.0.0.1:{port}"), None, "c")
        # The server ends when the client has hung up.
        with pytest.raises(PlexConnectionError):
            await client.account()
        await session.close()


async def test_nothing_listens(
    session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    """A host without a server is told apart from one that is gone."""
    url = URL(f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(PlexRefusedError):
        await PlexServer(session, url, TOKEN, "this-client").account()


async def test_unknown_host(socket_enabled: None) -> None:
    """A name that nobody knows is an error of the connection."""
    resolver = Mock(spec=aiohttp.ThreadedResolver)
    resolver.resolve.side_effect = OSError("Name or service not known")
    connector = aiohttp.TCPConnector(resolver=resolver)
    async with aiohttp.ClientSession(connector=connector) as session:
        client = PlexServer(session, URL("http://plex.invalid:32400"), TOKEN, "c")
        with pytest.raises(PlexConnectionError) as raised:
            await client.account()

    assert type(raised.value) is PlexConnectionError


async def test_server_hangs_up(plex: SimulatedServer, server: PlexServer) -> None:
    """A connection that breaks is an error of the connection."""
    plex.faults.endpoints[Endpoint.ACCOUNT] = EndpointFault(hang_up=True)

    with pytest.raises(PlexConnectionError) as raised:
        await server.account()
    assert type(raised.value) is PlexConnectionError


async def test_certificate_of_somebody_else(
    socket_enabled: None, session: aiohttp.ClientSession
) -> None:
    """A certificate that proves nothing ends the conversation."""
    async with SimulatedServer(tls=True) as plex:
        client = PlexServer(session, URL(plex.url), plex.token, "this-client")
        with pytest.raises(PlexCertificateError):
            await client.account()

        assert plex.requests == []


async def test_http_spoken_to_by_https(
    scripted: ScriptedServer, session: aiohttp.ClientSession
) -> None:
    """TLS with a server that speaks none is an error of the connection."""
    url = scripted.url.with_scheme("https")

    with pytest.raises(PlexConnectionError) as raised:
        await PlexServer(session, url, TOKEN, "this-client").account()
    assert type(raised.value) is PlexConnectionError


@pytest.mark.parametrize("status", [302, 400, 401, 403, 500, 503])
@pytest.mark.parametrize("call", AUTHENTICATED)
async def test_no_error_tells_the_token(
    scripted: ScriptedServer, client: PlexServer, call: Call, status: int
) -> None:
    """Errors are logged with all their causes."""
    scripted.status = status
    scripted.body = b"<html>%s</html>" % TOKEN.encode()

    with pytest.raises(PlexError) as raised:
        await call(client)

    assert TOKEN not in "".join(traceback.format_exception(raised.value))


async def test_no_error_of_the_connection_tells_the_token(
    session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    """Nor does the error where nobody answers, nor where the server is."""
    url = URL(f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(PlexError) as raised:
        await PlexServer(session, url, TOKEN, "this-client").account()

    assert TOKEN not in "".join(traceback.format_exception(raised.value))
    assert "127.0.0.1" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, PlexResponseError),
        (302, PlexResponseError),
        (401, PlexAuthenticationError),
        (403, PlexForbiddenError),
        (404, PlexResponseError),
        (503, PlexStartingError),
    ],
)
async def test_server_without_notifications(
    scripted: ScriptedServer, client: PlexServer, status: int, error: type[PlexError]
) -> None:
    """A server that opens no websocket says why, and is told no token in an address."""
    scripted.status = status

    with pytest.raises(error) as raised:
        await client.notifications().__aenter__()
    assert type(raised.value) is error
    assert TOKEN not in scripted.requests[0].path_qs
    assert TOKEN not in "".join(traceback.format_exception(raised.value))
