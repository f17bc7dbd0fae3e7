"""A gateway that says over SSDP and SOAP whatever a test wants it to say."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
import socket
from types import TracebackType
from typing import Self, override
from xml.sax.saxutils import escape

from defusedxml import ElementTree

from tests.simulators.router.http_server import HttpServer, Response
from tests.simulators.router.records import HttpRequest

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
HTML = Response(404, b"<html><body><h1>Not Found</h1></body></html>", "text/html")

type Reply = Mapping[str, str] | int | Response
"""Output arguments of a success, the code of a UPnP error, or a page."""


def describe(*services: tuple[str, str], head: str = "") -> bytes:
    """Return a description of services and their control URLs."""
    listed = "".join(
        f"<service><serviceType>{service}</serviceType>"
        f"<controlURL>{escape(control)}</controlURL></service>"
        for service, control in services
    )
    return (
        '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">'
        f"{head}<device><serviceList>{listed}</serviceList></device></root>"
    ).encode()


def entry(
    *,
    client: str = "127.0.0.1",
    port: int = 32400,
    description: str = "Plex Remote Access (c0ffee00)",
    lease: int | str = 3600,
) -> dict[str, str]:
    """Return a row of the table, ours unless told otherwise."""
    return {
        "NewInternalPort": str(port),
        "NewInternalClient": client,
        "NewEnabled": "1",
        "NewPortMappingDescription": description,
        "NewLeaseDuration": str(lease),
    }


def success(action: str, values: Mapping[str, str], namespace: str = SERVICE) -> bytes:
    """Return the envelope of a success."""
    content = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<u:{action}Response xmlns:u="{namespace}">{content}</u:{action}Response>'
        "</s:Body></s:Envelope>"
    ).encode()


def fault(code: object, description: str = "Refused") -> bytes:
    """Return the envelope of a UPnP error."""
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring>"
        '<detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
        f"<errorCode>{code}</errorCode>"
        f"<errorDescription>{description}</errorDescription>"
        "</UPnPError></detail></s:Fault></s:Body></s:Envelope>"
    ).encode()


class _Ssdp(asyncio.DatagramProtocol):
    """Answers each search with all packets, from wherever the gateway does."""

    def __init__(self, gateway: ScriptedGateway) -> None:
        """Answer for the gateway."""
        self._gateway = gateway

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer."""
        self._gateway.searches.append(data)
        if self._gateway.answers_to not in data:
            return
        for packet in self._gateway.packets:
            self._gateway.answers_from.sendto(packet, addr)


class ScriptedGateway:
    """One gateway; the last reply to an action is given again and again."""

    def __init__(self) -> None:
        """Be a gateway that knows its one service, and no answers yet."""
        self.description = describe((SERVICE, "/control"))
        self.replies: dict[str, list[Reply]] = defaultdict(list)
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.requests: list[HttpRequest] = []
        self.packets: list[bytes] = []
        self.searches: list[bytes] = []
        self.answers_to = b""
        self.hangs = False
        self.delay = self.description_delay = 0.0
        self.answers_from: socket.socket
        self.port = 0
        self.ssdp_port = 0
        self._http = HttpServer(self._answer)

    async def __aenter__(self) -> Self:
        """Power on."""
        self.port = await self._http.start("127.0.0.1", 0)
        self.packets = [self.packet(self.url)]
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Ssdp(self), local_addr=("127.0.0.1", 0)
        )
        self.ssdp_port = self._transport.get_extra_info("sockname")[1]
        self.answers_from = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.answers_from.bind(("127.0.0.1", 0))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Power off."""
        self._transport.close()
        self.answers_from.close()
        await self._http.stop()

    @property
    def url(self) -> str:
        """Return where the description is."""
        return f"http://127.0.0.1:{self.port}/description.xml"

    @property
    def actions(self) -> list[str]:
        """Return the actions that were called."""
        return [action for action, _ in self.calls]

    def called(self, action: str) -> list[dict[str, str]]:
        """Return the arguments of all calls of an action."""
        return [arguments for called, arguments in self.calls if called == action]

    @staticmethod
    def packet(location: str) -> bytes:
        """Return an answer to a search."""
        return f"HTTP/1.1 200 OK\r\nLOCATION: {location}\r\n\r\n".encode()

    async def _answer(self, request: HttpRequest) -> Response | None:
        self.requests.append(request)
        if self.hangs:
            return None
        if request.method == "GET":
            await asyncio.sleep(self.description_delay)
            return Response(200, self.description)
        action = request.headers["soapaction"].strip('"').partition("#")[2]
        try:
            body = ElementTree.fromstring(request.body)[0][0]
        except ElementTree.ParseError:
            # What miniupnpc sends where it has found no service.
            return Response(400, b"")
        await asyncio.sleep(self.delay)
        self.calls.append((action, {item.tag: item.text or "" for item in body}))
        replies = self.replies[action]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Response):
            return reply
        if isinstance(reply, int):
            return Response(500, fault(reply))
        return Response(200, success(action, reply))
