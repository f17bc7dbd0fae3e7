"""A UDP server that says whatever a test wants it to say."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import override


class Responder(asyncio.DatagramProtocol):
    """Answers each packet with the next ones of its list, then with those of `reply`."""

    def __init__(self) -> None:
        """Answer nothing until told otherwise."""
        self.replies: list[list[bytes]] = []
        self.reply: Callable[[bytes], Sequence[bytes]] = lambda _: ()
        self.received: list[bytes] = []
        self.answer_through: asyncio.DatagramTransport | None = None
        self.transport: asyncio.DatagramTransport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer."""
        self.received.append(data)
        for reply in self.replies.pop(0) if self.replies else self.reply(data):
            (self.answer_through or self.transport).sendto(reply, addr)

    @property
    def port(self) -> int:
        """Return the port on which it listens."""
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    @property
    def server(self) -> tuple[IPv4Address, int]:
        """Return where it listens."""
        return IPv4Address(self.transport.get_extra_info("sockname")[0]), self.port


@asynccontextmanager
async def responding(
    host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Responder]:
    """Run one."""
    loop = asyncio.get_running_loop()
    transport, responder = await loop.create_datagram_endpoint(
        Responder, local_addr=(host, port)
    )
    try:
        yield responder
    finally:
        transport.close()
        # The socket is closed one step later.
        await asyncio.sleep(0)
