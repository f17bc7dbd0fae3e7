"""UPnP Internet Gateway Device: types, description and the pages of its HTTP server."""

from dataclasses import dataclass
from http import HTTPStatus

from .faults import Framing, Page
from .gateway import Gateway
from .gena import Events
from .http_server import XML, Response
from .records import HttpRequest
from .soap import Control

UDN = "uuid:6f1d1a64-51ab-4e0c-9f0b-0a5d7c3e190{}"
CONFIG_ID = 1337
DESCRIPTION_PATH = "/rootDesc.xml"
PAGES = {DESCRIPTION_PATH: Page.DESCRIPTION, "/ctl": Page.CONTROL, "/evt": Page.EVENTS}
SCHEMA = "urn:schemas-upnp-org"


@dataclass(frozen=True, slots=True)
class Device:
    """A device with its one service; each holds the next one."""

    name: str
    udn: str
    device_type: str
    service_type: str


def devices(gateway: Gateway) -> list[Device]:
    """Return root device, WAN device and WAN connection device."""
    connection = (
        "WANPPPConnection:1"
        if gateway.ppp
        else f"WANIPConnection:{gateway.igd_version}"
    )
    return [
        Device(
            name,
            UDN.format(number),
            f"{SCHEMA}:device:{name}:{gateway.igd_version}",
            f"{SCHEMA}:service:{service}",
        )
        for number, (name, service) in enumerate(
            (
                ("InternetGatewayDevice", "Layer3Forwarding:1"),
                ("WANDevice", "WANCommonInterfaceConfig:1"),
                ("WANConnectionDevice", connection),
            )
        )
    ]


def location(gateway: Gateway) -> str:
    """Return the address of the description as it is told to searchers."""
    host = gateway.faults.search.location_host or gateway.host
    return f"http://{host}:{gateway.http_port}{DESCRIPTION_PATH}"


def description(gateway: Gateway) -> bytes:
    """Return the device description."""
    xml = ""
    for device in reversed(devices(gateway)):
        xml = _device(device, f"<deviceList>{xml}</deviceList>" if xml else "")
    return (
        '<?xml version="1.0"?>\n'
        f'<root xmlns="{SCHEMA}:device-1-0" configId="{CONFIG_ID}">'
        "<specVersion><major>1</major><minor>1</minor></specVersion>"
        f"{xml}</root>\n"
    ).encode()


def _device(device: Device, children: str) -> str:
    """Return one device with its service and the devices in it."""
    service = device.service_type.split(":")[-2]
    return (
        "<device>"
        f"<deviceType>{device.device_type}</deviceType>"
        f"<friendlyName>Simulated {device.name}</friendlyName>"
        "<manufacturer>Plex Remote Access</manufacturer>"
        "<modelName>Router Simulator</modelName>"
        f"<UDN>{device.udn}</UDN>"
        "<serviceList><service>"
        f"<serviceType>{device.service_type}</serviceType>"
        f"<serviceId>urn:upnp-org:serviceId:{service}1</serviceId>"
        f"<SCPDURL>/{service}.xml</SCPDURL>"
        f"<controlURL>/ctl/{service}</controlURL>"
        f"<eventSubURL>/evt/{service}</eventSubURL>"
        f"</service></serviceList>{children}</device>"
    )


class IgdPages:
    """The pages of the IGD and the faults that act on them."""

    def __init__(self, gateway: Gateway, events: Events) -> None:
        """Serve the gateway."""
        self._gateway = gateway
        self._control = Control(gateway)
        self._events = events

    async def answer(self, request: HttpRequest) -> Response | None:
        """Answer a request; None = never."""
        path = "/" + request.target.removeprefix("/").partition("/")[0]
        page = PAGES.get(path)
        if page is None or not self._gateway.upnp:
            return Response(HTTPStatus.NOT_FOUND)
        faults = self._gateway.faults.http
        if page in faults.hang:
            return None
        if status := faults.status.get(page):
            html = f"<html><body><h1>{status}</h1></body></html>".encode()
            return Response(status, html, "text/html")
        if page is Page.EVENTS:
            return self._events.answer(request)
        status, body = self._render(page, request)
        return Response(
            status,
            body,
            faults.content_type.get(page, XML),
            faults.framing.get(page, Framing.LENGTH),
        )

    def _render(self, page: Page, request: HttpRequest) -> tuple[int, bytes]:
        """Return status and body of a page."""
        if page is Page.DESCRIPTION:
            return HTTPStatus.OK, description(self._gateway)
        return self._control.answer(request)
