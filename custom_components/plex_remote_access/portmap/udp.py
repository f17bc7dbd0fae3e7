"""One question and one answer over UDP, repeated until answered."""

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import override

from .model import PortMapError, Reason


class _Exchange[T](asyncio.DatagramProtocol):
    """Waits for the first datagram that is an answer."""

    def __init__(self, read: Callable[[bytes], T | None]) -> None:
        """Prepare for an answer that `read` understands."""
        self.answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._read = read

    @override
    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take an answer; whatever is none, or none of ours, is passed over."""
        if self.answer.done():
            return
        try:
            answer = self._read(data)
        except PortMapError as err:
            self.answer.set_exception(err)
            return
        if answer is not None:
            self.answer.set_result(answer)

    @override
    def error_received(self, exc: Exception) -> None:
        """Take the ICMP message that nobody listens on the port as the answer."""
        if not self.answer.done():
            self.answer.set_exception(
                PortMapError(Reason.NO_ROUTER, f"Nobody listens there ({exc})")
            )


async def ask[T](
    request: bytes,
    read: Callable[[bytes], T | None],
    *,
    source: IPv4Address,
    server: tuple[IPv4Address, int],
    waits: Sequence[float],
) -> T:
    """Send a request after each wait expired and return the first answer.

    The socket is connected: the kernel drops what comes from elsewhere, and a closed
    port is told at once instead of after all the waits.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, exchange = await loop.create_datagram_endpoint(
            lambda: _Exchange(read),
            local_addr=(str(source), 0),
            remote_addr=(str(server[0]), server[1]),
        )
    except OSError as err:
        raise PortMapError(Reason.NO_ROUTER, f"No way to the router ({err})") from err
    try:
        for wait in waits:
            transport.sendto(request)
            done, _ = await asyncio.wait((exchange.answer,), timeout=wait)
            if done:
                return exchange.answer.result()
    finally:
        exchange.answer.cancel()
        transport.close()
    raise PortMapError(Reason.NO_ROUTER, "No answer")
