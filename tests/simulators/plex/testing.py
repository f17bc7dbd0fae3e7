"""What tests look at a simulated Plex server with."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from aiohttp import (
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    TCPConnector,
    ThreadedResolver,
)

from tests.simulators.plextv import DirectOutside

from .account import TOKEN
from .server import PlexServer

PUBLIC_ADDRESS = "192.0.1.10"
_DEADLINE = 5


class PlexClient:
    """A client without opinions: it returns what came over the wire."""

    def __init__(self, server: PlexServer, token: str | None = None) -> None:
        """Use the owner's token unless another one is given, empty for none."""
        self._server = server
        self._token = server.token if token is None else token
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open a session."""
        self._session = ClientSession(
            self._server.url,
            headers={TOKEN: self._token} if self._token else {},
            connector=TCPConnector(ssl=False, resolver=ThreadedResolver()),
            timeout=ClientTimeout(total=_DEADLINE),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the session."""
        await self.session.close()

    @property
    def session(self) -> ClientSession:
        """Return the session for requests of a special kind."""
        assert self._session is not None
        return self._session

    async def text(self, path: str, *, method: str = "GET") -> tuple[int, str]:
        """Return status and body of an answer."""
        async with self.session.request(method, path) as answer:
            return answer.status, await answer.text()

    async def response(self, path: str, *, method: str = "GET") -> ClientResponse:
        """Return the head of an answer."""
        async with self.session.request(method, path) as answer:
            return answer

    async def status(self, path: str, *, method: str = "GET") -> int:
        """Return the status of an answer."""
        return (await self.response(path, method=method)).status

    async def json(self, path: str) -> Any:
        """Return the JSON of an answer."""
        headers = {"Accept": "application/json"}
        async with self.session.get(path, headers=headers) as answer:
            return await answer.json()

    async def account(self) -> dict[str, Any]:
        """Return the account."""
        account: dict[str, Any] = (await self.json("/myplex/account"))["MyPlex"]
        return account

    @asynccontextmanager
    async def notifications(
        self, path: str = "/:/websockets/notifications"
    ) -> AsyncIterator[ClientWebSocketResponse]:
        """Listen to notifications."""
        async with self.session.ws_connect(path) as socket:
            yield socket


async def next_frame(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """Return the next notification."""
    container: dict[str, Any] = await socket.receive_json(timeout=_DEADLINE)
    notification: dict[str, Any] = container["NotificationContainer"]
    return notification


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(_DEADLINE):
        while not condition():
            await asyncio.sleep(0.005)


class PublicSide:
    """A public address whose ports lead to where its table says."""

    def __init__(self) -> None:
        """Begin with every port closed."""
        self.asked: list[int] = []
        self.released = 0
        self.next_port: int | None = 24507
        self.answers = True
        self._servers: list[asyncio.Server] = []
        self._entrances: dict[int, int] = {}
        self.outside = DirectOutside(PUBLIC_ADDRESS, self.dial)

    async def open(self, public_port: int, private_port: int) -> None:
        """Forward a public port."""

        async def forward(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            inner, outer = await asyncio.open_connection("127.0.0.1", private_port)
            await asyncio.gather(pump(reader, outer), pump(inner, writer))

        server = await asyncio.start_server(forward, "127.0.0.1", 0)
        self._servers.append(server)
        self._entrances[public_port] = server.sockets[0].getsockname()[1]

    def close(self, public_port: int) -> None:
        """Forward a public port no more."""
        del self._entrances[public_port]

    def dial(self, address: str, port: int) -> tuple[str, int] | None:
        """Return where a public endpoint really is."""
        if address != self.outside.address or port not in self._entrances:
            return None
        return "127.0.0.1", self._entrances[port]

    async def __call__(self, internal_port: int) -> int | None:
        """Map a port as the server asks for it."""
        self.asked.append(internal_port)
        if not self.answers:
            await asyncio.Event().wait()
        if self.next_port is not None:
            await self.open(self.next_port, internal_port)
        return self.next_port

    async def release(self) -> None:
        """Take back what was mapped."""
        self.released += 1

    async def __aenter__(self) -> Self:
        """Return the public side."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop forwarding."""
        for server in self._servers:
            server.close()
            server.close_clients()
            await server.wait_closed()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until they end."""
    with suppress(ConnectionError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    writer.close()
