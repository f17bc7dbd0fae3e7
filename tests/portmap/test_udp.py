"""Tests of one question and one answer over UDP."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from typing import override

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.udp import _Exchange, ask

from .common import LOOPBACK

REQUEST = b"question"
LONG = (0.05, 5.0)


def read(packet: bytes) -> str | None:
    """Understand answers of the form `A...`, and refusals."""
    if packet == b"refused":
        raise PortMapError(Reason.REFUSED, "refused")
    return packet.decode() if packet.startswith(b"A") else None


class Responder(asyncio.DatagramProtocol):
    """Answers each packet with the next ones of its list."""

    def __init__(self) -> None:
        """Answer nothing until told otherwise."""
        self.replies: list[list[bytes]] = []
        self.received: list[bytes] = []

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer."""
        self.received.append(data)
        for reply in self.replies.pop(0) if self.replies else ():
            self.transport.sendto(reply, addr)

    @property
    def server(self) -> tuple[IPv4Address, int]:
        """Return where it listens."""
        return LOOPBACK, self.transport.get_extra_info("sockname")[1]


@pytest.fixture
async def responder(socket_enabled: None) -> AsyncIterator[Responder]:
    """A server that says what the test tells it to say."""
    loop = asyncio.get_running_loop()
    transport, responder = await loop.create_datagram_endpoint(
        Responder, local_addr=("127.0.0.1", 0)
    )
    yield responder
    transport.close()
    await asyncio.sleep(0)


async def put(responder: Responder, waits: tuple[float, ...] = LONG) -> str:
    """Put the question to the responder."""
    return await ask(
        REQUEST, read, source=LOOPBACK, server=responder.server, waits=waits
    )


async def test_answer(responder: Responder) -> None:
    """A good answer needs one packet and no waiting."""
    responder.replies = [[b"A1"]]

    assert await put(responder, (5.0,)) == "A1"
    assert responder.received == [REQUEST]


async def test_lost_packets_are_sent_again(responder: Responder) -> None:
    """The question is repeated after each wait."""
    responder.replies = [[], [], [b"A3"]]

    assert await put(responder, (0.01, 0.01, 5.0)) == "A3"
    assert responder.received == [REQUEST] * 3


async def test_late_answer_counts(responder: Responder) -> None:
    """An answer to the first packet may come after the second one."""
    responder.replies = [[], [b"A1", b"A2"]]

    assert await put(responder) == "A1"


async def test_what_is_no_answer_is_passed_over(responder: Responder) -> None:
    """Other packets do not end the waiting."""
    responder.replies = [[b"", b"junk", b"A1", b"refused"]]

    assert await put(responder) == "A1"


async def test_refusal_ends_the_waiting(responder: Responder) -> None:
    """A clear no is not asked again."""
    responder.replies = [[b"refused", b"A1"]]

    with pytest.raises(PortMapError) as raised:
        await put(responder)
    assert raised.value.reason is Reason.REFUSED
    assert responder.received == [REQUEST]


async def test_silence(responder: Responder) -> None:
    """Who does not answer in time is not there."""
    with pytest.raises(PortMapError) as raised:
        await put(responder, (0.01, 0.01))
    assert raised.value.reason is Reason.NO_ROUTER
    assert responder.received == [REQUEST] * 2


async def test_closed_port_is_told_at_once(responder: Responder) -> None:
    """The ICMP message spares all the waits."""
    server = responder.server
    responder.transport.close()
    await asyncio.sleep(0)

    async with asyncio.timeout(1):
        with pytest.raises(PortMapError) as raised:
            await ask(REQUEST, read, source=LOOPBACK, server=server, waits=(9.0, 9.0))
    assert raised.value.reason is Reason.NO_ROUTER


async def test_strangers_are_not_heard(responder: Responder) -> None:
    """An answer from elsewhere is none, be it from the same host."""

    class Misleading(Responder):
        """Has somebody else answer."""

        @override
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            responder.transport.sendto(b"A-forged", addr)
            self.transport.sendto(b"A-real", addr)

    loop = asyncio.get_running_loop()
    transport, misleading = await loop.create_datagram_endpoint(
        Misleading, local_addr=("127.0.0.1", 0)
    )

    assert await put(misleading) == "A-real"
    transport.close()


async def test_source_that_is_not_ours(responder: Responder) -> None:
    """Without an address of ours there is no way to the router."""
    with pytest.raises(PortMapError) as raised:
        await ask(
            REQUEST,
            read,
            source=IPv4Address("192.0.2.1"),
            server=responder.server,
            waits=LONG,
        )
    assert raised.value.reason is Reason.NO_ROUTER


async def test_what_comes_after_the_answer_is_passed_over() -> None:
    """The kernel may report a closed port when the answer is known already."""
    exchange = _Exchange(read)
    exchange.datagram_received(b"A1", None)
    exchange.datagram_received(b"refused", None)
    exchange.error_received(ConnectionRefusedError())

    assert exchange.answer.result() == "A1"
