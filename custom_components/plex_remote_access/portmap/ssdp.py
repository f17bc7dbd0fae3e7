"""Finding the router's UPnP description (SSDP).

UPnP Device Architecture 1.1, section 1.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
import socket
from typing import Final, override

from . import const
from .route import Route

PORT: Final = 1900
GROUP: Final = IPv4Address("239.255.255.250")
# What every router has to answer for, also one of the second version.
_FIRST_TARGET: Final = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
# Asked at once, not one after the other: waiting for each is what makes others slow.
# Some routers only answer for what they are, some only for the last two.
SEARCH_TARGETS: Final = (
    _FIRST_TARGET,
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
    "upnp:rootdevice",
    "ssdp:all",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One device that answered, and from where it did."""

    responder: IPv4Address
    location: str


def build_search(host: IPv4Address, search_target: str) -> bytes:
    """Build a search; to a single host it goes without the delay of MX (1.3.2)."""
    lines = [
        "M-SEARCH * HTTP/1.1",
        f"HOST: {host}:{PORT}",
        'MAN: "ssdp:discover"',
        *(["MX: 1"] if host.is_multicast else []),
        f"ST: {search_target}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def build_variant(host: IPv4Address, search_target: str) -> bytes:
    """Build the same search as some routers want it, against the standard.

    The order and case of headers matter to them, and that there are no quotes:
    https://github.com/lbryio/aioupnp
    """
    lines = [
        "M-SEARCH * HTTP/1.1",
        f"Host: {host}:{PORT}",
        f"St: {search_target}",
        "Man: ssdp:discover",
        *(["Mx: 1"] if host.is_multicast else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def parse_answer(packet: bytes, responder: IPv4Address) -> Answer | None:
    """Read an answer to a search; None if it is none or names no description.

    Headers of routers are careless with case, spaces and line ends.
    """
    status, *lines = packet.decode(errors="replace").splitlines() or [""]
    if not status.startswith("HTTP/") or status.split()[1:2] != ["200"]:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "location" and value.strip():
            return Answer(responder=responder, location=value.strip())
    return None


class _Listener(asyncio.DatagramProtocol):
    """Puts the answers of neighbours into a queue, each device once.

    Others take no room from the router: so many answers of its own are taken.
    """

    def __init__(self, route: Route) -> None:
        """Listen for devices near this route."""
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._route = route
        self._seen: set[Answer] = set()

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take an answer, from whatever port it comes: some routers choose one."""
        responder = IPv4Address(addr[0])
        if not self._route.is_near(responder) or self._has_enough_of(responder):
            return
        answer = parse_answer(data, responder)
        if answer and answer not in self._seen:
            self._seen.add(answer)
            self.answers.put_nowait(answer)

    def _has_enough_of(self, responder: IPv4Address) -> bool:
        """Tell whether there are enough answers of the router, or of all others."""
        gateway = self._route.gateway
        alike = [
            answer
            for answer in self._seen
            if (answer.responder == gateway) == (responder == gateway)
        ]
        return len(alike) >= const.MAX_CANDIDATES

    def has_heard(self, responder: IPv4Address) -> bool:
        """Tell whether a device has answered."""
        return any(answer.responder == responder for answer in self._seen)

    @override
    def error_received(self, exc: Exception) -> None:
        """Pass over a closed port: other answers may still come."""


@asynccontextmanager
async def search(
    route: Route, port: int = PORT
) -> AsyncIterator[asyncio.Queue[Answer]]:
    """Ask the router and the whole link; answers are put into the queue as they come.

    Both ways, because some routers answer to only one of them.
    """
    loop = asyncio.get_running_loop()
    transport, listener = await loop.create_datagram_endpoint(
        lambda: _Listener(route), sock=_socket(route.source)
    )
    sender = asyncio.create_task(_send(transport, listener, route.gateway, port))
    try:
        yield listener.answers
    finally:
        sender.cancel()
        transport.close()


def _socket(source: IPv4Address) -> socket.socket:
    """Open a socket whose multicasts leave on the router's link and stay there."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((str(source), 0))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, source.packed)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
    return sock


async def _send(
    transport: asyncio.DatagramTransport,
    listener: _Listener,
    gateway: IPv4Address,
    port: int,
) -> None:
    """Search for more, and in another form, while the router says nothing."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for at, build, search_targets in (
        (const.SEARCH_FIRST, build_search, (_FIRST_TARGET,)),
        (const.SEARCH_ALL, build_search, SEARCH_TARGETS),
        (const.SEARCH_AGAIN, build_search, SEARCH_TARGETS),
        (const.SEARCH_VARIANT, build_variant, SEARCH_TARGETS),
    ):
        await asyncio.sleep(start + at - loop.time())
        if listener.has_heard(gateway) and at != const.SEARCH_AGAIN:
            continue
        for search_target in search_targets:
            transport.sendto(build(gateway, search_target), (str(gateway), port))
            if not gateway.is_loopback:
                transport.sendto(build(GROUP, search_target), (str(GROUP), PORT))
