"""Who may ask the simulated Plex server what, and what can go wrong with it."""

import asyncio
from collections.abc import AsyncIterator
import ssl
from typing import override

from aiohttp import ClientConnectorCertificateError, ClientError, ClientSession
import pytest

from tests.simulators.plex import Endpoint, EndpointFault, Phase, PlexServer
from tests.simulators.plex.testing import PlexClient, eventually

OWNERS = [
    ("GET", "/:/prefs"),
    ("GET", "/:/prefs/get?id=RelayEnabled"),
    ("PUT", "/:/prefs?RelayEnabled=0"),
    ("GET", "/myplex/account"),
    ("PUT", "/myplex/refreshReachability"),
    ("DELETE", "/myplex/account"),
    ("POST", "/myplex/claim"),
]
USERS = [
    ("GET", "/"),
    ("GET", "/media/providers"),
    ("GET", "/:/websockets/notifications"),
    ("GET", "/:/eventsource/notifications"),
]


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


@pytest.mark.parametrize("token", ["", "wrong", "wröng"])
@pytest.mark.parametrize(("method", "path"), OWNERS + USERS)
async def test_strangers_are_turned_away(
    server: PlexServer, method: str, path: str, token: str
) -> None:
    """Without a good token there is nothing but the identity."""
    async with PlexClient(server, token) as stranger:
        answer = await stranger.response(path, method=method)

    assert answer.status == 401
    assert answer.content_type == "text/html"
    assert answer.headers["Connection"] == "close"
    assert server.preferences["RelayEnabled"] is True


@pytest.mark.parametrize(("method", "path"), OWNERS)
async def test_shared_users_are_not_owners(
    server: PlexServer, method: str, path: str
) -> None:
    """A user that the owner shares with does not get at the settings."""
    async with PlexClient(server, server.shared_token) as user:
        assert await user.status("/") == 200
        assert await user.status(path, method=method) == 403

    assert server.preferences["RelayEnabled"] is True


async def test_shared_users_may_see_some_settings(server: PlexServer) -> None:
    """On some servers a shared user reads what is not hidden."""
    server.faults.shared_user_reads_preferences = True

    async with PlexClient(server, server.shared_token) as user:
        container = (await user.json("/:/prefs"))["MediaContainer"]

    ids = {setting["id"] for setting in container["Setting"]}
    assert "RelayEnabled" in ids
    assert "PublishServerOnPlexOnlineKey" not in ids


async def test_token_as_query(server: PlexServer) -> None:
    """The token may be part of the address; it is not recorded."""
    async with PlexClient(server, "") as client:
        assert await client.status(f"/?X-Plex-Token={server.token}&a=b") == 200

    assert server.requests[-1].query == {"a": "b"}
    assert server.token not in repr(server.requests)


async def test_allowed_networks_need_no_token(server: PlexServer) -> None:
    """The owner may trust networks."""
    await server.set_preferences({"allowedNetworks": "10.0.0.0/8, 127.0.0.0/8"})

    async with PlexClient(server, "") as client:
        assert await client.status("/myplex/account") == 200


async def test_revoked_token(server: PlexServer, client: PlexClient) -> None:
    """A token dies at once, and those who listen with it are sent away."""
    async with client.notifications() as socket:
        old = server.token
        new = await server.revoke_token()
        await socket.receive()
        assert socket.closed

    async with PlexClient(server, old) as before, PlexClient(server, new) as after:
        assert await before.status("/myplex/account") == 401
        assert await after.status("/myplex/account") == 200


async def test_signed_out_server(server: PlexServer, client: PlexClient) -> None:
    """A server that was given up knows no token any more."""
    await server.sign_out()

    assert await client.status("/myplex/account") == 401
    assert (await client.json("/identity"))["MediaContainer"]["claimed"] is False


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_endpoint_fault(
    server: PlexServer, client: PlexClient, status: int
) -> None:
    """One endpoint fails as often as it is told to, the others do not."""
    server.faults.endpoints[Endpoint.ACCOUNT] = EndpointFault(status, remaining=1)

    assert await client.status("/myplex/account") == status
    assert await client.status("/myplex/account") == 200
    assert await client.status("/:/prefs") == 200


async def test_slow_endpoint(server: PlexServer, client: PlexClient) -> None:
    """An endpoint may take its time."""
    server.faults.endpoints[Endpoint.REFRESH] = EndpointFault(delay=0.2)
    started = asyncio.get_running_loop().time()

    assert await client.status("/myplex/refreshReachability", method="PUT") == 200
    assert asyncio.get_running_loop().time() - started > 0.2


async def test_hanging_endpoint(server: PlexServer, client: PlexClient) -> None:
    """An endpoint may not answer at all."""
    server.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang=True)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.status("/:/prefs?RelayEnabled=0", method="PUT")

    assert server.preferences["RelayEnabled"] is True


async def test_endpoint_hangs_up(server: PlexServer, client: PlexClient) -> None:
    """An endpoint may drop the connection."""
    server.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang_up=True)

    with pytest.raises(ClientError):
        await client.status("/:/prefs")


async def test_restart(server: PlexServer, client: PlexClient) -> None:
    """A server that restarts is gone, then not ready, then almost, then up."""
    server.timing.boot = server.timing.start_state = 0.2
    async with client.notifications() as socket:
        await server.restart()
        await socket.receive()
        assert socket.closed

    assert await client.status("/") == 503
    assert await client.status("/identity") == 200
    server.faults.identity_starting = True
    assert await client.status("/identity") == 503

    await eventually(lambda: server.phase is Phase.STARTING)
    container = (await client.json("/"))["MediaContainer"]
    assert container["startState"] == "startingPlugins"
    assert container["myPlexMappingState"] == "unknown"

    await eventually(lambda: server.phase is Phase.RUNNING)
    assert "startState" not in (await client.json("/"))["MediaContainer"]


async def test_nothing_listens_while_it_is_down(
    server: PlexServer, client: PlexClient
) -> None:
    """In the first moments of a restart connections are refused."""
    server.timing.down = 5
    restart = asyncio.create_task(server.restart())
    await eventually(lambda: server.phase is Phase.DOWN)

    with pytest.raises(ClientError):
        await client.status("/identity")

    restart.cancel()
    await asyncio.wait([restart])


async def test_requests_are_counted(server: PlexServer, client: PlexClient) -> None:
    """Tests can tell a client that asks too much."""
    await client.status("/myplex/refreshReachability", method="PUT")
    await client.status("/:/prefs")
    await client.status("/:/prefs")
    await client.status("/:/prefs?RelayEnabled=0", method="PUT")
    await client.status("/myplex/account", method="DELETE")

    assert server.refresh_count == 1
    assert server.prefs_read_count == 2
    assert server.prefs_write_count == 1
    assert server.records.counts[Endpoint.SIGN_OUT] == 1
    write = server.requests[3]
    assert (write.method, write.path) == ("PUT", "/:/prefs")
    assert (write.query, write.status) == ({"RelayEnabled": "0"}, 200)


async def test_tls_and_plain_on_one_port(socket_enabled: None) -> None:
    """The certificate is good for the plex.direct names only."""
    async with PlexServer(tls=True) as server, ClientSession() as session:
        trusting = ssl.create_default_context(cadata=server.authority_pem)
        identity = f"{server.url}/identity"
        name = f"127-0-0-1.{server.certificate_hash}.plex.direct"

        async with session.get(identity, ssl=trusting, server_hostname=name) as answer:
            assert answer.status == 200
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(identity, ssl=trusting)
        async with session.get(identity.replace("https", "http")) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("tls", [True, False])
async def test_secure_connections_required(socket_enabled: None, tls: bool) -> None:
    """Other hosts then have to speak TLS, the server's own does not."""
    async with PlexServer(tls=tls) as server, ClientSession() as session:
        plain = f"http://127.0.0.1:{server.port}/identity"
        await server.set_preferences({"secureConnections": 0})
        async with session.get(plain, headers={"Connection": "close"}) as answer:
            assert answer.status == 200

        server.faults.loopback_is_remote = True
        with pytest.raises(ClientError):
            await session.get(plain)


async def test_tls_is_good_where_it_is_required(socket_enabled: None) -> None:
    """Who speaks TLS gets in from everywhere."""
    async with PlexServer(tls=True) as server, ClientSession() as session:
        server.faults.loopback_is_remote = True
        await server.set_preferences({"secureConnections": 0})
        async with session.get(f"{server.url}/identity", ssl=False) as answer:
            assert answer.status == 200


class Searcher(asyncio.DatagramProtocol):
    """Collects the answers to a search."""

    def __init__(self) -> None:
        """Begin with none."""
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    @override
    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take an answer."""
        self.answers.put_nowait(data)


async def search(server: PlexServer) -> bytes:
    """Return the answer to a search; none in time is a TimeoutError."""
    assert server.gdm_port is not None
    loop = asyncio.get_running_loop()
    transport, searcher = await loop.create_datagram_endpoint(
        Searcher, remote_addr=("127.0.0.1", server.gdm_port)
    )
    try:
        transport.sendto(b"M-SEARCH * HTTP/1.0")
        async with asyncio.timeout(0.5):
            return await searcher.answers.get()
    finally:
        transport.close()


async def test_discovery(socket_enabled: None) -> None:
    """Who searches is told where the server is, unless the owner minds."""
    async with PlexServer(gdm_port=0) as server:
        lines = (await search(server)).decode().split("\r\n")
        assert lines[0] == "HTTP/1.0 200 OK"
        assert f"Port: {server.port}" in lines
        assert f"Resource-Identifier: {server.machine_identifier}" in lines

        await server.set_preferences({"GdmEnabled": False})
        with pytest.raises(TimeoutError):
            await search(server)
