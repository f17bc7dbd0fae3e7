"""GDM: how Plex servers are found in the local network."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self, override

from .wire import read_port, read_text

GROUP: Final = ("239.0.0.250", 32414)
_SEARCH: Final = b"M-SEARCH * HTTP/1.0\r\n\r\n"
# Servers answer at once; a busy one takes its time.
WINDOW: Final = 2.0
# A flood of answers is no network of somebody's home.
_MAX_SERVERS: Final = 32
# Answers have a few hundred bytes; a name that fills a datagram is no name.
_LONGEST_ANSWER: Final = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundServer:
    """A server that says it is there. Whether it is true, only it can prove."""

    host: str
    port: int
    name: str | None
    machine_identifier: str

    @classmethod
    def parse(cls, answer: bytes, host: str) -> Self | None:
        """Read an answer; None if it is not that of a server."""
        if len(answer) > _LONGEST_ANSWER:
            return None
        first, *lines = answer.decode(errors="replace").splitlines() or [""]
        # Names may have a colon.
        pairs = (line.partition(":") for line in lines)
        headers = {key.strip().lower(): value.strip() for key, _, value in pairs}
        machine_identifier = read_text(headers.get("resource-identifier"))
        port = read_port(headers.get("port"))
        if (
            " 200 " not in f"{first} "
            or headers.get("content-type") != "plex/media-server"
            or machine_identifier is None
            or port is None
        ):
            return None
        return cls(
            host=host,
            port=port,
            name=read_text(headers.get("name")),
            machine_identifier=machine_identifier,
        )


class _Search(asyncio.DatagramProtocol):
    """One question to the network, and its answers."""

    def __init__(self, found: Callable[[FoundServer], None]) -> None:
        """Tell of each server once."""
        self._found = found
        self._known: set[FoundServer] = set()

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        server = FoundServer.parse(data, addr[0])
        if server and server not in self._known and len(self._known) < _MAX_SERVERS:
            self._known.add(server)
            self._found(server)


async def search(source: str, found: Callable[[FoundServer], None]) -> None:
    """Ask once from an address of ours, and tell of each server as it answers."""
    loop = asyncio.get_running_loop()
    # An interface that has just gone finds nothing.
    with suppress(OSError):
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Search(found), local_addr=(source, 0)
        )
        try:
            transport.sendto(_SEARCH, GROUP)
            await asyncio.sleep(WINDOW)
        finally:
            transport.close()
