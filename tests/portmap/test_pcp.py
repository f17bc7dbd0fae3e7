"""Tests of PCP with the simulated router."""

import asyncio
from dataclasses import replace

import pytest

from custom_components.plex_remote_access.portmap import (
    Mapping,
    Method,
    PortMapError,
    Reason,
)
from custom_components.plex_remote_access.portmap.pcp import PcpMapper
from tests.simulators.router import LeasePolicy, Origin, PacketKind, Protocol, Router

from .common import LOOPBACK, NONCE, OTHER_HOST, ROUTE, TARGET, Clock
from .responder import Responder

NAT_PMP_VERSION = bytes.fromhex("00000001 00000102")
# version 2, MAP, success, 7200 s, epoch 258
HEADER = bytes.fromhex("02810000 00001c20 00000102 000000000000000000000000")
UNKNOWN = bytes.fromhex("00000000000000000000ffff00000000")


def mapped(external_port: int = 40000, nonce: bytes = NONCE) -> bytes:
    """Return the answer that the mapping is made, on an address that is not told."""
    ports = bytes.fromhex("06 000000 7e90") + external_port.to_bytes(2)
    return HEADER + nonce + ports + UNKNOWN


@pytest.fixture
def scripted(responder: Responder, clock: Clock) -> PcpMapper:
    """PCP with a router that says what the test tells it to say."""
    return PcpMapper(ROUTE, LOOPBACK, responder.port)


# Mapping


async def test_map(pcp: PcpMapper, router: Router) -> None:
    """The mapping stands in the table with our nonce and lasts two hours."""
    assert await pcp.map(TARGET, 40000) == Mapping(
        method=Method.PCP,
        gateway=LOOPBACK,
        target=TARGET,
        external_port=40000,
        granted_at=1000,
        good_until=8200,
    )

    (entry,) = router.table
    assert (entry.key, entry.target) == ((Protocol.TCP, 40000), ("127.0.0.1", 32400))
    assert (entry.origin, entry.nonce) == (Origin.PCP, NONCE)
    assert router.packets == {PacketKind.PCP_MAP: 1}


@pytest.mark.parametrize(
    ("policy", "good_until"),
    [
        pytest.param(LeasePolicy(pcp_longest=600), 1600, id="shorter"),
        pytest.param(LeasePolicy(pcp_shortest=10000), 11000, id="longer"),
        pytest.param(LeasePolicy(pcp_shortest=10**9), 1000 + 86400, id="absurd"),
    ],
)
async def test_what_is_granted_counts(
    pcp: PcpMapper, router: Router, policy: LeasePolicy, good_until: float
) -> None:
    """Not what was asked for, and a day at most."""
    router.leases = policy

    assert (await pcp.map(TARGET, 40000)).good_until == good_until


async def test_extending(pcp: PcpMapper, router: Router, clock: Clock) -> None:
    """Asking again gives the whole time again, to the same mapping."""
    await pcp.map(TARGET, 40000)
    clock.now += 3600
    router.advance(3600)

    extended = await pcp.map(TARGET, 40000)

    assert (extended.granted_at, extended.good_until) == (4600, 4600 + 7200)
    (entry,) = router.table
    assert router.table.remaining(entry) == 7200


async def test_asking_again_keeps_the_port(pcp: PcpMapper, router: Router) -> None:
    """Asking for the assigned port rebuilds the mapping when the router forgot it."""
    router.add_foreign(40000)
    mapping = await pcp.map(TARGET, 40000)
    router.restart()

    assert (await pcp.map(TARGET, mapping.external_port)).external_port == 40001
    assert [entry.external_port for entry in router.table] == [40001]


async def test_third_party(pcp: PcpMapper, router: Router) -> None:
    """Where the router allows it, the mapping leads to another host, and is closed."""
    router.pcp_third_party = True
    mapping = await pcp.map(OTHER_HOST, 40000)
    assert [entry.target for entry in router.table] == [("192.0.2.10", 32400)]

    await pcp.release(mapping)
    assert list(router.table) == []


async def test_third_party_is_refused(pcp: PcpMapper) -> None:
    """As most routers do."""
    with pytest.raises(PortMapError) as raised:
        await pcp.map(OTHER_HOST, 40000)
    assert raised.value.reason is Reason.REFUSED_FOR_OTHER_HOST


@pytest.mark.parametrize(
    ("result", "reason", "lifetime"),
    [
        (2, Reason.REFUSED, 1800),
        (7, Reason.WAN_DOWN, 30),
        (8, Reason.TABLE_FULL, 30),
        (10, Reason.TABLE_FULL, 30),
        (11, Reason.PORT_TAKEN, 30),
        (12, Reason.FAILED, 1800),
        (13, Reason.FAILED, 1800),
    ],
)
async def test_refusals(
    pcp: PcpMapper, router: Router, result: int, reason: Reason, lifetime: int
) -> None:
    """A refusal is told after one packet, with its reason and for how long."""
    router.faults.packets.results[PacketKind.PCP_MAP] = result

    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is reason
    assert raised.value.retry_after == lifetime
    assert router.packets == {PacketKind.PCP_MAP: 1}


@pytest.mark.parametrize(
    ("told", "retry_after"), [(0, 0), (5, 5), (86400, 86400), (10**9, 86400)]
)
async def test_lifetime_of_a_refusal(
    pcp: PcpMapper, router: Router, told: int, retry_after: float
) -> None:
    """The router is left alone for as long as it wants, but for a day at most."""
    router.leases = LeasePolicy(pcp_refusal=told)
    router.wan_down()

    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is Reason.WAN_DOWN
    assert raised.value.retry_after == retry_after


@pytest.mark.parametrize(
    ("address", "reason"),
    [("192.168.1.55", Reason.DOUBLE_NAT), ("100.64.3.4", Reason.CARRIER_NAT)],
)
async def test_refusal_names_the_real_address(
    pcp: PcpMapper, router: Router, address: str, reason: Reason
) -> None:
    """No other protocol says why."""
    router.wan_address = address

    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is reason
    assert address in raised.value.detail


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(mapped(0), id="no-port"),
        pytest.param(mapped()[:4] + bytes(4) + mapped()[8:], id="no-time"),
    ],
)
async def test_grant_of_nothing(
    scripted: PcpMapper, responder: Responder, packet: bytes
) -> None:
    """A mapping without port, or that ends at once, is none."""
    responder.replies = [[packet]]

    with pytest.raises(PortMapError) as raised:
        await scripted.map(TARGET, 40000)
    assert raised.value.reason is Reason.FAILED


async def test_answers_to_others_are_passed_over(
    scripted: PcpMapper, responder: Responder
) -> None:
    """Who does not know the nonce is not believed."""
    responder.replies = [[mapped(50000, bytes(12)), b"\x02\x81", mapped(40000)]]

    assert (await scripted.map(TARGET, 40000)).external_port == 40000


@pytest.mark.usefixtures("short_waits")
async def test_lost_packet(pcp: PcpMapper, router: Router) -> None:
    """A packet may get lost."""
    router.faults.packets.drop_next[PacketKind.PCP_MAP] = 2

    await pcp.map(TARGET, 40000)

    assert router.packets[PacketKind.PCP_MAP] == 3
    assert len(router.table) == 1


@pytest.mark.parametrize("size", [3, 23, 24, 59])
@pytest.mark.usefixtures("short_waits")
async def test_answer_that_is_cut_off(
    pcp: PcpMapper, router: Router, size: int
) -> None:
    """A success that does not say which port is none."""
    router.faults.packets.cut[PacketKind.PCP_MAP] = size

    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.usefixtures("short_waits")
async def test_answer_of_somebody_else(pcp: PcpMapper, router: Router) -> None:
    """Only the router is believed (section 8.3)."""
    router.faults.packets.answer_from = "127.0.0.2"

    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is Reason.NO_ROUTER


async def test_one_request_at_a_time(scripted: PcpMapper, responder: Responder) -> None:
    """The second mapping is asked for when the first one is made."""
    responder.reply = lambda _: [mapped()]
    asked_at_once = asyncio.gather(
        scripted.map(TARGET, 40000), scripted.map(TARGET, 40001)
    )

    await asked_at_once
    assert [packet[42:44].hex() for packet in responder.received] == ["9c40", "9c41"]


@pytest.mark.usefixtures("short_waits")
async def test_address_that_is_not_told(
    scripted: PcpMapper, responder: Responder
) -> None:
    """A router that leaves it out of the mapping, and speaks no NAT-PMP."""
    responder.reply = lambda data: [mapped()] if data[0] else []
    await scripted.map(TARGET, 40000)

    with pytest.raises(PortMapError) as raised:
        await scripted.external_address()
    assert raised.value.reason is Reason.NO_PUBLIC_ADDRESS


# Probing


async def test_probe(pcp: PcpMapper, router: Router) -> None:
    """One packet, which changes nothing."""
    await pcp.probe()

    assert router.packets == {PacketKind.PCP_ANNOUNCE: 1}
    assert len(router.table) == 0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(NAT_PMP_VERSION, id="nat-pmp-only"),
        pytest.param(bytes.fromhex("02800001 00000708"), id="8-bytes"),
        pytest.param(bytes.fromhex("01800001 00000708") + bytes(16), id="24-bytes"),
    ],
)
async def test_probe_of_another_version(
    scripted: PcpMapper, responder: Responder, answer: bytes
) -> None:
    """The router need not be asked again, nor waited for."""
    responder.reply = lambda _: [answer]

    with pytest.raises(PortMapError) as raised:
        await scripted.probe()
    assert raised.value.reason is Reason.NO_ROUTER
    assert len(responder.received) == 1


async def test_probe_of_a_closed_port(pcp: PcpMapper, router: Router) -> None:
    """Where neither protocol is spoken, nobody waits."""
    await router.stop()

    async with asyncio.timeout(0.2):
        with pytest.raises(PortMapError) as raised:
            await pcp.probe()
    assert raised.value.reason is Reason.NO_ROUTER


# Closing


async def test_release(pcp: PcpMapper, router: Router) -> None:
    """The mapping is deleted, and nothing else; also what is not there any more."""
    foreign = router.add_foreign(50000)
    mapping = await pcp.map(TARGET, 40000)

    await pcp.release(mapping)
    await pcp.release(mapping)

    assert list(router.table) == [foreign]
    # Section 15.1: no time, no port and no address.
    packet = router.datagrams[-1].data
    assert packet[4:8] == bytes(4)
    assert packet[24:] == NONCE + bytes.fromhex("06000000 7e90 0000") + UNKNOWN


async def test_release_of_what_is_not_ours(pcp: PcpMapper, router: Router) -> None:
    """Without the nonce a mapping stays."""
    mapping = await pcp.map(TARGET, 40000)
    stranger = replace(mapping, target=replace(TARGET, nonce=bytes(12)))

    with pytest.raises(PortMapError) as raised:
        await pcp.release(stranger)
    assert raised.value.reason is Reason.REFUSED
    assert len(router.table) == 1


async def test_release_while_the_wan_is_down(pcp: PcpMapper, router: Router) -> None:
    """Off is off, also without the Internet."""
    mapping = await pcp.map(TARGET, 40000)
    router.wan_down()

    await pcp.release(mapping)
    assert list(router.table) == []


async def test_router_that_keeps_the_mapping(
    scripted: PcpMapper, responder: Responder
) -> None:
    """A delete that is answered with a lifetime has not deleted."""
    responder.reply = lambda _: [mapped()]
    mapping = await scripted.map(TARGET, 40000)

    with pytest.raises(PortMapError) as raised:
        await scripted.release(mapping)
    assert raised.value.reason is Reason.FAILED


@pytest.mark.usefixtures("short_waits")
async def test_release_with_silent_router(pcp: PcpMapper, router: Router) -> None:
    """Nobody has said that it is closed."""
    mapping = await pcp.map(TARGET, 40000)
    router.faults.packets.drop = set(PacketKind)

    with pytest.raises(PortMapError) as raised:
        await pcp.release(mapping)
    assert raised.value.reason is Reason.NO_ROUTER
