"""Discovery on the local network (GDM)."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
import socket
import struct
from typing import override

_GROUP = "239.0.0.250"
_SEARCH = b"M-SEARCH *"

type Description = Callable[[], Mapping[str, str] | None]


class GdmResponder(asyncio.DatagramProtocol):
    """Answers searches with a description of the server."""

    def __init__(self, description: Description) -> None:
        """Set what to answer; no description, no answer."""
        self._description = description
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; return the port, which is a free one for 0."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(host, port)
        )
        self._transport = transport
        listening: socket.socket = transport.get_extra_info("socket")
        membership = struct.pack(
            "4s4s", socket.inet_aton(_GROUP), socket.inet_aton(host)
        )
        # Without multicast, searches sent straight to us still get answered.
        with suppress(OSError):
            listening.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership
            )
        bound: int = listening.getsockname()[1]
        return bound

    def close(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a search."""
        description = self._description()
        if not data.startswith(_SEARCH) or description is None or not self._transport:
            return
        lines = ["HTTP/1.0 200 OK"]
        lines += [f"{key}: {value}" for key, value in description.items()]
        self._transport.sendto("\r\n".join([*lines, "", ""]).encode(), addr)
