"""Real TCP forwards from the public side to the LAN."""

import asyncio
from collections.abc import Callable
import socket

CHUNK = 65536


class PortTakenError(Exception):
    """The external port is in use."""


class Forward:
    """One open port; a connection that the target refuses is opened and closed."""

    def __init__(
        self,
        listener: socket.socket,
        target: tuple[str, int],
        carries: Callable[[], bool],
    ) -> None:
        """Accept connections on the bound socket from now on."""
        self.target = target
        self.endpoint: tuple[str, int] = listener.getsockname()
        self.tasks: set[asyncio.Task[None]] = set()
        self._listener = listener
        self._carries = carries
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(listener, self._accept)

    def close(self) -> None:
        """Close the port and cut its connections."""
        self._loop.remove_reader(self._listener)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut the connections that stand."""
        for task in self.tasks:
            task.cancel()

    def _accept(self) -> None:
        """Take one connection from the queue."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if not self._carries():
            connection.close()
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._relay(connection))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _relay(self, connection: socket.socket) -> None:
        """Carry one connection until both sides have ended it."""
        outside_reader, outside = await asyncio.open_connection(sock=connection)
        writers = [outside]
        try:
            inside_reader, inside = await asyncio.open_connection(*self.target)
            writers.append(inside)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(outside_reader, inside))
                pumps.create_task(_pump(inside_reader, outside))
            for writer in writers:
                writer.close()
                await writer.wait_closed()
        except* OSError:
            # The target refused or a side went away: so does the other one.
            pass
        finally:
            for writer in writers:
                writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction, half-closing at its end."""
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


class Forwards:
    """All open ports, by external port."""

    def __init__(
        self, host: str, carries: Callable[[], bool], *, real_ports: bool
    ) -> None:
        """Open ports on `host`, on the same number if the ports are real."""
        self._host = host
        self._carries = carries
        self._real_ports = real_ports
        self._forwards: dict[int, Forward] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def endpoint(self, external_port: int) -> tuple[str, int] | None:
        """Return where an external port is really open."""
        forward = self._forwards.get(external_port)
        return forward.endpoint if forward else None

    def open(self, external_port: int, target: tuple[str, int]) -> None:
        """Open a port; connections of an unchanged forward stay."""
        if forward := self._forwards.get(external_port):
            if forward.target == target:
                return
            self.close(external_port)
        port = external_port if self._real_ports else 0
        if (self._host, port) == target:
            # The public side is the target itself: a forward would feed itself.
            raise PortTakenError
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        try:
            listener.bind((self._host, port))
            listener.listen()
        except OSError as err:
            listener.close()
            raise PortTakenError from err
        self._forwards[external_port] = Forward(listener, target, self._carries)

    def close(self, external_port: int) -> None:
        """Close a port if it is open."""
        if forward := self._forwards.pop(external_port, None):
            self._ending |= forward.tasks
            forward.close()

    def cut(self) -> None:
        """Cut all connections, leaving the ports open."""
        for forward in self._forwards.values():
            forward.cut()

    async def stop(self) -> None:
        """Close everything and wait for the connections to end."""
        for external_port in list(self._forwards):
            self.close(external_port)
        await asyncio.gather(*self._ending, return_exceptions=True)
        self._ending.clear()
