"""The router simulator."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
import socket
from types import TracebackType
from typing import Self

from . import igd, ssdp
from .control import CONTROL_PATH, ControlApi
from .datagram import DatagramServer, bound_socket, group_socket, send_multicast_from
from .gateway import Gateway
from .gena import Events
from .http_server import HttpServer, Response
from .records import Datagram, HttpRequest, PacketKind, SoapCall
from .table import Entry, Origin, Protocol
from .udp import PortMappingServer


@dataclass(kw_only=True, eq=False)
class Router(Gateway):
    """A home router on the loopback interface, used as `async with Router()`.

    Ports of 0 become the real ones at the start and stay the same at the next start.
    """

    _events: Events = field(init=False)
    _pages: igd.IgdPages = field(init=False)
    _control_api: ControlApi = field(init=False)
    _http: HttpServer = field(init=False)
    _ssdp: ssdp.SsdpServer | None = field(init=False, default=None)
    _port_mapping: PortMappingServer | None = field(init=False, default=None)
    _servers: list[DatagramServer] = field(init=False, default_factory=list)

    async def __aenter__(self) -> Self:
        """Power on."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Power off."""
        await self.stop()

    @property
    def packets(self) -> Counter[PacketKind]:
        """How many datagrams came, by kind."""
        return self.records.packets

    @property
    def datagrams(self) -> list[Datagram]:
        """All datagrams that came."""
        return self.records.datagrams

    @property
    def soap_calls(self) -> list[SoapCall]:
        """All SOAP actions that came."""
        return self.records.soap_calls

    @property
    def http_requests(self) -> list[HttpRequest]:
        """All HTTP requests that came, but for those to the control API."""
        return self.records.http_requests

    @property
    def subscribers(self) -> list[str]:
        """Where events are sent to."""
        return self._events.callbacks

    @property
    def event_answers(self) -> list[bytes]:
        """What events were answered, in the order of their delivery."""
        return self._events.answers

    @property
    def event_url(self) -> str:
        """Where to subscribe to the service that maps ports."""
        service = "WANPPPConnection" if self.ppp else "WANIPConnection"
        return f"http://{self.host}:{self.http_port}/evt/{service}"

    @property
    def description_url(self) -> str:
        """Where the IGD description is."""
        return f"http://{self.host}:{self.http_port}{igd.DESCRIPTION_PATH}"

    async def start(self) -> None:
        """Open all sockets."""
        self.reset_epoch()
        self._events = Events(self)
        self.table.changed = self._events.table_changed
        self._pages = igd.IgdPages(self, self._events)
        self._control_api = ControlApi(self)
        self._http = HttpServer(self._answer)
        self.http_port = await self._http.start(self.host, self.http_port)
        try:
            if self.nat_pmp or self.pcp:
                await self._start_port_mapping()
            if self.upnp:
                await self._start_ssdp()
        except OSError:
            await self.stop()
            raise
        self._announce()

    async def stop(self) -> None:
        """Close all sockets; the table is lost as in a power cut."""
        for server in self._servers:
            server.transport.close()
        self._servers.clear()
        self._ssdp = None
        self._port_mapping = None
        await self._http.stop()
        await self._events.stop()
        self.table.clear()
        await self.forwards.stop()
        # Datagram transports close their sockets one step later.
        await asyncio.sleep(0)

    def restart(self, *, clear: bool = True) -> None:
        """Reboot in no time: new epoch and BOOTID, and as a rule an empty table."""
        self.boot_id += 1
        self.reset_epoch()
        self._events.forget()
        if clear:
            self.table.clear()
        else:
            self.forwards.cut()
        self._announce()

    def set_wan_address(self, address: str) -> None:
        """Get another address, or the first one after the WAN was down."""
        self._change_wan(address)

    def wan_down(self) -> None:
        """Lose the WAN address."""
        self._change_wan(None)

    def advance(self, seconds: float) -> None:
        """Let time pass for leases and epoch."""
        self.clock.advance(seconds)
        self.table.schedule()

    def add_foreign(
        self,
        external_port: int,
        *,
        internal_client: str = "127.0.0.2",
        internal_port: int | None = None,
        protocol: Protocol = Protocol.TCP,
        description: str = "somebody else",
        lease: float | None = None,
    ) -> Entry:
        """Add an entry of somebody else."""
        entry = Entry(
            protocol=protocol,
            external_port=external_port,
            internal_client=internal_client,
            internal_port=internal_port or external_port,
            description=description,
            expires=None if lease is None else self.clock.now() + lease,
            origin=Origin.STATIC,
        )
        self.table.put(entry)
        return entry

    def _change_wan(self, address: str | None) -> None:
        """Change the address as miniupnpd does: new epoch, mappings stay."""
        self.wan_address = address
        self.reset_epoch()
        self.forwards.cut()
        self._announce()
        self._events.wan_changed()

    def _announce(self) -> None:
        """Tell the LAN by multicast that something has changed."""
        if not self.multicast:
            return
        if self._ssdp is not None:
            self._ssdp.notify("alive")
        if self._port_mapping is not None:
            self._port_mapping.announce()

    async def _start_port_mapping(self) -> None:
        """Serve NAT-PMP and PCP."""
        sock = bound_socket(self.host, self.natpmp_port)
        self.natpmp_port = sock.getsockname()[1]
        send_multicast_from(sock, self.host)
        self._port_mapping = PortMappingServer(self)
        await self._serve(sock, self._port_mapping)

    async def _start_ssdp(self) -> None:
        """Serve searches."""
        sock = bound_socket(self.host, self.ssdp_port, shared=True)
        self.ssdp_port = sock.getsockname()[1]
        send_multicast_from(sock, self.host)
        self._ssdp = ssdp.SsdpServer(self)
        await self._serve(sock, self._ssdp)
        if self.multicast:
            sock = group_socket(ssdp.GROUP, self.host, self.ssdp_port)
            await self._serve(sock, ssdp.SsdpServer(self))

    async def _serve(self, sock: socket.socket, server: DatagramServer) -> None:
        """Serve a socket."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: server, sock=sock)
        self._servers.append(server)

    async def _answer(self, request: HttpRequest) -> Response | None:
        """Answer an HTTP request."""
        if self.control and request.target == CONTROL_PATH:
            return self._control_api.answer(request)
        self.records.http_requests.append(request)
        return await self._pages.answer(request)
