"""A small HTTP server whose answers can be bent in every way that routers do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from .faults import Framing
from .records import HttpRequest

SERVER = "Simulator/1.0 UPnP/1.1 RouterSimulator/1.0"
XML = 'text/xml; charset="utf-8"'
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back; the connection is closed after it."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    content_type: str = XML
    framing: Framing = Framing.LENGTH
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        head = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Content-Type: {self.content_type}",
            f"Server: {SERVER}",
            "Connection: close",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        body = self.body
        if self.framing == Framing.LENGTH:
            head.append(f"Content-Length: {len(body)}")
        elif self.framing == Framing.CHUNKED:
            head.append("Transfer-Encoding: chunked")
            body = _chunked(body)
        return "\r\n".join([*head, "", ""]).encode() + body


def _chunked(body: bytes) -> bytes:
    """Return the body cut in chunks."""
    chunks = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])


type Handler = Callable[[HttpRequest], Awaitable[Response | None]]
"""Answers a request; None = never."""


class HttpServer:
    """Serves one request per connection."""

    def __init__(self, handler: Handler) -> None:
        """Answer requests with the handler."""
        self._handler = handler
        self._server: asyncio.Server
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port."""
        self._server = await asyncio.start_server(self._connected, host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Cut all connections and stop listening."""
        loop = asyncio.get_running_loop()
        for listening in self._server.sockets:
            loop.remove_reader(listening)
        # Who was just let in becomes a connection now: later nobody would serve it, and
        # it would be waited for as long as the other side waits.
        await asyncio.sleep(0)
        self._server.close()
        self._server.abort_clients()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve a connection within a task that can be cancelled."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Read a request and answer it."""
        try:
            request = await _read_request(reader, writer.get_extra_info("peername")[0])
            response = await self._handler(request)
            if response is None:
                # Hang until the client gives up.
                await reader.read()
                return
            writer.write(response.encode())
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except OSError, EOFError, ValueError, asyncio.LimitOverrunError:
            # The client went away, or what it sent is no HTTP.
            pass
        finally:
            writer.transport.abort()


async def _read_request(reader: asyncio.StreamReader, source: str) -> HttpRequest:
    """Read a request with its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.strip().split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return HttpRequest(method, target, headers, body, source)
