"""The small HTTP server to which the router delivers its events (GENA).

UPnP Device Architecture 1.1, section 4. Not aiohttp's: that one limits neither the
number of connections nor the time until a request is complete.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from . import const


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """One event; what is in it only matters where it is the same as before."""

    path: str
    subscription_id: str
    sequence: int
    content: bytes


class CallbackServer:
    """Takes events of one router while used as `async with`.

    Everybody else is hung up on before anything is read.
    """

    port: int

    def __init__(
        self,
        source: IPv4Address,
        gateway: IPv4Address,
        notified: Callable[[Notification], HTTPStatus],
    ) -> None:
        """Listen on our address towards the router; `notified` says what to answer."""
        self._source = str(source)
        self._gateway = str(gateway)
        self._notified = notified
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        """Listen on some port. Raises OSError where our address is gone."""
        self._server = await asyncio.start_server(
            self._accept, self._source, 0, limit=const.CALLBACK_HEAD
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening and cut all connections."""
        loop = asyncio.get_running_loop()
        for listening in self._server.sockets:
            loop.remove_reader(listening)
        # Whoever was just let in becomes a connection now: on a closed server that
        # fails, and loudly.
        await asyncio.sleep(0)
        self._server.close()
        self._server.abort_clients()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Take a connection of the router if there are not too many."""
        host, *_ = writer.get_extra_info("peername") or ("",)
        if host != self._gateway or len(self._connections) >= const.CALLBACK_AT_ONCE:
            writer.transport.abort()
            return
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request; what is not one within the time gets no answer."""
        try:
            async with asyncio.timeout(const.CALLBACK_PATIENCE):
                status = await self._answer(reader)
            writer.write(
                f"HTTP/1.1 {status} {status.phrase}\r\n"
                "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
        except OSError, EOFError, asyncio.LimitOverrunError:
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> HTTPStatus:
        """Read one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request_line, *lines = head.split("\r\n")
        method, _, target = request_line.rpartition(" ")[0].partition(" ")
        if method != "NOTIFY":
            return HTTPStatus.METHOD_NOT_ALLOWED
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        try:
            length = _number(headers.get("content-length", "0"))
            sequence = _number(headers.get("seq", ""))
        except ValueError:
            return HTTPStatus.BAD_REQUEST
        if length > const.MAX_BODY:
            return HTTPStatus.CONTENT_TOO_LARGE
        # Unread, it would turn the end of the connection into a reset.
        content = await reader.readexactly(length)
        return self._notified(
            Notification(
                path=target,
                subscription_id=headers.get("sid", ""),
                sequence=sequence,
                content=content,
            )
        )


def _number(text: str) -> int:
    """Read a number of digits alone. Raises ValueError."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)
