"""Tests of one question and one answer over UDP."""

import asyncio
from ipaddress import IPv4Address, IPv4Network
from unittest.mock import Mock

import pytest
import pytest_socket

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.route import Route
from custom_components.plex_remote_access.portmap.udp import (
    UdpClient,
    _Exchange,
    ask,
    ask_around,
)

from .common import LOOPBACK, PACKAGE, ROUTE
from .responder import Responder, responding

REQUEST = b"question"
NEIGHBOUR = "127.0.0.2"
SENDER = ("127.0.0.1", 5351)


def read(packet: bytes) -> str | None:
    """Understand answers of the form `A...`, and refusals."""
    if packet == b"refused":
        raise PortMapError(Reason.REFUSED, "refused")
    return packet.decode() if packet.startswith(b"A") else None


def is_neighbour(address: IPv4Address) -> bool:
    """Accept one other address, as `Route.is_near` does off the loopback interface."""
    return str(address) == NEIGHBOUR


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """How long is waited after each packet; to be parametrized."""
    monkeypatch.setattr(f"{PACKAGE}.const.UDP_WAITS", request.param)


def waiting(*seconds: float) -> pytest.MarkDecorator:
    """Wait so many seconds after each packet."""
    return pytest.mark.parametrize("waits", [seconds], indirect=True, ids=["waits"])


async def put(responder: Responder) -> str | None:
    """Put the question to the responder."""
    return await ask(REQUEST, read, source=LOOPBACK, server=responder.server)


async def put_around(responder: Responder) -> tuple[str, IPv4Address] | None:
    """Put the question to the responder and take an answer of the neighbour."""
    return await ask_around(
        REQUEST, read, is_neighbour, source=LOOPBACK, server=responder.server
    )


@waiting(5.0)
@pytest.mark.usefixtures("waits")
async def test_answer(responder: Responder) -> None:
    """A good answer needs one packet and no waiting."""
    responder.replies = [[b"A1"]]

    assert await put(responder) == "A1"
    assert responder.received == [REQUEST]


@waiting(0.01, 0.01, 5.0)
@pytest.mark.usefixtures("waits")
async def test_lost_packets_are_sent_again(responder: Responder) -> None:
    """The question is repeated after each wait."""
    responder.replies = [[], [], [b"A3"]]

    assert await put(responder) == "A3"
    assert responder.received == [REQUEST] * 3


@waiting(0.05, 5.0)
@pytest.mark.usefixtures("waits")
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


@waiting(0.01, 0.01)
@pytest.mark.usefixtures("waits")
async def test_silence(responder: Responder) -> None:
    """Who does not answer in time gets no more packets than waits."""
    assert await put(responder) is None
    assert responder.received == [REQUEST] * 2


@waiting(9.0, 9.0)
@pytest.mark.usefixtures("waits")
async def test_closed_port_is_told_at_once(responder: Responder) -> None:
    """The ICMP message spares all the waits."""
    server = responder.server
    responder.transport.close()
    await asyncio.sleep(0)

    async with asyncio.timeout(1):
        with pytest.raises(PortMapError) as raised:
            await ask(REQUEST, read, source=LOOPBACK, server=server)
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.parametrize("host", ["127.0.0.1", NEIGHBOUR])
async def test_strangers_are_not_heard(responder: Responder, host: str) -> None:
    """An answer from elsewhere is none, be it from the same host."""
    responder.replies = [[b"A-forged"], [b"A-real"]]
    async with responding(host) as stranger:
        responder.answer_through = stranger.transport
        asking = asyncio.create_task(put(responder))
        while not responder.received:
            await asyncio.sleep(0)
        responder.answer_through = None

        assert await asking == "A-real"


async def test_source_that_is_not_ours(responder: Responder) -> None:
    """Without an address of ours there is no way to the router."""
    with pytest.raises(PortMapError) as raised:
        await ask(
            REQUEST, read, source=IPv4Address("192.0.2.1"), server=responder.server
        )
    assert raised.value.reason is Reason.NO_ROUTER


async def test_what_comes_after_the_answer_is_passed_over() -> None:
    """The kernel may report a closed port when the answer is known already."""
    exchange = _Exchange(read, lambda _: True)
    exchange.datagram_received(b"A1", SENDER)
    exchange.datagram_received(b"refused", SENDER)
    exchange.error_received(ConnectionRefusedError())

    assert exchange.answer.result() == ("A1", LOOPBACK)


# Around the router


async def test_answer_of_a_neighbour(responder: Responder) -> None:
    """One packet, and the answer tells where it came from."""
    responder.replies = [[b"junk", b"A1"]]
    async with responding(NEIGHBOUR) as neighbour:
        responder.answer_through = neighbour.transport

        assert await put_around(responder) == ("A1", IPv4Address(NEIGHBOUR))
    assert responder.received == [REQUEST]


async def test_refusal_of_a_neighbour(responder: Responder) -> None:
    """A neighbour's no is one as well."""
    responder.replies = [[b"refused"]]
    async with responding(NEIGHBOUR) as neighbour:
        responder.answer_through = neighbour.transport

        with pytest.raises(PortMapError) as raised:
            await put_around(responder)
    assert raised.value.reason is Reason.REFUSED


@waiting(0.05)
@pytest.mark.usefixtures("waits")
async def test_those_further_away_are_not_heard(responder: Responder) -> None:
    """Who is not accepted may answer what it likes."""
    responder.replies = [[b"A-forged", b"refused"]]
    async with responding("127.0.0.3") as stranger:
        responder.answer_through = stranger.transport

        assert await put_around(responder) is None


# A router


@pytest.fixture
def near(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Who is near; on the loopback interface nobody is."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", NEIGHBOUR])
    near = Mock(side_effect=is_neighbour)
    monkeypatch.setattr(Route, "is_near", lambda _, address: near(address))
    return near


@waiting(0.05, 0.05)
@pytest.mark.usefixtures("waits", "near")
async def test_neighbour_is_asked_from_then_on(responder: Responder) -> None:
    """Who answers for a silent router takes its place until the next probe."""
    async with responding(NEIGHBOUR, responder.port) as neighbour:
        client = UdpClient(ROUTE, LOOPBACK, responder.port)
        responder.answer_through = neighbour.transport
        responder.reply = lambda _: [b"A-around"]
        neighbour.reply = lambda _: [b"A-direct"]

        assert await client.probe(REQUEST, read) == "A-around"
        assert responder.received == [REQUEST] * 3
        assert await client.ask(REQUEST, read) == "A-direct"
        responder.answer_through = None
        assert await client.probe(REQUEST, read) == "A-around"
        assert await client.ask(REQUEST, read) == "A-around"
    assert neighbour.received == [REQUEST]


@waiting(0.05)
@pytest.mark.usefixtures("waits", "near")
async def test_only_a_probe_looks_around(responder: Responder) -> None:
    """What changes something is put to the router alone."""
    async with responding(NEIGHBOUR) as neighbour:
        responder.answer_through = neighbour.transport
        responder.reply = lambda _: [b"A1"]
        with pytest.raises(PortMapError) as raised:
            await UdpClient(ROUTE, LOOPBACK, responder.port).ask(REQUEST, read)
    assert raised.value.reason is Reason.NO_ROUTER
    assert responder.received == [REQUEST]


@waiting(9.0)
@pytest.mark.usefixtures("waits")
async def test_closed_port_is_not_looked_around(
    responder: Responder, near: Mock
) -> None:
    """Who says that nobody listens there is not silent."""
    port = responder.port
    responder.transport.close()
    await asyncio.sleep(0)

    async with asyncio.timeout(1):
        with pytest.raises(PortMapError) as raised:
            await UdpClient(ROUTE, LOOPBACK, port).probe(REQUEST, read)
    assert raised.value.reason is Reason.NO_ROUTER
    near.assert_not_called()


@waiting(0.02, 0.02)
@pytest.mark.usefixtures("waits")
async def test_nobody_around(responder: Responder) -> None:
    """A router that is silent for good is not there."""
    with pytest.raises(PortMapError) as raised:
        await UdpClient(ROUTE, LOOPBACK, responder.port).probe(REQUEST, read)
    assert raised.value.reason is Reason.NO_ROUTER
    assert responder.received == [REQUEST] * 3


async def test_one_question_at_a_time(responder: Responder) -> None:
    """Answers carry no id, so the second question waits for the first answer."""
    responder.reply = lambda data: [b"A" + data] * 2
    client = UdpClient(ROUTE, LOOPBACK, responder.port)
    first, second = await asyncio.gather(
        client.ask(b"1", lambda packet: packet), client.ask(b"2", lambda packet: packet)
    )

    assert (first, second) == (b"A1", b"A2")
    assert responder.received == [b"1", b"2"]


def test_who_is_near() -> None:
    """Only who is on the link may answer for the router."""
    route = Route(
        gateway=IPv4Address("192.168.1.1"),
        source=IPv4Address("192.168.1.5"),
        on_link=(IPv4Network("192.168.1.0/24"),),
    )
    assert route.is_near(IPv4Address("192.168.1.2"))
    assert not route.is_near(IPv4Address("203.0.113.7"))
