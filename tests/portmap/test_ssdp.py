"""Tests of finding the router's UPnP description."""

import asyncio
from ipaddress import IPv4Address, IPv4Network
import socket
from unittest.mock import Mock, patch

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.portmap import const, ssdp
from custom_components.plex_remote_access.portmap.route import Route
from custom_components.plex_remote_access.portmap.ssdp import (
    GROUP,
    SEARCH_TARGETS,
    Answer,
    build_search,
    build_variant,
    parse_answer,
    search,
)
from tests.simulators.router import PacketKind, Router

from .common import LOOPBACK, ROUTE
from .scripted import ScriptedGateway

GATEWAY = IPv4Address("192.168.1.1")
LOCATION = "http://192.168.1.1:5000/rootDesc.xml"


@pytest.mark.parametrize(
    ("host", "packet"),
    [
        pytest.param(
            GROUP,
            b"M-SEARCH * HTTP/1.1\r\n"
            b"HOST: 239.255.255.250:1900\r\n"
            b'MAN: "ssdp:discover"\r\n'
            b"MX: 1\r\n"
            b"ST: upnp:rootdevice\r\n"
            b"\r\n",
            id="multicast",
        ),
        pytest.param(
            GATEWAY,
            b"M-SEARCH * HTTP/1.1\r\n"
            b"HOST: 192.168.1.1:1900\r\n"
            b'MAN: "ssdp:discover"\r\n'
            b"ST: upnp:rootdevice\r\n"
            b"\r\n",
            id="unicast",
        ),
    ],
)
def test_search_packet(host: IPv4Address, packet: bytes) -> None:
    """A search of one host goes without a delay."""
    assert build_search(host, "upnp:rootdevice") == packet


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(
            f"HTTP/1.1 200 OK\r\nLOCATION: {LOCATION}\r\n\r\n", id="canonical"
        ),
        pytest.param(f"HTTP/1.0 200\r\nlocation:{LOCATION}\r\n\r\n", id="old"),
        pytest.param(f"HTTP/1.1 200 OK\nLocation : {LOCATION} \n", id="quirk-40-lf"),
        pytest.param(
            f"HTTP/1.1 200 OK\r\nSERVER: Linux\n UPnP/1.0\r\nLOCATION: {LOCATION}\r\n",
            id="quirk-40-lf-in-server",
        ),
        pytest.param(
            f"HTTP/1.1 200 OK\r\nSERVER:\r\nEXT:\r\nLOCATION: {LOCATION}\r\n",
            id="quirk-40-empty-server",
        ),
        pytest.param(
            f"HTTP/1.1 200 OK\r\nnonsense\r\n:\r\nLOCATION: {LOCATION}",
            id="quirk-40-no-end",
        ),
        pytest.param(
            f"HTTP/1.1 200 OK\r\nLOCATION:\r\nLOCATION: {LOCATION}\r\n\r\n",
            id="first-one-empty",
        ),
    ],
)
def test_answer(packet: str) -> None:
    """Careless headers are understood."""
    assert parse_answer(packet.encode(), GATEWAY) == Answer(
        responder=GATEWAY, location=LOCATION
    )


def test_bytes_that_are_no_text_do_no_harm() -> None:
    """Only LOCATION has to be readable."""
    packet = b"HTTP/1.1 200 OK\r\nSERVER: \xff\xfe\r\nLOCATION: http://a/\r\n\r\n"

    assert parse_answer(packet, GATEWAY) == Answer(
        responder=GATEWAY, location="http://a/"
    )


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("", id="empty"),
        pytest.param("\r\n\r\n", id="empty-lines"),
        pytest.param("HTTP/1.1", id="no-status"),
        pytest.param(f"HTTP/1.1 404 Not Found\r\nLOCATION: {LOCATION}\r\n", id="404"),
        pytest.param("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n", id="nowhere"),
        pytest.param("HTTP/1.1 200 OK\r\nLOCATION: \r\n\r\n", id="empty-location"),
        pytest.param(
            f"NOTIFY * HTTP/1.1\r\nLOCATION: {LOCATION}\r\n\r\n", id="notification"
        ),
        pytest.param(build_search(GROUP, "ssdp:all").decode(), id="search"),
    ],
)
def test_no_answer(packet: str) -> None:
    """What is no answer is passed over."""
    assert parse_answer(packet.encode(), GATEWAY) is None


@given(st.binary() | st.binary().map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
def test_any_packet(packet: bytes) -> None:
    """Whatever comes is an answer or none."""
    answer = parse_answer(packet, GATEWAY)

    assert answer is None or answer.location.strip()


# With a router


async def first(route: Route, port: int) -> Answer:
    """Return the first answer."""
    async with search(route, port) as answers, asyncio.timeout(5):
        return await answers.get()


async def test_router_answers(router: Router) -> None:
    """The router is found at its own port, and by its own address."""
    assert await first(ROUTE, router.ssdp_port) == Answer(
        responder=LOOPBACK, location=router.description_url
    )


async def test_each_description_is_told_once(router: Router) -> None:
    """A router gives the same answer to many searches."""
    async with search(ROUTE, router.ssdp_port) as answers, asyncio.timeout(5):
        await answers.get()
        while router.packets[PacketKind.SSDP] < len(SEARCH_TARGETS):
            await asyncio.sleep(0.01)

    assert answers.empty()


async def test_one_question_is_enough_for_a_router_that_answers(router: Router) -> None:
    """Weak routers are kept from nothing else by a burst of questions."""
    async with search(ROUTE, router.ssdp_port) as answers:
        await answers.get()
        await asyncio.sleep(2 * const.SEARCH_ALL)

    assert router.packets[PacketKind.SSDP] == 1


async def test_lost_search_is_repeated(router: Router) -> None:
    """One burst may get lost."""
    router.faults.packets.drop_next[PacketKind.SSDP] = len(SEARCH_TARGETS)

    assert (await first(ROUTE, router.ssdp_port)).location == router.description_url


async def test_answer_from_any_port_quirk_29(gateway: ScriptedGateway) -> None:
    """Some routers answer from a port of their choice."""
    assert (await first(ROUTE, gateway.ssdp_port)).location == gateway.url


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(
            "urn:schemas-upnp-org:device:InternetGatewayDevice:1", id="quirk-31-igd-1"
        ),
        pytest.param(
            "urn:schemas-upnp-org:device:InternetGatewayDevice:2", id="quirk-31-igd-2"
        ),
        pytest.param(
            "urn:schemas-upnp-org:service:WANIPConnection:1", id="quirk-31-ip"
        ),
        pytest.param(
            "urn:schemas-upnp-org:service:WANPPPConnection:1", id="quirk-31-ppp"
        ),
        pytest.param("upnp:rootdevice", id="quirk-32-root"),
        pytest.param("ssdp:all", id="quirk-32-all"),
    ],
)
async def test_router_that_answers_to_one_search_only(
    gateway: ScriptedGateway, target: str
) -> None:
    """Everything that a router may be known by is asked for, at once."""
    gateway.answers_to = build_search(LOOPBACK, target)

    assert (await first(ROUTE, gateway.ssdp_port)).location == gateway.url
    assert len(gateway.searches) <= 1 + len(SEARCH_TARGETS)


async def test_strangers_are_not_heard(gateway: ScriptedGateway) -> None:
    """Only the router and hosts on its link may answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        trusted, gateway.answers_from = gateway.answers_from, stranger
        async with search(ROUTE, gateway.ssdp_port) as answers, asyncio.timeout(5):
            while len(gateway.searches) < len(SEARCH_TARGETS):
                await asyncio.sleep(0.01)
            gateway.answers_from = trusted
            answer = await answers.get()

    assert answer.responder == LOOPBACK


async def test_junk_is_passed_over(gateway: ScriptedGateway) -> None:
    """Other packets do not end the search."""
    gateway.packets[:0] = [b"junk", b"HTTP/1.1 404 Not Found\r\n\r\n"]

    assert (await first(ROUTE, gateway.ssdp_port)).location == gateway.url


async def test_flood_of_answers_is_bounded(gateway: ScriptedGateway) -> None:
    """Nobody fills our memory with descriptions."""
    gateway.packets = [gateway.packet(f"http://127.0.0.1/{n}") for n in range(50)]
    async with search(ROUTE, gateway.ssdp_port) as answers, asyncio.timeout(5):
        while answers.qsize() < const.MAX_CANDIDATES:
            await asyncio.sleep(0.01)
        while len(gateway.searches) < len(SEARCH_TARGETS):
            await asyncio.sleep(0.01)

    assert answers.qsize() == 8


async def test_closed_port_does_not_end_the_search(
    gateway: ScriptedGateway, unused_udp_port: int
) -> None:
    """The router may refuse unicasts and answer multicasts."""
    async with search(ROUTE, unused_udp_port) as answers:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answers.get(), 0.15)


async def test_router_is_asked_both_ways_quirk_30() -> None:
    """Some routers answer only multicasts, some only unicasts."""
    transport = Mock(spec=asyncio.DatagramTransport)
    silent = Mock(has_heard=Mock(return_value=False))
    with (
        patch.object(const, "SEARCH_AGAIN", const.SEARCH_ALL),
        patch.object(const, "SEARCH_VARIANT", const.SEARCH_ALL),
    ):
        await ssdp._send(transport, silent, GATEWAY, 1900)

    sent = [call.args for call in transport.sendto.call_args_list]
    targets = (SEARCH_TARGETS[0], *SEARCH_TARGETS, *SEARCH_TARGETS)
    searches = [(build_search, target) for target in targets]
    variants = [(build_variant, target) for target in SEARCH_TARGETS]
    assert sent == [
        packet
        for build, target in (*searches, *variants)
        for packet in (
            (build(GATEWAY, target), ("192.168.1.1", 1900)),
            (build(GROUP, target), ("239.255.255.250", 1900)),
        )
    ]


async def test_search_in_another_form_quirk_41(gateway: ScriptedGateway) -> None:
    """Some routers want other headers than the standard has, and get them in the end."""
    gateway.answers_to = b"Man: ssdp:discover"
    with patch.object(const, "SEARCH_VARIANT", 0.6):
        async with search(ROUTE, gateway.ssdp_port) as answers, asyncio.timeout(2):
            assert (await answers.get()).location == gateway.url


async def test_router_that_answers_is_not_searched_in_another_form_quirk_41(
    gateway: ScriptedGateway,
) -> None:
    """It is weak, and has said what there is to say."""
    with patch.object(const, "SEARCH_VARIANT", 0.55):
        async with search(ROUTE, gateway.ssdp_port):
            await asyncio.sleep(0.7)

    assert all(b"Man:" not in packet for packet in gateway.searches)


async def test_multicasts_leave_on_the_routers_link(socket_enabled: None) -> None:
    """The address of the interface is ours towards the router, quirk 44."""
    with ssdp._socket(LOOPBACK) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"
        interface = sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, 4)
        assert interface == LOOPBACK.packed
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 2


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("192.168.1.1", True),
        ("192.168.1.77", True),
        ("192.168.2.1", False),
        ("198.51.100.7", False),
        ("127.0.0.1", False),
    ],
)
def test_who_may_answer(address: str, near: bool) -> None:
    """The router itself and its neighbours, of whom one may be the router."""
    route = Route(
        gateway=GATEWAY,
        source=IPv4Address("192.168.1.10"),
        on_link=(IPv4Network("192.168.1.0/24"), IPv4Network("127.0.0.0/8")),
    )

    assert route.is_near(IPv4Address(address)) is near
