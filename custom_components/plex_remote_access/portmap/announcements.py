"""Listening for what the router says unasked: NAT-PMP and PCP announcements.

RFC 6886, section 3.2.1, and RFC 6887, section 14.1.3.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from ipaddress import IPv4Address
import logging
import socket
from typing import Final, override

from .route import Route

PORT: Final = 5350
GROUP: Final = IPv4Address("224.0.0.1")
# Version and opcode of each announcement, and how long it is at least.
_ANNOUNCEMENTS: Final = {b"\x00\x80": 12, b"\x02\x80": 24}

_LOGGER = logging.getLogger(__name__)


def is_announcement(packet: bytes) -> bool:
    """Tell whether a packet announces something.

    Only that, not what: anybody on the link can forge its content, and the epoch in it
    can be an old one (miniupnpd 2.3.1, first copy after a change of the address).
    """
    length = _ANNOUNCEMENTS.get(packet[:2])
    return length is not None and len(packet) >= length


class _Listener(asyncio.DatagramProtocol):
    """Passes on that the router announced something."""

    def __init__(self, gateway: IPv4Address, heard: Callable[[], None]) -> None:
        """Listen to one router."""
        self._gateway = str(gateway)
        self._heard = heard

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take a packet of the router, from whatever port: some choose another one."""
        if addr[0] == self._gateway and is_announcement(data):
            self._heard()


@asynccontextmanager
async def listen(
    route: Route, heard: Callable[[], None], *, port: int = PORT, old_port: int
) -> AsyncIterator[None]:
    """Call `heard` for each announcement of the router.

    Drafts of NAT-PMP had the router announce to its own port, and some do so. Only the
    group is listened to there: a router's own daemon on this machine is not disturbed.
    Where a port is not to be had, nothing is heard.
    """
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        for address, number in (("", port), (str(GROUP), old_port)):
            try:
                sock = _socket(route.source, address, number)
            except OSError as err:
                _LOGGER.debug("Cannot listen for announcements on %s: %s", number, err)
                continue
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Listener(route.gateway, heard), sock=sock
            )
            stack.callback(transport.close)
        yield


def _socket(source: IPv4Address, address: str, port: int) -> socket.socket:
    """Open a port, which other programs on this machine may listen on as well.

    The one of the standard is bound to all addresses, not to the group: Linux hands a
    socket bound to the group only what was sent to the group, and some routers announce
    by unicast. In turn it gets what was sent to groups that others on this machine have
    joined (IP_MULTICAST_ALL); that has to come from the router as well.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        # Both: a port is shared only between sockets that have one in common.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    try:
        sock.setsockopt(
            socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP.packed + source.packed
        )
    except OSError as err:
        # Every interface is a member of this group by itself.
        _LOGGER.debug("Cannot join %s: %s", GROUP, err)
    return sock
