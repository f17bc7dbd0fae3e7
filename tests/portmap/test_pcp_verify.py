"""PCP tells whether a mapping stands, and at which address."""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address
import math

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.pcp import PcpMapper
from tests.simulators.router import PacketKind, Router

from .common import LOOPBACK, MAPPING, ROUTE, TARGET, Clock
from .responder import Responder

PUBLIC = IPv4Address("198.51.100.7")
NAT_PMP = {PacketKind.NAT_PMP_ADDRESS, PacketKind.NAT_PMP_MAP}


async def test_verify(pcp: PcpMapper, router: Router, clock: Clock) -> None:
    """One question, in NAT-PMP: its answer tells epoch and address at once.

    Only the first time is it found out whether the router speaks that.
    """
    mapping = await pcp.map(TARGET, 40000)
    router.records.clear()
    assert await pcp.verify(mapping)
    assert router.packets == {
        PacketKind.PCP_ANNOUNCE: 1,
        PacketKind.NAT_PMP_ADDRESS: 1,
    }
    clock.now += 45
    router.advance(45)

    router.records.clear()
    assert await pcp.verify(mapping)
    assert router.packets == {PacketKind.NAT_PMP_ADDRESS: 1}


async def test_fifty_servers_cost_one_question(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """All mappings of a router stand and fall together."""
    mapping = await pcp.map(TARGET, 40000)
    await pcp.verify(mapping)
    clock.now += 45
    router.advance(45)
    router.records.clear()

    assert all(await asyncio.gather(*(pcp.verify(mapping) for _ in range(50))))
    assert router.packets == {PacketKind.NAT_PMP_ADDRESS: 1}


async def test_router_with_nat_pmp_switched_off(
    responder: Responder, clock: Clock
) -> None:
    """That it says so is no news of what it granted by PCP."""
    pcp = PcpMapper(ROUTE, LOOPBACK, responder.port)
    switched_off, announced = bytes.fromhex("00800002 000003e8"), bytes([2, 0x80])
    announced += bytes(6) + (1000).to_bytes(4) + bytes(12)
    mapping = replace(MAPPING, granted_at=clock.now)
    responder.replies = [[announced], [switched_off]]

    assert await pcp.verify(mapping)
    clock.now += 1
    responder.replies = [[announced]]
    assert await pcp.verify(mapping)


@pytest.mark.parametrize("times_verified", [0, 1])
@pytest.mark.parametrize(
    "silent", [pytest.param(set(), id="nat-pmp"), pytest.param(NAT_PMP, id="pcp-only")]
)
@pytest.mark.usefixtures("short_waits")
async def test_verify_after_restart(
    pcp: PcpMapper,
    router: Router,
    clock: Clock,
    silent: set[PacketKind],
    times_verified: int,
) -> None:
    """A restart shows in the epoch, also the first time that anybody looks."""
    router.faults.packets.drop = silent
    mapping = await pcp.map(TARGET, 40000)
    await asyncio.gather(*(pcp.verify(mapping) for _ in range(times_verified)))
    clock.now += 45
    router.restart()

    assert not await pcp.verify(mapping)
    assert await pcp.verify(await pcp.map(TARGET, 40000))
    assert len(router.table) == 1


@pytest.mark.parametrize("silent", [set(), NAT_PMP], ids=["nat-pmp", "pcp-only"])
@pytest.mark.usefixtures("short_waits")
async def test_router_that_goes_on(
    pcp: PcpMapper, router: Router, clock: Clock, silent: set[PacketKind]
) -> None:
    """Nothing is asked for anew while nothing happens."""
    router.faults.packets.drop = silent
    mapping = await pcp.map(TARGET, 40000)
    assert await pcp.verify(mapping)
    clock.now += 600
    router.advance(600)
    assert await pcp.verify(mapping)
    clock.now += 3000
    router.advance(3000)

    assert await pcp.verify(mapping)
    assert router.packets[PacketKind.PCP_MAP] == 1


@pytest.mark.usefixtures("short_waits")
async def test_silent_nat_pmp_is_asked_once(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """Nobody waits for it again at each look."""
    router.faults.packets.drop = NAT_PMP
    mapping = await pcp.map(TARGET, 40000)
    await pcp.verify(mapping)
    clock.now += 45
    router.advance(45)
    router.records.clear()

    assert await pcp.verify(mapping)
    assert router.packets == {PacketKind.PCP_ANNOUNCE: 1}


@pytest.mark.usefixtures("short_waits")
async def test_router_that_loses_nat_pmp(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """It is silent once, and from then on asked in PCP."""
    mapping = await pcp.map(TARGET, 40000)
    await pcp.verify(mapping)
    router.faults.packets.drop = NAT_PMP
    clock.now += 45
    router.advance(45)
    with pytest.raises(PortMapError) as raised:
        await pcp.verify(mapping)
    assert raised.value.reason is Reason.NO_ROUTER
    clock.now += 45
    router.advance(45)

    assert await pcp.verify(mapping)


@pytest.mark.usefixtures("short_waits")
async def test_verify_with_silent_router(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """Silence says nothing about the mapping, which stands when it is over."""
    mapping = await pcp.map(TARGET, 40000)
    router.faults.packets.drop = set(PacketKind)
    with pytest.raises(PortMapError) as raised:
        await pcp.verify(mapping)
    assert raised.value.reason is Reason.NO_ROUTER
    clock.now += 45
    router.advance(45)
    router.faults.packets.drop = set()

    assert await pcp.verify(mapping)


@pytest.mark.usefixtures("short_waits")
async def test_router_that_was_silent_tells_its_address_again(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """It is asked in NAT-PMP again: a new address shows, whatever the epoch says."""
    mapping = await pcp.map(TARGET, 40000)
    await pcp.verify(mapping)
    router.faults.packets.drop = set(PacketKind)
    clock.now += 45
    router.advance(45)
    with pytest.raises(PortMapError):
        await pcp.verify(mapping)
    router.faults.packets.drop = set()
    router.wan_address = "198.51.100.99"
    clock.now += 45
    router.advance(45)

    assert not await pcp.verify(mapping)


async def test_other_mappings_tell_of_a_loss(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """A loss that shows when one mapping is made is one of all before it."""
    first = await pcp.map(TARGET, 40000)
    clock.now += 45
    router.restart()
    other = replace(TARGET, port=8123, nonce=bytes(12))
    second = await pcp.map(other, 50000)

    assert not await pcp.verify(first)
    assert await pcp.verify(second)


async def test_wan_down(pcp: PcpMapper, router: Router, clock: Clock) -> None:
    """A mapping on no address is as good as lost; asking again tells why."""
    mapping = await pcp.map(TARGET, 40000)
    assert await pcp.verify(mapping)
    clock.now += 45
    router.advance(45)
    router.wan_address = None

    assert not await pcp.verify(mapping)
    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is Reason.WAN_DOWN


async def test_what_an_earlier_run_remembers(pcp: PcpMapper, router: Router) -> None:
    """Nobody watched meanwhile: it is asked for once more, and not doubled."""
    mapping = await pcp.map(TARGET, 40000)
    restarted = PcpMapper(ROUTE, LOOPBACK, router.natpmp_port)

    assert not await restarted.verify(replace(mapping, granted_at=-math.inf))
    assert await restarted.verify(await restarted.map(TARGET, 40000))
    assert len(router.table) == 1


# The address


async def test_external_address(pcp: PcpMapper, router: Router) -> None:
    """It comes with each mapping and costs nothing."""
    await pcp.map(TARGET, 40000)

    assert await pcp.external_address() == PUBLIC
    assert router.packets == {PacketKind.PCP_MAP: 1}


async def test_external_address_without_mapping(pcp: PcpMapper, router: Router) -> None:
    """NAT-PMP tells it as well."""
    assert await pcp.external_address() == PUBLIC
    assert router.packets == {PacketKind.NAT_PMP_ADDRESS: 1}


async def test_external_address_follows(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """What was told last counts, be it with a mapping or when it was verified."""
    mapping = await pcp.map(TARGET, 40000)
    router.set_wan_address("198.51.100.99")
    clock.now += 45
    assert not await pcp.verify(mapping)
    assert await pcp.external_address() == IPv4Address("198.51.100.99")
    router.set_wan_address("198.51.100.100")

    await pcp.map(TARGET, 40000)
    assert await pcp.external_address() == IPv4Address("198.51.100.100")


async def test_no_public_address(pcp: PcpMapper, router: Router) -> None:
    """A router behind another one has none to tell."""
    router.wan_address = "192.168.1.55"

    with pytest.raises(PortMapError) as raised:
        await pcp.external_address()
    assert raised.value.reason is Reason.NO_PUBLIC_ADDRESS
