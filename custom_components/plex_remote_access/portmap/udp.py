"""One question and one answer over UDP, repeated until answered."""

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import override

from . import const
from .model import PortMapError, Reason
from .route import Route

type Reader[T] = Callable[[bytes], T | None]
"""Understands a packet as the answer; None if it is not. Raises what the router says."""
type Server = tuple[IPv4Address, int]


class _Exchange[T](asyncio.DatagramProtocol):
    """Waits for the first datagram that is an answer."""

    def __init__(self, read: Reader[T], accept: Callable[[IPv4Address], bool]) -> None:
        """Prepare for an answer that `read` understands from whom `accept` allows."""
        self.answer: asyncio.Future[tuple[T, IPv4Address]]
        self.answer = asyncio.get_running_loop().create_future()
        self._read = read
        self._accept = accept

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take an answer; whatever is none, or none of ours, is passed over."""
        sender = IPv4Address(addr[0])
        if self.answer.done() or not self._accept(sender):
            return
        try:
            answer = self._read(data)
        except PortMapError as err:
            self.answer.set_exception(err)
            return
        if answer is not None:
            self.answer.set_result((answer, sender))

    @override
    def error_received(self, exc: Exception) -> None:
        """Take the ICMP message that nobody listens on the port as the answer."""
        if not self.answer.done():
            self.answer.set_exception(
                PortMapError(Reason.NO_ROUTER, f"Nobody listens there ({exc})")
            )


async def ask[T](
    request: bytes, read: Reader[T], *, source: IPv4Address, server: Server
) -> T | None:
    """Send a request again and again and return the first answer; None for silence.

    The socket is connected: the kernel drops what comes from elsewhere, and a closed
    port is told at once instead of after all the waits.
    """
    transport, exchange = await _open(
        _Exchange(read, lambda _: True), source=source, peer=server
    )
    try:
        for wait in const.UDP_WAITS:
            transport.sendto(request)
            done, _ = await asyncio.wait((exchange.answer,), timeout=wait)
            if done:
                return exchange.answer.result()[0]
    finally:
        exchange.answer.cancel()
        transport.close()
    return None


async def ask_around[T](
    request: bytes,
    read: Reader[T],
    accept: Callable[[IPv4Address], bool],
    *,
    source: IPv4Address,
    server: Server,
) -> tuple[T, IPv4Address] | None:
    """Send a request once and return the first answer of whom `accept` allows.

    The sender comes with the answer. None for silence.
    """
    transport, exchange = await _open(_Exchange(read, accept), source=source)
    try:
        transport.sendto(request, (str(server[0]), server[1]))
        await asyncio.wait((exchange.answer,), timeout=const.UDP_WAITS[0])
        return exchange.answer.result() if exchange.answer.done() else None
    finally:
        exchange.answer.cancel()
        transport.close()


async def _open[T](
    exchange: _Exchange[T], *, source: IPv4Address, peer: Server | None = None
) -> tuple[asyncio.DatagramTransport, _Exchange[T]]:
    try:
        return await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: exchange,
            local_addr=(str(source), 0),
            remote_addr=(str(peer[0]), peer[1]) if peer else None,
        )
    except OSError as err:
        raise PortMapError(Reason.NO_ROUTER, f"No way to the router ({err})") from err


class UdpClient:
    """Asks one router, one question at a time."""

    def __init__(self, route: Route, source: IPv4Address, port: int) -> None:
        """Ask the gateway of the route from an address of ours."""
        self._route = route
        self._source = source
        self._port = port
        self._server = route.gateway
        # RFC 6886, section 3.7: answers carry no id.
        self._lock = asyncio.Lock()

    async def ask[T](self, request: bytes, read: Reader[T]) -> T:
        """Return the router's answer. Raises PortMapError if there is none."""
        async with self._lock:
            answer = await ask(
                request, read, source=self._source, server=(self._server, self._port)
            )
        if answer is None:
            raise PortMapError(Reason.NO_ROUTER, "No answer")
        return answer

    async def probe[T](self, request: bytes, read: Reader[T]) -> T:
        """Return the router's answer, also where it has another address.

        Routers that share an address (CARP, VRRP) answer from their own one. Such a
        neighbour is the one to ask from then on:
        https://github.com/tailscale/tailscale/issues/5502
        """
        async with self._lock:
            self._server = self._route.gateway
            server = self._server, self._port
            answer = await ask(request, read, source=self._source, server=server)
            if answer is not None:
                return answer
            found = await ask_around(
                request, read, self._route.is_near, source=self._source, server=server
            )
            if found is None:
                raise PortMapError(Reason.NO_ROUTER, "No answer")
            answer, self._server = found
            return answer
