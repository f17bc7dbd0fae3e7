"""Tests of the router, through whichever protocol it understands first."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from unittest.mock import AsyncMock, patch

import aiohttp
import miniupnpc
import pytest

from custom_components.plex_remote_access.portmap import (
    Mapping,
    Method,
    PortMapError,
    Ports,
    Reason,
    Router,
)
from custom_components.plex_remote_access.portmap.model import Mapper
from custom_components.plex_remote_access.portmap.natpmp import NatPmpMapper
from custom_components.plex_remote_access.portmap.pcp import PcpMapper
from custom_components.plex_remote_access.portmap.route import Route
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.simulators.router import PacketKind, Router as SimulatedRouter

from .common import (
    DESCRIPTION,
    LOOPBACK,
    MAPPING,
    NONCE,
    OTHER_HOST,
    PACKAGE,
    ROUTE,
    TARGET,
)

PCP = {PacketKind.PCP_ANNOUNCE, PacketKind.PCP_MAP}
PMP = {
    PacketKind.NAT_PMP_ADDRESS,
    PacketKind.NAT_PMP_MAP,
    PacketKind.PCP_ANNOUNCE,
    PacketKind.PCP_MAP,
}


@pytest.fixture
def find_route() -> Iterator[AsyncMock]:
    """Say where the router is."""
    with patch(f"{PACKAGE}.router.find_route", return_value=ROUTE) as find_route:
        yield find_route


@pytest.mark.parametrize(
    ("silent", "method"),
    [
        pytest.param({PacketKind.SSDP}, Method.PCP, id="no-upnp"),
        pytest.param(PCP, Method.NAT_PMP, id="no-pcp"),
        pytest.param({*PCP, PacketKind.SSDP}, Method.NAT_PMP, id="only-nat-pmp"),
        pytest.param(PMP, Method.UPNP, id="no-nat-pmp"),
    ],
)
async def test_whichever_answers(
    client: Router, router: SimulatedRouter, silent: set[PacketKind], method: Method
) -> None:
    """One protocol is enough, and nobody waits for the other."""
    router.faults.packets.drop = silent
    async with asyncio.timeout(1.5):
        mapping = await client.map(TARGET, 40000)

    assert mapping.method is method
    (entry,) = router.table
    assert (entry.external_port, entry.target) == (40000, ("127.0.0.1", 32400))
    assert await client.external_address(mapping) == IPv4Address("198.51.100.7")


async def test_only_one_is_asked_for_a_mapping(
    client: Router, router: SimulatedRouter
) -> None:
    """Both answer; the table has one row."""
    await client.map(TARGET, 40000)

    assert len(router.table) == 1


@pytest.mark.parametrize("silent", [{PacketKind.SSDP}, PMP], ids=["nat-pmp", "upnp"])
async def test_life_of_a_mapping(
    client: Router, router: SimulatedRouter, silent: set[PacketKind]
) -> None:
    """Opened, looked after, renewed and closed by the same protocol."""
    router.faults.packets.drop = silent
    mapping = await client.map(TARGET, 40000)

    assert await client.verify(mapping)
    assert (await client.extend(mapping)).external_port == 40000
    assert len(router.table) == 1

    await client.release(mapping)
    assert len(router.table) == 0


async def map_by_pcp(client: Router, router: SimulatedRouter) -> Mapping:
    """Have a mapping by PCP, which the router closes no more by PCP."""
    router.faults.packets.drop = {PacketKind.SSDP}
    mapping = await client.map(TARGET, 40000)
    router.faults.packets.drop = set()
    router.faults.packets.results = {PacketKind.PCP_MAP: 2}
    return mapping


async def test_pcp_closes_nothing_beside_upnp(
    client: Router, router: SimulatedRouter
) -> None:
    """A row of ours that leads to the same port is no reason to leave it open."""
    mapping = await map_by_pcp(client, router)
    other = await client.mappers(TARGET)[-1].map(TARGET, 50000)

    await client.release(mapping)

    assert [entry.external_port for entry in router.table] == [other.external_port]


async def test_upnp_takes_the_place_of_pcp(
    client: Router, router: SimulatedRouter
) -> None:
    """The port stays the same, and closing the old mapping does not close the new."""
    mapping = await map_by_pcp(client, router)
    await client.mappers(TARGET)[-1].map(TARGET, 40000)

    await client.release(mapping)

    assert [entry.description for entry in router.table] == [DESCRIPTION]


@pytest.mark.parametrize("upnp", [True, False])
async def test_pcp_closes_nothing_for_anybody(
    client: Router, router: SimulatedRouter, upnp: bool
) -> None:
    """What is not known for ours is left alone, and not told to be closed."""
    mapping = await map_by_pcp(client, router)
    (entry,) = router.table
    router.table.put(replace(entry, description="something else"))
    router.faults.packets.drop = set() if upnp else {PacketKind.SSDP}

    with pytest.raises(PortMapError, match="not authorized"):
        await client.release(mapping)

    assert len(router.table) == 1


async def test_mapping_of_an_earlier_run_is_released(
    session: aiohttp.ClientSession, client: Router, router: SimulatedRouter
) -> None:
    """Who knows a mapping can close it, also after a restart."""
    mapping = await client.map(TARGET, 40000)
    ports = Ports(pcp=router.natpmp_port, ssdp=router.ssdp_port)
    restarted = Router(session, gateway=LOOPBACK, ports=ports)

    await restarted.release(mapping)

    assert len(router.table) == 0


async def test_nothing_to_tidy_where_nobody_speaks_upnp(
    client: Router, router: SimulatedRouter
) -> None:
    """A router that is silent in one protocol is no obstacle in the other."""
    router.faults.packets.drop = {PacketKind.SSDP}
    mapping = await client.map(TARGET, 40000)

    await client.tidy(TARGET, mapping)

    assert [entry.external_port for entry in router.table] == [40000]


async def test_independent_witness(client: Router, router: SimulatedRouter) -> None:
    """Another client finds in the table what we were told that stands there."""
    router.faults.packets.drop = PMP
    mapping = await client.map(TARGET, 40000)

    witness = miniupnpc.UPnP()
    await asyncio.to_thread(witness.selectigd, router.description_url)
    row = await asyncio.to_thread(
        witness.getspecificportmapping, mapping.external_port, "TCP"
    )
    assert row[:4] == ("127.0.0.1", 32400, DESCRIPTION, True)


async def test_nat_pmp_is_not_asked_for_another_host(
    client: Router, router: SimulatedRouter
) -> None:
    """NAT-PMP would map to this host instead."""
    router.secure_mode = False

    mapping = await client.map(OTHER_HOST, 40000)

    assert mapping.method is Method.UPNP
    assert PacketKind.NAT_PMP_ADDRESS not in router.packets
    assert [entry.internal_client for entry in router.table] == ["192.0.2.10"]


async def test_one_refuses_and_the_other_maps(
    client: Router, router: SimulatedRouter
) -> None:
    """A protocol that is switched off is not the last word."""
    router.faults.packets.drop = PCP
    router.faults.packets.results[PacketKind.NAT_PMP_MAP] = 2
    router.faults.packets.results[PacketKind.NAT_PMP_ADDRESS] = 2

    assert (await client.map(TARGET, 40000)).method is Method.UPNP


async def test_one_agrees_and_does_not_map(
    client: Router, router: SimulatedRouter
) -> None:
    """A probe that succeeds promises nothing: the other one is still asked."""
    router.faults.packets.results[PacketKind.PCP_MAP] = 8

    assert (await client.map(TARGET, 40000)).method is Method.NAT_PMP


async def test_owner_need_not_wait_for_a_refusal_to_end(
    client: Router, router: SimulatedRouter
) -> None:
    """Who has just changed the router's settings tries again at once."""
    router.faults.packets.drop = {PacketKind.SSDP, PacketKind.NAT_PMP_ADDRESS}
    router.faults.packets.results[PacketKind.PCP_MAP] = 2
    with pytest.raises(PortMapError):
        await client.map(TARGET, 40000)
    router.faults.packets.results.clear()

    client.forget()

    assert (await client.map(TARGET, 40000)).method is Method.PCP


async def test_both_agree_and_do_not_map_quirk_59(
    client: Router, router: SimulatedRouter
) -> None:
    """Nor do two."""
    router.faults.packets.results[PacketKind.PCP_MAP] = 8
    router.faults.packets.results[PacketKind.NAT_PMP_MAP] = 4

    assert (await client.map(TARGET, 40000)).method is Method.UPNP


@pytest.mark.usefixtures("short_waits")
async def test_no_router_at_all(
    session: aiohttp.ClientSession, unused_udp_port: int
) -> None:
    """Silence on all protocols is told in the time of one of them."""
    ports = Ports(pcp=unused_udp_port, ssdp=unused_udp_port)
    client = Router(session, gateway=LOOPBACK, ports=ports)
    async with asyncio.timeout(1):
        with pytest.raises(PortMapError) as raised:
            await client.map(TARGET, 40000)
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.parametrize("known", [False, True], ids=["first-time", "worked-before"])
async def test_silence_is_told_within_three_seconds(
    client: Router, router: SimulatedRouter, known: bool
) -> None:
    """The owner waits for the verdict."""
    if known:
        await client.map(TARGET, 40000)
    router.faults.packets.drop = set(PacketKind)
    async with asyncio.timeout(3):
        with pytest.raises(PortMapError) as raised:
            await client.map(TARGET, 40000)
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.parametrize(
    ("told", "hidden"),
    [
        (Reason.TABLE_FULL, Reason.PORT_TAKEN),
        (Reason.PORT_TAKEN, Reason.REFUSED_FOR_OTHER_HOST),
        (Reason.REFUSED_FOR_OTHER_HOST, Reason.NO_PUBLIC_ADDRESS),
        (Reason.NO_PUBLIC_ADDRESS, Reason.REFUSED),
        (Reason.REFUSED, Reason.FAILED),
        (Reason.FAILED, Reason.NO_ROUTER),
        (Reason.TABLE_FULL, Reason.NO_ROUTER),
    ],
)
@pytest.mark.parametrize(
    ("one", "other"), [(NatPmpMapper, UpnpMapper), (UpnpMapper, NatPmpMapper)]
)
async def test_most_telling_error(
    client: Router, told: Reason, hidden: Reason, one: type[Mapper], other: type[Mapper]
) -> None:
    """Of two failures the one that helps the owner is told."""
    with (
        patch.object(one, "probe", side_effect=PortMapError(told, "")),
        patch.object(other, "probe", side_effect=PortMapError(hidden, "")),
        patch.object(PcpMapper, "probe", side_effect=PortMapError(hidden, "")),
        pytest.raises(PortMapError) as raised,
    ):
        await client.map(TARGET, 40000)
    assert raised.value.reason is told


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.find_target("127.0.0.1", 32400, DESCRIPTION, NONCE),
        lambda client: client.map(TARGET, 40000),
        lambda client: client.extend(MAPPING),
        lambda client: client.verify(MAPPING),
        lambda client: client.release(MAPPING),
        lambda client: client.external_address(MAPPING),
    ],
    ids=["find_target", "map", "renew", "verify", "release", "external_address"],
)
async def test_no_route(
    client: Router,
    find_route: AsyncMock,
    call: Callable[[Router], Awaitable[object]],
) -> None:
    """Without a route to the Internet every method says so in the same way."""
    find_route.return_value = None

    with pytest.raises(PortMapError) as raised:
        await call(client)
    assert raised.value.reason is Reason.NO_ROUTER


async def test_another_gateway_is_searched_anew(
    client: Router, router: SimulatedRouter, find_route: AsyncMock
) -> None:
    """What was known of one router is not used for the next one."""
    router.faults.packets.drop = PMP
    mapping = await client.map(TARGET, 40000)
    await client.verify(mapping)
    searches = router.packets[PacketKind.SSDP]
    find_route.return_value = replace(ROUTE, on_link=(IPv4Network("10.0.0.0/24"),))

    await client.verify(mapping)

    assert router.packets[PacketKind.SSDP] > searches


async def test_same_gateway_is_described_once(
    client: Router, router: SimulatedRouter
) -> None:
    """What is known of a router is not asked again."""
    router.faults.packets.drop = PMP
    mapping = await client.map(TARGET, 40000)
    router.records.clear()

    await client.verify(mapping)

    assert [request.method for request in router.http_requests] == ["POST"]
    assert PacketKind.SSDP not in router.packets


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param("127.0.0.1", "10.0.0.7", id="loopback"),
        pytest.param("localhost", "10.0.0.7", id="localhost"),
        pytest.param("10.0.0.50", "10.0.0.50", id="another-host"),
    ],
)
async def test_target(
    client: Router, find_route: AsyncMock, host: str, address: str
) -> None:
    """The router is told the address on its own link, also for this host."""
    find_route.return_value = Route(
        gateway=IPv4Address("10.0.0.1"), source=IPv4Address("10.0.0.7"), on_link=()
    )

    target = await client.find_target(host, 32400, DESCRIPTION, NONCE)

    assert target == replace(TARGET, address=IPv4Address(address))


async def test_cancelling_leaves_nothing_behind(
    client: Router, router: SimulatedRouter
) -> None:
    """Home Assistant may stop while the router is being searched."""
    router.faults.packets.drop = set(PacketKind)
    task = asyncio.create_task(client.map(TARGET, 40000))
    async with asyncio.timeout(5):
        while PacketKind.SSDP not in router.packets:
            await asyncio.sleep(0.01)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(router.table) == 0
