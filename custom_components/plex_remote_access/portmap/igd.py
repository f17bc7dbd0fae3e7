"""Reading the description of an Internet Gateway Device.

UPnP InternetGatewayDevice:1 and :2.
"""

from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address
from typing import Final
from xml.etree.ElementTree import Element

import aiohttp
from yarl import URL

from . import const
from .http import request
from .model import PortMapError, Reason
from .route import Route
from .ssdp import Answer
from .xml import local_name, local_values, parse_xml

# Best first. The names below urn:dslforum-org are those of DSL routers from before
# the standard: https://github.com/tailscale/tailscale/issues/10911
_SERVICES: Final = tuple(
    f"urn:{domain}:service:{name}"
    for domain, name in (
        ("schemas-upnp-org", "WANIPConnection:2"),
        ("schemas-upnp-org", "WANIPConnection:1"),
        ("schemas-upnp-org", "WANPPPConnection:1"),
        ("dslforum-org", "WANIPConnection:1"),
        ("dslforum-org", "WANPPPConnection:1"),
    )
)
# UPnP Device Architecture 1.1, section 2.3: less than 32 characters, which few heed.
_LONGEST_MODEL: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A service of the router that maps ports, where it is controlled and tells events.

    `is_fritz_box` because these want the owner's permission for each device
    (https://github.com/lontivero/Open.NAT/issues/80). `model` is for people: a device
    names itself as it likes.
    """

    service_type: str
    control_url: str
    event_url: str | None = None
    is_fritz_box: bool = False
    model: str = ""


def description_urls(answer: Answer, route: Route) -> list[URL]:
    """Return where the description may be, the likelier place first.

    A device speaks for itself, whatever address it names: routers name one that they do
    not have, or the loopback. What the router names on its own link comes second, as
    clustered ones answer with the address of the other half
    (https://github.com/tailscale/tailscale/issues/5502), or from it and name the shared
    one. So nobody can send us elsewhere.
    """
    try:
        url = URL(answer.location)
    except ValueError:
        return []
    if url.scheme != "http" or not url.host or not route.is_near(answer.responder):
        return []
    own = URL(str(url.with_host(str(answer.responder))))
    try:
        named = IPv4Address(url.host)
    except AddressValueError:
        return [own]
    if named == route.gateway:
        return list(dict.fromkeys((url, own)))
    if answer.responder != route.gateway:
        return [own]
    return [own, url] if route.is_near(named) else [own]


async def fetch_services(session: aiohttp.ClientSession, url: URL) -> list[Service]:
    """Fetch a description and return the services that map ports, best first."""
    page = await request(session, "GET", str(url), timeout=const.DESCRIPTION_TIMEOUT)
    if page.status != 200:
        raise PortMapError(Reason.NO_ROUTER, f"No description (HTTP {page.status})")
    return parse_description(page.body, url)


def parse_description(body: bytes, url: URL) -> list[Service]:
    """Read a description. Control addresses outside the device are left out.

    Where URLBase names another place than the description has, a service is returned
    for each: either may be wrong.
    """
    document = parse_xml(body)
    # There is one; who sends thousands wants each service to be read for each.
    base = next((item for item in document if local_name(item) == "URLBase"), None)
    bases = (base is not None and _join(url, base.text), url)
    names = [
        (name, element.text or "")
        for element in document.iter()
        if (name := local_name(element)) in {"modelName", "friendlyName"}
    ]
    fritz = any("FRITZ!Box" in text for _, text in names)
    model = next((text.strip() for name, text in names if name == "modelName"), "")
    # It is printed for people, whatever it is.
    model = "".join(filter(str.isprintable, model))[:_LONGEST_MODEL]
    services = dict.fromkeys(
        replace(service, is_fritz_box=fritz, model=model)
        for element in document.iter()
        if local_name(element) == "service"
        for base in bases
        if base and (service := _service(element, base))
    )
    if not services:
        # Nothing was found because nothing could be read, or because there is nothing.
        parse_xml(body, strict=True)
    best = sorted(services, key=lambda found: _SERVICES.index(found.service_type))
    return best[: const.MAX_CANDIDATES]


def _service(element: Element, base: URL) -> Service | None:
    values = local_values(element)
    service_type, control = values.get("serviceType"), values.get("controlURL")
    if service_type not in _SERVICES or not control:
        return None
    url = _join(base, control)
    if url is None:
        return None
    event = _join(base, values["eventSubURL"]) if values.get("eventSubURL") else None
    return Service(
        service_type=service_type,
        control_url=str(url),
        event_url=str(event) if event else None,
    )


def _join(base: URL, reference: str | None) -> URL | None:
    """Resolve an address in a description; None if it leads out of the device."""
    try:
        url = base.join(URL((reference or "").strip()))
    except ValueError:
        return None
    return url if (url.scheme, url.host) == (base.scheme, base.host) else None
