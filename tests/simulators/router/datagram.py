"""What all UDP servers of the router have in common."""

import asyncio
import socket
from typing import override

from .gateway import Gateway
from .records import Datagram, PacketKind


def bound_socket(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a bound UDP socket, on a port that others may share with us or not."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setblocking(False)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def group_socket(group: str, host: str, port: int) -> socket.socket:
    """Return a member of a multicast group on the interface of the host address."""
    sock = bound_socket(group, port, shared=True)
    membership = socket.inet_aton(group) + socket.inet_aton(host)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    return sock


def send_multicast_from(sock: socket.socket, host: str) -> None:
    """Let multicasts leave by the interface of the host address."""
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))


class DatagramServer(asyncio.DatagramProtocol):
    """Serves the gateway on a socket."""

    def __init__(self, gateway: Gateway) -> None:
        """Serve the gateway."""
        self.gateway = gateway
        self.transport: asyncio.DatagramTransport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def receive(self, kind: PacketKind, data: bytes, source: tuple[str, int]) -> bool:
        """Record a packet and tell whether it arrived rather than got lost."""
        now = self.gateway.clock.now()
        self.gateway.records.datagram(Datagram(kind, source, data, now))
        return not self.gateway.faults.packets.drops(kind)
