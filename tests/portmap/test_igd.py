"""Tests of reading the description of an Internet Gateway Device."""

from ipaddress import IPv4Address, IPv4Network

import aiohttp
from hypothesis import given, strategies as st
import pytest
from yarl import URL

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.igd import (
    Service,
    description_urls,
    fetch_services,
    parse_description,
)
from custom_components.plex_remote_access.portmap.route import Route
from custom_components.plex_remote_access.portmap.ssdp import Answer
from tests.simulators.router import Page, Router

from .scripted import SERVICE, describe

GATEWAY = IPv4Address("192.168.1.1")
ROUTE = Route(
    gateway=GATEWAY,
    source=IPv4Address("192.168.1.10"),
    on_link=(IPv4Network("192.168.1.0/24"),),
)
LOCATION = URL("http://192.168.1.1:5000/desc/root.xml")
HERE = "http://192.168.1.1:5000/desc/ctl"
WANIP1 = "urn:schemas-upnp-org:service:WANIPConnection:1"
WANIP2 = "urn:schemas-upnp-org:service:WANIPConnection:2"
WANPPP1 = "urn:schemas-upnp-org:service:WANPPPConnection:1"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        pytest.param(str(LOCATION), str(LOCATION), id="canonical"),
        pytest.param(
            "http://192.168.1.1/root.xml", "http://192.168.1.1/root.xml", id="quirk-35"
        ),
        pytest.param(
            "http://[::1]:1900/igd.xml",
            "http://192.168.1.1:1900/igd.xml",
            id="quirk-34-loopback",
        ),
        pytest.param(
            "http://127.0.0.1:1900/igd.xml",
            "http://192.168.1.1:1900/igd.xml",
            id="quirk-34-loopback-of-ipv4",
        ),
        pytest.param(
            "http://198.51.100.7/root.xml?a=b",
            "http://192.168.1.1/root.xml?a=b",
            id="foreign-host",
        ),
        pytest.param(
            "http://router.lan:5000/root.xml",
            "http://192.168.1.1:5000/root.xml",
            id="name",
        ),
        pytest.param(
            "http://user:password@192.0.2.9:5000/",
            "http://user:password@192.168.1.1:5000/",
            id="user",
        ),
        pytest.param("https://192.168.1.1/root.xml", None, id="https"),
        pytest.param("file:///etc/passwd", None, id="file"),
        pytest.param("/root.xml", None, id="relative"),
        pytest.param("http://", None, id="no-host"),
        pytest.param("http://[::1/root.xml", None, id="broken"),
        pytest.param("http://192.168.1.1:port/", None, id="broken-port"),
        pytest.param("http://192.168.1.1:99999/", None, id="impossible-port"),
    ],
)
def test_description_url(location: str, url: str | None) -> None:
    """A device speaks for itself only."""
    found = description_urls(Answer(responder=GATEWAY, location=location), ROUTE)

    assert found == ([URL(url)] if url else [])


def test_description_at_the_other_half_of_a_cluster_quirk_33() -> None:
    """What a router names on its own link is tried after its own address."""
    location = "http://192.168.1.2:5000/root.xml"

    found = description_urls(Answer(responder=GATEWAY, location=location), ROUTE)

    assert found == [URL("http://192.168.1.1:5000/root.xml"), URL(location)]


@pytest.mark.parametrize(
    ("responder", "urls"),
    [
        pytest.param(
            "192.168.1.2",
            ["http://192.168.1.1:5000/root.xml", "http://192.168.1.2:5000/root.xml"],
            id="quirk-33-neighbour",
        ),
        pytest.param("198.51.100.7", [], id="farther-away"),
        pytest.param("127.0.0.1", [], id="loopback"),
    ],
)
def test_description_of_another_device(responder: str, urls: list[str]) -> None:
    """A neighbour may be the router as well, and then it names what both share."""
    answer = Answer(
        responder=IPv4Address(responder), location="http://192.168.1.1:5000/root.xml"
    )

    assert description_urls(answer, ROUTE) == [URL(url) for url in urls]


@given(st.text() | st.text().map(lambda text: f"http://{text}"))
def test_any_location(location: str) -> None:
    """Whatever a device names, we never leave its link."""
    urls = description_urls(Answer(responder=GATEWAY, location=location), ROUTE)

    assert all(url.scheme == "http" for url in urls)
    assert all(ROUTE.is_near(IPv4Address(url.host)) for url in urls)


@pytest.mark.parametrize(
    ("head", "model"),
    [
        pytest.param("<modelName> Box 2000 </modelName>", "Box 2000", id="told"),
        pytest.param("<modelName>Box&#x85;&#xAD; 2</modelName>", "Box 2", id="signs"),
        pytest.param(f"<modelName>{'x' * 999}</modelName>", "x" * 64, id="too-long"),
        pytest.param("<modelName/>", "", id="empty"),
        pytest.param("", "", id="absent"),
    ],
)
def test_model(head: str, model: str) -> None:
    """What a device calls itself can be shown as it is."""
    description = describe((SERVICE, "/control"), head=head)

    (service,) = parse_description(description, LOCATION)

    assert service.model == model


@pytest.mark.parametrize(
    ("control", "url"),
    [
        pytest.param("/ctl/IPConn", "http://192.168.1.1:5000/ctl/IPConn", id="root"),
        pytest.param("IPConn", "http://192.168.1.1:5000/desc/IPConn", id="relative"),
        pytest.param("/UD/?9", "http://192.168.1.1:5000/UD/?9", id="quirk-48"),
        pytest.param(
            "/control?WANIPConnection",
            "http://192.168.1.1:5000/control?WANIPConnection",
            id="quirk-48-query",
        ),
        pytest.param(
            " \n/ctl/IPConn ", "http://192.168.1.1:5000/ctl/IPConn", id="white-space"
        ),
        pytest.param(
            "http://192.168.1.1:49152/ctl",
            "http://192.168.1.1:49152/ctl",
            id="another-port",
        ),
    ],
)
def test_control_url(control: str, url: str) -> None:
    """Control URLs are relative to the description."""
    services = parse_description(describe((WANIP1, control)), LOCATION)

    assert services == [Service(service_type=WANIP1, control_url=url)]


@pytest.mark.parametrize(
    "control",
    [
        pytest.param("http://192.168.1.99/ctl", id="neighbour"),
        pytest.param("http://198.51.100.7/ctl", id="foreign-host"),
        pytest.param("//198.51.100.7/ctl", id="foreign-host-without-scheme"),
        pytest.param("http://192.168.1.1@198.51.100.7/ctl", id="foreign-with-user"),
        pytest.param("ftp://192.168.1.1/ctl", id="another-scheme"),
        pytest.param("http://[broken/ctl", id="broken"),
        pytest.param("http://192.168.1.1:99999/ctl", id="impossible-port"),
        pytest.param("", id="empty"),
    ],
)
def test_control_elsewhere_is_refused(control: str) -> None:
    """Nobody sends our requests to another host."""
    body = describe((WANIP1, control), (WANPPP1, "/good"))

    assert [service.service_type for service in parse_description(body, LOCATION)] == [
        WANPPP1
    ]


@pytest.mark.parametrize(
    ("head", "urls"),
    [
        pytest.param(
            "<URLBase>http://192.168.1.1:8080/base/</URLBase>",
            ["http://192.168.1.1:8080/base/ctl", HERE],
            id="quirk-36-another-port",
        ),
        pytest.param(
            "<URLBase> http://192.168.1.1:8080 \n</URLBase>",
            ["http://192.168.1.1:8080/ctl", HERE],
            id="quirk-36-white-space",
        ),
        pytest.param(
            "<URLBase></URLBase>",
            [HERE],
            id="quirk-36-empty",
        ),
        pytest.param(
            "<URLBase>http://198.51.100.7/</URLBase>",
            [HERE],
            id="quirk-36-foreign-host",
        ),
        pytest.param(
            "<URLBase>http://[broken</URLBase>",
            [HERE],
            id="quirk-36-broken",
        ),
        pytest.param(
            "<URLBase>http://192.168.1.1:8080</URLBase><URLBase>/other/</URLBase>",
            ["http://192.168.1.1:8080/ctl", HERE],
            id="only-the-first-of-several",
        ),
    ],
)
def test_base(head: str, urls: list[str]) -> None:
    """A base counts if it is on the same host, and so does the description's place."""
    services = parse_description(describe((WANIP1, "ctl"), head=head), LOCATION)

    assert [service.control_url for service in services] == urls


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(WANIP2, id="igd-2"),
        pytest.param(WANIP1, id="igd-1"),
        pytest.param(WANPPP1, id="ppp"),
        pytest.param(
            "urn:dslforum-org:service:WANIPConnection:1", id="quirk-46-dslforum"
        ),
        pytest.param(
            "urn:dslforum-org:service:WANPPPConnection:1", id="quirk-46-dslforum-ppp"
        ),
    ],
)
def test_services_that_map(service: str) -> None:
    """All services that map ports are found."""
    services = parse_description(describe((service, "/ctl")), LOCATION)

    assert [found.service_type for found in services] == [service]


def test_best_service_is_first_quirk_47() -> None:
    """A router may offer several services, in any order."""
    body = describe(
        ("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/l3f"),
        ("urn:dslforum-org:service:WANPPPConnection:1", "/dsl"),
        (WANPPP1, "/ppp"),
        (WANIP1, "/ip1"),
        (WANIP2, "/ip2"),
    )

    services = parse_description(body, LOCATION)
    assert [service.service_type for service in services] == [
        WANIP2,
        WANIP1,
        WANPPP1,
        "urn:dslforum-org:service:WANPPPConnection:1",
    ]


NESTED = b"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <device>
    <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
    <serviceList><service>
      <serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
      <controlURL>/l3f</controlURL>
    </service></serviceList>
    <deviceList><device>
      <deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
      <deviceList>
        <device>
          <deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType>
          <serviceList><service>
            <serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType>
            <controlURL>/ppp</controlURL>
          </service></serviceList>
        </device>
        <device>
          <deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType>
          <serviceList><service>
            <serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
            <controlURL>/ip</controlURL>
          </service></serviceList>
        </device>
      </deviceList>
    </device></deviceList>
  </device>
</root>"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(NESTED, id="canonical"),
        pytest.param(b"\r\n" + NESTED + b"\n\0\0", id="quirk-49-nul-tail"),
        pytest.param(
            NESTED.replace(b' xmlns="urn:schemas-upnp-org:device-1-0"', b""),
            id="quirk-46-no-namespace",
        ),
    ],
)
def test_nested_devices(body: bytes) -> None:
    """Services are found wherever they are in the tree of devices."""
    assert parse_description(body, LOCATION) == [
        Service(service_type=WANIP1, control_url="http://192.168.1.1:5000/ip"),
        Service(service_type=WANPPP1, control_url="http://192.168.1.1:5000/ppp"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(describe(), id="no-services"),
        pytest.param(
            describe(("urn:schemas-upnp-org:service:ContentDirectory:1", "/a")),
            id="quirk-39-media-server",
        ),
        pytest.param(b"<root/>", id="nothing"),
        pytest.param(b"<html><body>Login</body></html>", id="page"),
        pytest.param(
            b"<root><service><serviceType/><controlURL/></service></root>", id="empty"
        ),
    ],
)
def test_device_that_maps_nothing(body: bytes) -> None:
    """Many devices are no routers."""
    assert parse_description(body, LOCATION) == []


TAGS = st.sampled_from(["URLBase", "service", "serviceType", "controlURL", "device"])
DOCUMENTS = st.recursive(
    st.sampled_from([SERVICE, "/ctl", "http://192.168.1.1:5/", "http://[", "ctl?a"])
    | st.text(max_size=6).map(
        lambda text: text.replace("<", "").replace("&", "").replace("]]>", "")
    ),
    lambda inner: st.builds(
        lambda tag, children: f"<{tag}>{''.join(children)}</{tag}>",
        TAGS,
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@given(
    st.binary()
    | DOCUMENTS.map(lambda text: f"<root>{text}</root>".encode("utf-8", "replace"))
)
def test_any_description(body: bytes) -> None:
    """Whatever a device sends, control stays at the device."""
    try:
        services = parse_description(body, LOCATION)
    except PortMapError:
        return
    assert all(URL(service.control_url).host == str(GATEWAY) for service in services)


# Over HTTP


async def test_fetch(session: aiohttp.ClientSession, router: Router) -> None:
    """The description of the router names the service."""
    services = await fetch_services(session, URL(router.description_url))

    assert [service.service_type for service in services] == [WANIP2]


@pytest.mark.parametrize("status", [302, 401, 404, 500, 503])
async def test_no_description(
    session: aiohttp.ClientSession, router: Router, status: int
) -> None:
    """A page with another status is no description."""
    router.faults.http.status[Page.DESCRIPTION] = status

    with pytest.raises(PortMapError) as raised:
        await fetch_services(session, URL(router.description_url))
    assert raised.value.reason is Reason.NO_ROUTER
