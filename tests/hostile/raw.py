"""A web server that says any bytes, one that must never be asked, and a UDP flood."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
import gzip
import socket


class RawServer:
    """Answers each request with the same parts; an endless list of them never ends."""

    def __init__(self, parts: Iterable[bytes], pause: float, host: str) -> None:
        """Say these parts, with a pause after each."""
        self.parts = parts
        self.pause = pause
        self.host = host
        self.requests: list[bytes] = []
        self.port = 0

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request, as long as somebody listens."""
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            for part in self.parts:
                if writer.is_closing():
                    break
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(self.pause)
        except OSError, EOFError:
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def serving(
    parts: Iterable[bytes], pause: float = 0, host: str = "127.0.0.1"
) -> AsyncIterator[RawServer]:
    """Run one on the loopback interface."""
    raw = RawServer(parts, pause, host)
    server = await asyncio.start_server(raw.answer, host, 0)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()
        # The tasks of the connections notice after their pause.
        await asyncio.sleep(pause + 0.01)


class Endless:
    """The same bytes, over and over; each time anew."""

    def __init__(self, head: bytes, part: bytes, times: int) -> None:
        """Begin with a head."""
        self._head, self._part, self._times = head, part, times

    def __iter__(self) -> Iterator[bytes]:
        """Return head and parts."""
        yield self._head
        for _ in range(self._times):
            yield self._part


OK = b"HTTP/1.1 200 OK\r\n"
# 100 MB in parts of 64 KiB.
ENDLESS = Endless(OK + b"\r\n", b"<a b='c'>" * 7281, 1600)
LONG = Endless(OK + b"Content-Length: 104857600\r\n\r\n", bytes(65536), 1600)
CHUNKED = Endless(
    OK + b"Transfer-Encoding: chunked\r\n\r\n",
    b"10000\r\n" + bytes(65536) + b"\r\n",
    1600,
)
HEADERS = Endless(OK, b"X-A: " + b"b" * 4000 + b"\r\n", 25000)
_BOMB = gzip.compress(bytes(100 * 1024 * 1024))
BOMB = Endless(
    OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB), _BOMB, 1
)
SLOW = Endless(OK + b"Content-Length: 1000\r\n\r\n", b" ", 1000)


def page(body: bytes, head: bytes = b"") -> tuple[bytes, ...]:
    """Return a whole answer."""
    return (OK + head + b"Content-Length: %d\r\n\r\n" % len(body), body)


def redirect(location: str) -> tuple[bytes, ...]:
    """Return an answer that leads elsewhere."""
    return (f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode(),)


async def flood(packets: Iterable[bytes], port: int, source: str = "127.0.0.1") -> None:
    """Send packets as fast as they are taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        for number, packet in enumerate(packets):
            sock.sendto(packet, ("127.0.0.1", port))
            if not number % 50:
                # The kernel drops what does not fit into its buffer.
                await asyncio.sleep(0)
