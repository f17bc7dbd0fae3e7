"""One port for plain HTTP and TLS, as a Plex server has it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
import socket
from ssl import SSLContext
from weakref import WeakSet

# The first byte of every TLS connection.
_TLS_HANDSHAKE = b"\x16"


class Listener:
    """Accepts connections, looks what they speak and hands them on."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.BaseProtocol],
        *,
        tls: SSLContext | None,
        admits_plain: Callable[[str], bool],
    ) -> None:
        """Set who serves the connections, and whose plain HTTP is refused."""
        self._protocol = protocol
        self._tls = tls
        self._admits_plain = admits_plain
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._transports: WeakSet[asyncio.Transport] = WeakSet()

    async def open(self, host: str, port: int) -> int:
        """Listen; return the port, which is a free one for 0."""
        listening = socket.create_server((host, port))
        listening.setblocking(False)
        self._socket = listening
        self._spawn(self._accept(listening))
        bound: int = listening.getsockname()[1]
        return bound

    async def close(self) -> None:
        """Listen no more and drop every connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for transport in list(self._transports):
            transport.abort()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Do work until we are closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket) -> None:
        """Accept connections for as long as we listen."""
        loop = asyncio.get_running_loop()
        while True:
            connection, (peer, *_) = await loop.sock_accept(listening)
            self._spawn(self._serve(connection, peer))

    async def _serve(self, connection: socket.socket, peer: str) -> None:
        """Hand one connection on, or hang up."""
        loop = asyncio.get_running_loop()
        with ExitStack() as hang_up:
            hang_up.callback(connection.close)
            try:
                secure = await _first_byte(connection) == _TLS_HANDSHAKE
                if self._tls is None if secure else not self._admits_plain(peer):
                    return
                transport, _ = await loop.connect_accepted_socket(
                    self._protocol, connection, ssl=self._tls if secure else None
                )
            except OSError:
                return
            self._transports.add(transport)
            hang_up.pop_all()


async def _first_byte(connection: socket.socket) -> bytes:
    """Return what a connection begins with, and leave it there to be read."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)
