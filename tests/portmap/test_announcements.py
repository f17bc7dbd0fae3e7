"""What the router announces is heard, and what others send is not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
import logging
import socket
from unittest.mock import Mock

import pytest

from custom_components.plex_remote_access.portmap.announcements import listen
from tests.common import become
from tests.simulators.router import Router
from tests.simulators.router.client import receive, udp_client
from tests.simulators.router.datagram import bound_socket, group_socket

from .common import LOOPBACK, ROUTE

NAT_PMP = bytes.fromhex("00800000 00000000 c6336407")
PCP = bytes.fromhex("02800000 00000000 00000000 00000000 00000000 00000000")
GROUP = "224.0.0.1"


@pytest.fixture
def heard() -> Mock:
    """What is called for each announcement."""
    return Mock()


@pytest.fixture
def port(socket_enabled: None) -> int:
    """A port that is free."""
    with bound_socket("", 0) as sock:
        bound: int = sock.getsockname()[1]
        return bound


@pytest.fixture
def old_port(socket_enabled: None) -> int:
    """Another one."""
    with bound_socket("", 0) as sock:
        bound: int = sock.getsockname()[1]
        return bound


@pytest.fixture
async def listening(port: int, old_port: int, heard: Mock) -> AsyncIterator[None]:
    """Listen to the router at 127.0.0.1."""
    async with listen(ROUTE, heard, port=port, old_port=old_port):
        yield


@pytest.fixture
async def announcing_router(port: int) -> AsyncIterator[Router]:
    """A router that sends multicasts."""
    async with Router(multicast=True, announce_port=port) as router:
        yield router


async def send(packet: bytes, port: int, host: str = "127.0.0.1") -> None:
    """Send a packet from some port of a host."""
    async with udp_client(host) as sock:
        sock.sendto(packet, ("127.0.0.1", port))


async def test_multicasts(
    announcing_router: Router, port: int, old_port: int, heard: Mock
) -> None:
    """A new address is heard: one packet of each protocol, with their real content."""
    async with listen(ROUTE, heard, port=port, old_port=old_port):
        announcing_router.set_wan_address("198.51.100.8")
        await become(lambda: heard.call_count, 2)


async def test_port_of_the_drafts_quirk_66(
    port: int, old_port: int, heard: Mock
) -> None:
    """Some announce to their own port, as drafts of the standard had it."""
    async with (
        Router(multicast=True, announce_port=old_port) as router,
        listen(ROUTE, heard, port=port, old_port=old_port),
    ):
        router.set_wan_address("198.51.100.8")
        await become(lambda: heard.call_count, 2)


async def test_a_router_on_this_machine_keeps_its_port(
    port: int, old_port: int, heard: Mock
) -> None:
    """Its daemon can be started while we listen, and gets what is for it."""
    async with listen(ROUTE, heard, port=port, old_port=old_port):
        with bound_socket("127.0.0.1", old_port) as daemon:
            await send(NAT_PMP, old_port)
            assert await receive(daemon) == NAT_PMP
    heard.assert_not_called()


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(NAT_PMP, id="quirk-66-nat-pmp"),
        pytest.param(PCP, id="quirk-66-pcp"),
        pytest.param(NAT_PMP + bytes(20), id="longer"),
    ],
)
@pytest.mark.usefixtures("listening")
async def test_unicast_from_any_port(packet: bytes, port: int, heard: Mock) -> None:
    """Some routers announce from another port than 5351, and to each host."""
    await send(packet, port)
    await become(lambda: heard.call_count, 1)


@pytest.mark.parametrize(
    ("packet", "host"),
    [
        pytest.param(NAT_PMP, "127.0.0.2", id="stranger"),
        pytest.param(NAT_PMP[:11], "127.0.0.1", id="short-nat-pmp"),
        pytest.param(PCP[:23], "127.0.0.1", id="short-pcp"),
        pytest.param(b"\x00\x00" + NAT_PMP[2:], "127.0.0.1", id="request"),
        pytest.param(b"\x00\x82" + NAT_PMP[2:], "127.0.0.1", id="nat-pmp-map"),
        pytest.param(b"\x02\x81" + PCP[2:], "127.0.0.1", id="pcp-map"),
        pytest.param(b"\x01\x80" + PCP[2:], "127.0.0.1", id="version"),
        pytest.param(b"", "127.0.0.1", id="empty"),
    ],
)
@pytest.mark.usefixtures("listening")
async def test_no_announcement(
    packet: bytes, host: str, port: int, heard: Mock
) -> None:
    """Anything else is passed over, and what comes after it is heard."""
    await send(packet, port, host)
    await send(NAT_PMP, port)
    await become(lambda: heard.call_count, 1)


@pytest.mark.parametrize(
    "option",
    [
        pytest.param(socket.SO_REUSEADDR, id="reuse-address"),
        pytest.param(socket.SO_REUSEPORT, id="reuse-port"),
    ],
)
async def test_port_is_shared(
    announcing_router: Router, port: int, old_port: int, heard: Mock, option: int
) -> None:
    """Another program that listens already goes on to hear everything as well."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind(("", port))
        membership = socket.inet_aton(GROUP) + LOOPBACK.packed
        other.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        async with listen(ROUTE, heard, port=port, old_port=old_port):
            announcing_router.restart()
            await become(lambda: heard.call_count, 2)
            assert await receive(other)


@pytest.mark.usefixtures("listening")
async def test_another_program_can_follow(port: int) -> None:
    """A program that comes later can listen as well."""
    with group_socket(GROUP, "127.0.0.1", port):
        pass


@pytest.fixture
def taken(port: int) -> Iterator[None]:
    """Have somebody hold the port for themselves."""
    with bound_socket("", port):
        yield


@pytest.mark.usefixtures("taken")
async def test_port_is_taken(
    port: int, old_port: int, heard: Mock, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the port life goes on; the log tells who wants to know."""
    caplog.set_level(logging.DEBUG)
    async with listen(ROUTE, heard, port=port, old_port=old_port):
        await send(NAT_PMP, port)
        await asyncio.sleep(0)
    assert "Cannot listen for announcements" in caplog.text
    assert {record.levelno for record in caplog.records} <= {logging.DEBUG}
    heard.assert_not_called()


async def test_group_cannot_be_joined(port: int, old_port: int, heard: Mock) -> None:
    """Where the interface is none for groups, unicasts still come."""
    route = replace(ROUTE, source=IPv4Address("192.0.2.1"))
    async with listen(route, heard, port=port, old_port=old_port):
        await send(NAT_PMP, port)
        await become(lambda: heard.call_count, 1)


async def test_nothing_stays_behind(port: int, old_port: int, heard: Mock) -> None:
    """Afterwards the port is free for somebody who does not share it."""
    async with listen(ROUTE, heard, port=port, old_port=old_port):
        pass
    await asyncio.sleep(0)
    with bound_socket("", port):
        pass
