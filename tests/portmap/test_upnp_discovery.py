"""Tests of UPnP with descriptions of all kinds, of routers and others."""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from unittest.mock import AsyncMock, Mock, patch

import aiohttp
import pytest
from yarl import URL

from custom_components.plex_remote_access.portmap import PortMapError, Reason, discovery
from custom_components.plex_remote_access.portmap.http import LostError
from custom_components.plex_remote_access.portmap.igd import Service
from custom_components.plex_remote_access.portmap.race import first_to_map
from custom_components.plex_remote_access.portmap.ssdp import Answer
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper

from .common import PACKAGE, ROUTE, TARGET
from .scripted import SERVICE, ScriptedGateway, describe, entry

GET = "GetSpecificPortMappingEntry"


@pytest.fixture
def upnp(scripted_upnp: UpnpMapper, gateway: ScriptedGateway) -> UpnpMapper:
    """UPnP with a gateway that maps everything, at first."""
    gateway.replies[GET] = [714, entry()]
    gateway.replies["AddPortMapping"] = [{}]
    gateway.replies["GetExternalIPAddress"] = [{"NewExternalIPAddress": "198.51.100.7"}]
    return scripted_upnp


def answer_of(host: str) -> Answer:
    """Return the answer of a router to a search."""
    return Answer(responder=IPv4Address(host), location=f"http://{host}/root.xml")


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(
            "urn:dslforum-org:service:WANIPConnection:1", id="quirk-46-dslforum"
        ),
        pytest.param("urn:schemas-upnp-org:service:WANPPPConnection:1", id="ppp"),
    ],
)
async def test_service_is_spoken_to_by_its_name(
    upnp: UpnpMapper, gateway: ScriptedGateway, service: str
) -> None:
    """Actions carry the very type that the description has."""
    gateway.description = describe((service, "/UD/?9"))

    await upnp.map(TARGET, 32400)

    posted = gateway.requests[-1]
    assert posted.target == "/UD/?9"
    assert posted.headers["soapaction"] == f'"{service}#{GET}"'
    assert f'xmlns:u="{service}"'.encode() in posted.body


@pytest.mark.parametrize(
    "junk",
    [
        pytest.param("http://127.0.0.1:{closed}/desc.xml", id="quirk-39-closed-port"),
        pytest.param("https://127.0.0.1/desc.xml", id="https"),
        pytest.param("nonsense", id="nonsense"),
    ],
)
async def test_junk_descriptions_are_passed_over(
    upnp: UpnpMapper, gateway: ScriptedGateway, unused_tcp_port: int, junk: str
) -> None:
    """Other devices answer, too, with all kinds of things."""
    location = junk.format(closed=unused_tcp_port)
    gateway.packets.insert(0, gateway.packet(location))

    assert (await upnp.map(TARGET, 32400)).external_port == 32400


async def test_device_without_port_mapping_is_passed_over_quirk_39(
    upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A media server answers as well as the router does."""
    async with ScriptedGateway() as media_server:
        media_server.description = describe(("urn:upnp:service:Media:1", "/media"))
        gateway.packets.insert(0, gateway.packet(media_server.url))

        await upnp.map(TARGET, 32400)

    assert [request.method for request in media_server.requests] == ["GET"]


@pytest.mark.usefixtures("short_waits")
async def test_slow_device_does_not_hide_the_router_quirk_39(
    upnp: UpnpMapper, gateway: ScriptedGateway, socket_enabled: None
) -> None:
    """A description that never comes must not use up the time of the router's."""
    async with ScriptedGateway() as slow:
        slow.hangs = True
        gateway.packets.insert(0, gateway.packet(slow.url))

        assert (await upnp.map(TARGET, 32400)).external_port == 32400


@pytest.mark.usefixtures("short_waits")
async def test_only_junk(upnp: UpnpMapper, gateway: ScriptedGateway) -> None:
    """Without any good description there is no router."""
    gateway.description = describe(("urn:upnp:service:Media:1", "/media"))

    with pytest.raises(PortMapError) as raised:
        await upnp.map(TARGET, 32400)
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.usefixtures("short_waits")
async def test_broken_description(upnp: UpnpMapper, gateway: ScriptedGateway) -> None:
    """A description that cannot be read is told as such, not as silence."""
    gateway.description = b"<root><device>"

    with pytest.raises(PortMapError) as raised:
        await upnp.map(TARGET, 32400)
    assert raised.value.reason is Reason.FAILED


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("192.0.2.99", id="quirk-33-another-host"),
        pytest.param("[::1]", id="quirk-34-loopback"),
    ],
)
async def test_location_that_leads_elsewhere(
    upnp: UpnpMapper, gateway: ScriptedGateway, host: str
) -> None:
    """The router is asked at the address from which it answered, on that port."""
    gateway.packets = [gateway.packet(f"http://{host}:{gateway.port}/description.xml")]

    assert (await upnp.map(TARGET, 32400)).external_port == 32400


@pytest.mark.parametrize(
    "base_is_right", [True, False], ids=["quirk-36-base", "quirk-36-location"]
)
async def test_base_and_location_differ(
    upnp: UpnpMapper,
    gateway: ScriptedGateway,
    base_is_right: bool,
    unused_tcp_port: int,
) -> None:
    """Either may be wrong: the one that answers is spoken to."""
    gateway.replies["GetStatusInfo"] = [401]
    async with ScriptedGateway() as other:
        other.replies.update(gateway.replies)
        right = other if base_is_right else gateway
        port = other.port if base_is_right else unused_tcp_port
        base = f"<URLBase>http://127.0.0.1:{port}/</URLBase>"
        gateway.description = describe((SERVICE, "/control"), head=base)

        assert (await upnp.map(TARGET, 32400)).external_port == 32400

    assert "AddPortMapping" in right.actions


@pytest.mark.usefixtures("short_waits")
async def test_slow_router_quirk_56(upnp: UpnpMapper, gateway: ScriptedGateway) -> None:
    """To add a mapping may take much longer than to describe oneself."""
    gateway.delay = 0.5

    assert (await upnp.map(TARGET, 32400)).external_port == 32400


async def test_router_that_is_slow_in_everything_quirk_56(
    upnp: UpnpMapper, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has answered late is there, and may take as long to describe itself."""
    monkeypatch.setattr(f"{PACKAGE}.const.PATIENCE", 1.3)
    gateway.answers_to = b"Man: ssdp:discover"
    gateway.description_delay = 0.6

    mapping = await first_to_map([upnp], TARGET, 32400, asking=Mock())

    assert mapping.external_port == 32400


@pytest.mark.parametrize(
    ("serving", "later", "found"),
    [
        pytest.param(
            ("192.168.1.2",), "192.168.1.1", "192.168.1.1", id="quirk-43-ours-is-slower"
        ),
        pytest.param(
            ("192.168.1.2",), "192.168.1.2", "192.168.1.2", id="quirk-33-only-that"
        ),
        pytest.param(
            ("192.168.1.1", "192.168.1.2"),
            "192.168.1.2",
            "192.168.1.1",
            id="quirk-33-shared-address",
        ),
    ],
)
async def test_another_router_on_the_link(
    monkeypatch: pytest.MonkeyPatch, serving: tuple[str, ...], later: str, found: str
) -> None:
    """The default gateway is preferred: a mapping elsewhere would open nothing."""
    monkeypatch.setattr(f"{PACKAGE}.const.PATIENCE", 0.5)
    hosts = set(serving)

    async def fetch(_: Mock, url: URL) -> list[Service]:
        if url.host not in hosts:
            raise LostError(Reason.NO_ROUTER, "Nobody is there")
        return [Service(service_type=SERVICE, control_url=str(url))]

    monkeypatch.setattr(f"{PACKAGE}.discovery.fetch_services", fetch)
    route = replace(
        ROUTE,
        gateway=IPv4Address("192.168.1.1"),
        on_link=(IPv4Network("192.168.1.0/24"),),
    )
    answers = asyncio.Queue[Answer]()
    answers.put_nowait(answer_of("192.168.1.2"))

    async def come_later() -> None:
        await asyncio.sleep(0.3)
        hosts.add(later)
        answers.put_nowait(answer_of(later))

    coming = asyncio.create_task(come_later())

    (service,) = await discovery._first_services(Mock(), route, answers, Mock())
    coming.cancel()

    assert URL(service.control_url).host == found


async def test_description_is_read_once_quirk_57(
    upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """The admin pages of routers do not take many requests."""
    mapping = await upnp.map(TARGET, 32400)
    gateway.requests.clear()

    await upnp.verify(mapping)

    assert [request.headers["soapaction"] for request in gateway.requests] == [
        f'"{SERVICE}#{GET}"'
    ]


async def test_address_that_is_ours_no_more(session: aiohttp.ClientSession) -> None:
    """Without our address on the link there is no way to search."""
    route = replace(ROUTE, source=IPv4Address("192.0.2.1"))

    with pytest.raises(PortMapError) as raised:
        await UpnpMapper(session, route).probe()
    assert raised.value.reason is Reason.NO_ROUTER


async def test_other_half_of_a_cluster_quirk_33() -> None:
    """Where nobody serves the description at its own address, the named one counts."""
    own, named = URL("http://192.168.1.1/root.xml"), URL("http://192.168.1.2/root.xml")
    read = AsyncMock(side_effect=[LostError(Reason.NO_ROUTER, "Refused"), [Mock()]])
    with patch.object(discovery, "_read", read):
        assert await discovery._read_first(Mock(), Mock(), [own, named])

    assert [call.args[2] for call in read.call_args_list] == [own, named]
