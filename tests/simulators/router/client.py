"""A bare UDP client for tests that spell out their packets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import socket

PATIENCE = 2.0


@asynccontextmanager
async def udp_client(host: str = "127.0.0.1") -> AsyncIterator[socket.socket]:
    """Give a socket of one LAN host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((host, 0))
        yield sock


async def receive(sock: socket.socket, patience: float = PATIENCE) -> bytes:
    """Return the next packet; TimeoutError if none comes."""
    async with asyncio.timeout(patience):
        return await asyncio.get_running_loop().sock_recv(sock, 2048)


async def exchange(
    port: int, data: bytes, *, source: str = "127.0.0.1", patience: float = PATIENCE
) -> bytes:
    """Send one packet to the router and return its answer."""
    async with udp_client(source) as sock:
        sock.sendto(data, ("127.0.0.1", port))
        return await receive(sock, patience)
