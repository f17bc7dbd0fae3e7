"""SSDP of the router simulator."""

from collections.abc import AsyncIterator
import socket

import pytest

from tests.simulators.router import PacketKind, Router
from tests.simulators.router.client import exchange, receive, udp_client
from tests.simulators.router.datagram import group_socket, send_multicast_from
from tests.simulators.router.ssdp import GROUP

SEARCH = (
    "M-SEARCH * HTTP/1.1\r\n"
    "HOST: 239.255.255.250:1900\r\n"
    'MAN: "ssdp:discover"\r\n'
    "MX: 2\r\n"
    "ST: {}\r\n"
    "\r\n"
)
IGD_1 = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"


def search(target: str) -> bytes:
    """Return a search."""
    return SEARCH.format(target).encode()


def header(response: bytes, name: str) -> str:
    """Return a header of a packet."""
    start = f"\r\n{name}: "
    return response.decode().partition(start)[2].partition("\r\n")[0]


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[Router]:
    """Return a router."""
    async with Router() as router:
        yield router


@pytest.mark.parametrize(
    "target",
    [
        IGD_1,
        "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
        "urn:schemas-upnp-org:service:WANIPConnection:1",
        "urn:schemas-upnp-org:service:WANIPConnection:2",
        "upnp:rootdevice",
    ],
)
async def test_search(router: Router, target: str) -> None:
    """Everything the router is can be found, named as it was asked for."""
    response = await exchange(router.ssdp_port, search(target))
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert header(response, "ST") == target
    assert header(response, "LOCATION") == router.description_url
    assert header(response, "BOOTID.UPNP.ORG") == str(router.boot_id)
    assert router.packets == {PacketKind.SSDP: 1}


async def test_search_all(router: Router) -> None:
    """A search for everything gets an answer for each device and service."""
    async with udp_client() as sock:
        sock.sendto(search("ssdp:all"), ("127.0.0.1", router.ssdp_port))
        found = {header(await receive(sock), "ST") for _ in range(10)}
    assert len(found) == 10
    assert "urn:schemas-upnp-org:service:WANIPConnection:2" in found


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(
            search("urn:schemas-upnp-org:device:MediaServer:1"), id="other device"
        ),
        pytest.param(
            search("urn:schemas-upnp-org:device:InternetGatewayDevice:3"),
            id="newer version",
        ),
        pytest.param(search(IGD_1).replace(b'"', b""), id="no quotes"),
        pytest.param(b"NOTIFY" + search(IGD_1)[8:], id="no search"),
    ],
)
async def test_no_answer(router: Router, packet: bytes) -> None:
    """Other packets are not answered."""
    with pytest.raises(TimeoutError):
        await exchange(router.ssdp_port, packet, patience=0.1)


async def test_location_on_another_host(router: Router) -> None:
    """LOCATION can name another host."""
    router.faults.search.location_host = "192.0.2.1"
    response = await exchange(router.ssdp_port, search(IGD_1))
    assert header(response, "LOCATION").startswith("http://192.0.2.1:")


async def test_restart_changes_the_boot_id(router: Router) -> None:
    """Clients see a restart by the BOOTID."""
    before = await exchange(router.ssdp_port, search(IGD_1))
    router.restart()
    after = await exchange(router.ssdp_port, search(IGD_1))
    assert header(before, "BOOTID.UPNP.ORG") != header(after, "BOOTID.UPNP.ORG")


@pytest.mark.parametrize("option", [socket.SO_REUSEADDR, socket.SO_REUSEPORT])
@pytest.mark.usefixtures("socket_enabled")
async def test_port_shared_with_all_addresses(option: int) -> None:
    """The port may be bound on all addresses by somebody else; we get our packets."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind(("0.0.0.0", 0))
        async with Router(ssdp_port=other.getsockname()[1]) as router:
            assert await exchange(router.ssdp_port, search(IGD_1))


@pytest.mark.usefixtures("socket_enabled")
async def test_multicast() -> None:
    """In the group the router answers searches and announces itself."""
    async with (
        Router(multicast=True, nat_pmp=False, pcp=False) as router,
        udp_client() as sock,
    ):
        send_multicast_from(sock, "127.0.0.1")
        sock.sendto(search(IGD_1), (GROUP, router.ssdp_port))
        response = await receive(sock)
        with group_socket(GROUP, "127.0.0.1", router.ssdp_port) as member:
            router.restart()
            notification = await receive(member)
    assert header(response, "ST") == IGD_1
    assert notification.startswith(b"NOTIFY * HTTP/1.1\r\n")
    assert header(notification, "NTS") == "ssdp:alive"
    assert header(notification, "BOOTID.UPNP.ORG") == str(router.boot_id)
