"""Tests of NAT-PMP with the simulated router."""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from custom_components.plex_remote_access.portmap import (
    Mapping,
    Method,
    PortMapError,
    Reason,
)
from custom_components.plex_remote_access.portmap.natpmp import NatPmpMapper
from tests.simulators.router import LeasePolicy, Origin, PacketKind, Protocol, Router

from .common import LOOPBACK, ROUTE, TARGET, Clock
from .responder import Responder

# version, opcode 130, result 0, epoch 258, internal 32400, external 40000, 7200 s
MAPPED = bytes.fromhex("00 82 0000 00000102 7e90 9c40 00001c20")


async def test_external_address(nat_pmp: NatPmpMapper) -> None:
    """The router tells its address."""
    await nat_pmp.probe()

    assert await nat_pmp.external_address() == IPv4Address("198.51.100.7")


async def test_map(nat_pmp: NatPmpMapper, router: Router, clock: Clock) -> None:
    """The mapping stands in the table and lasts two hours."""
    assert await nat_pmp.map(TARGET, 40000) == Mapping(
        method=Method.NAT_PMP,
        gateway=LOOPBACK,
        target=TARGET,
        external_port=40000,
        granted_at=1000,
        good_until=8200,
    )

    (entry,) = router.table
    assert entry.key == (Protocol.TCP, 40000)
    assert entry.target == ("127.0.0.1", 32400)


async def test_shorter_grant_counts(
    nat_pmp: NatPmpMapper, router: Router, clock: Clock
) -> None:
    """What the router grants counts, not what was asked for."""
    router.leases = LeasePolicy(nat_pmp_longest=600)

    mapping = await nat_pmp.map(TARGET, 40000)

    assert mapping.good_until == 1600


async def test_another_port_is_accepted_quirk_63(
    nat_pmp: NatPmpMapper, router: Router
) -> None:
    """The router may assign another port than the one wished for."""
    foreign = router.add_foreign(40000)

    mapping = await nat_pmp.map(TARGET, 40000)

    assert mapping.external_port == 40001
    assert foreign in list(router.table)


async def test_renew_keeps_the_port(nat_pmp: NatPmpMapper, router: Router) -> None:
    """Renewing asks for the assigned port, also when the router forgot it."""
    router.add_foreign(40000)
    mapping = await nat_pmp.map(TARGET, 40000)
    router.restart()

    again = await nat_pmp.map(mapping.target, mapping.external_port)
    assert again.external_port == 40001
    assert [entry.external_port for entry in router.table] == [40001]


async def test_another_port_after_a_restart(
    nat_pmp: NatPmpMapper, router: Router
) -> None:
    """Somebody was faster: that is a mapping with another port."""
    mapping = await nat_pmp.map(TARGET, 40000)
    router.restart()
    router.add_foreign(40000)

    assert (await nat_pmp.map(TARGET, mapping.external_port)).external_port == 40001


async def test_extending(nat_pmp: NatPmpMapper, router: Router, clock: Clock) -> None:
    """Asking again gives the whole time again."""
    await nat_pmp.map(TARGET, 40000)
    clock.now += 3600
    router.advance(3600)

    extended = await nat_pmp.map(TARGET, 40000)

    assert (extended.granted_at, extended.good_until) == (4600, 4600 + 7200)
    (entry,) = router.table
    assert router.table.remaining(entry) == 7200


async def test_verify(nat_pmp: NatPmpMapper, router: Router) -> None:
    """A mapping that stands is told by one question, which changes nothing."""
    mapping = await nat_pmp.map(TARGET, 40000)
    router.records.clear()

    assert await nat_pmp.verify(mapping)
    assert router.packets == {PacketKind.NAT_PMP_ADDRESS: 1}


async def test_verify_after_restart(
    nat_pmp: NatPmpMapper, router: Router, clock: Clock
) -> None:
    """The router has emptied its table, and its epoch tells so."""
    mapping = await nat_pmp.map(TARGET, 40000)
    clock.now += 45
    router.restart()

    assert not await nat_pmp.verify(mapping)
    assert await nat_pmp.verify(await nat_pmp.map(TARGET, 40000))
    assert len(router.table) == 1


async def test_other_mappings_tell_of_a_loss(
    nat_pmp: NatPmpMapper, router: Router, clock: Clock
) -> None:
    """A loss that shows when one mapping is made is one of all before it."""
    first = await nat_pmp.map(TARGET, 40000)
    clock.now += 45
    router.restart()
    second = await nat_pmp.map(replace(TARGET, port=8123), 50000)

    assert not await nat_pmp.verify(first)
    assert await nat_pmp.verify(second)


@pytest.mark.parametrize("wan_address", [None, "100.64.3.4"])
async def test_verify_without_public_address(
    nat_pmp: NatPmpMapper, router: Router, clock: Clock, wan_address: str | None
) -> None:
    """A mapping on no address is as good as lost; asking again tells why."""
    mapping = await nat_pmp.map(TARGET, 40000)
    clock.now += 45
    router.wan_address = wan_address

    assert not await nat_pmp.verify(mapping)
    with pytest.raises(PortMapError) as raised:
        await nat_pmp.map(TARGET, 40000)
    assert raised.value.reason is Reason.NO_PUBLIC_ADDRESS


@pytest.mark.usefixtures("short_waits")
async def test_verify_with_silent_router(nat_pmp: NatPmpMapper, router: Router) -> None:
    """Silence says nothing about the mapping."""
    mapping = await nat_pmp.map(TARGET, 40000)
    router.faults.packets.drop = set(PacketKind)

    with pytest.raises(PortMapError) as raised:
        await nat_pmp.verify(mapping)
    assert raised.value.reason is Reason.NO_ROUTER


async def test_verify_and_address_share_a_question(
    nat_pmp: NatPmpMapper, router: Router, clock: Clock
) -> None:
    """Fifty servers cost two packets, and a second later two more."""
    mapping = await nat_pmp.map(TARGET, 40000)

    assert all(await asyncio.gather(*(nat_pmp.verify(mapping) for _ in range(50))))
    assert await nat_pmp.external_address() == IPv4Address("198.51.100.7")
    assert router.packets[PacketKind.NAT_PMP_ADDRESS] == 1
    clock.now += 1
    assert await nat_pmp.external_address() == IPv4Address("198.51.100.7")
    assert router.packets[PacketKind.NAT_PMP_ADDRESS] == 2


async def test_release(nat_pmp: NatPmpMapper, router: Router) -> None:
    """The mapping is deleted, and nothing else."""
    foreign = router.add_foreign(50000)
    mapping = await nat_pmp.map(TARGET, 40000)

    await nat_pmp.release(mapping)
    await nat_pmp.release(mapping)

    assert list(router.table) == [foreign]
    # Section 3.4: neither a port is suggested nor a time asked for.
    assert router.datagrams[-1].data == bytes.fromhex("00 02 0000 7e90 0000 00000000")


async def test_release_after_this_host_got_another_address(
    nat_pmp: NatPmpMapper, router: Router
) -> None:
    """The old mapping cannot be removed from there, and the new one is not touched."""
    mapping = await nat_pmp.map(TARGET, 40000)
    old = replace(TARGET, address=IPv4Address("127.0.0.9"))

    with pytest.raises(PortMapError):
        await nat_pmp.release(replace(mapping, target=old))
    assert [entry.key for entry in router.table] == [(Protocol.TCP, 40000)]


async def test_only_ours_is_released(nat_pmp: NatPmpMapper, router: Router) -> None:
    """Another port of this host keeps its mapping."""
    other = await nat_pmp.map(replace(TARGET, port=8123), 50000)
    mapping = await nat_pmp.map(TARGET, 40000)

    await nat_pmp.release(mapping)

    assert [entry.external_port for entry in router.table] == [other.external_port]
    assert [entry.origin for entry in router.table] == [Origin.NAT_PMP]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (2, Reason.REFUSED),
        (3, Reason.NO_PUBLIC_ADDRESS),
        (4, Reason.TABLE_FULL),
        (5, Reason.NO_ROUTER),
        (99, Reason.FAILED),
    ],
)
async def test_refusals(
    nat_pmp: NatPmpMapper, router: Router, result: int, reason: Reason
) -> None:
    """A refusal is told with its reason, after one packet."""
    router.faults.packets.results[PacketKind.NAT_PMP_MAP] = result

    with pytest.raises(PortMapError) as raised:
        await nat_pmp.map(TARGET, 40000)
    assert raised.value.reason is reason
    assert router.packets[PacketKind.NAT_PMP_MAP] == 1


@pytest.mark.parametrize("wan_address", [None, "192.168.1.55", "100.64.3.4"])
async def test_router_behind_another_one_quirk_26(
    nat_pmp: NatPmpMapper, router: Router, wan_address: str | None
) -> None:
    """Without a public address the router maps nothing and says so."""
    router.wan_address = wan_address

    with pytest.raises(PortMapError) as raised:
        await nat_pmp.probe()
    assert raised.value.reason is Reason.NO_PUBLIC_ADDRESS


async def test_grant_of_no_time(nat_pmp: NatPmpMapper, router: Router) -> None:
    """A mapping that ends at once is none."""
    router.leases = LeasePolicy(nat_pmp_longest=0)

    with pytest.raises(PortMapError) as raised:
        await nat_pmp.map(TARGET, 40000)
    assert raised.value.reason is Reason.FAILED


async def test_router_that_keeps_the_mapping(
    nat_pmp: NatPmpMapper, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delete that is answered with a lifetime has not deleted."""
    mapping = await nat_pmp.map(TARGET, 40000)
    monkeypatch.setattr("tests.simulators.router.nat_pmp.answer", lambda *_: MAPPED)

    with pytest.raises(PortMapError) as raised:
        await nat_pmp.release(mapping)
    assert raised.value.reason is Reason.FAILED


@pytest.mark.usefixtures("short_waits")
async def test_silent_router(nat_pmp: NatPmpMapper, router: Router) -> None:
    """A router that speaks no NAT-PMP is given up after three packets and a look around."""
    router.faults.packets.drop = set(PacketKind)

    with pytest.raises(PortMapError) as raised:
        await nat_pmp.probe()
    assert raised.value.reason is Reason.NO_ROUTER
    assert router.packets[PacketKind.NAT_PMP_ADDRESS] == 4


@pytest.mark.usefixtures("short_waits")
async def test_lost_packet(nat_pmp: NatPmpMapper, router: Router) -> None:
    """A packet may get lost."""
    router.faults.packets.drop_next[PacketKind.NAT_PMP_MAP] = 1

    await nat_pmp.map(TARGET, 40000)

    assert router.packets[PacketKind.NAT_PMP_MAP] == 2


@pytest.mark.usefixtures("short_waits")
async def test_answer_that_is_cut_off(nat_pmp: NatPmpMapper, router: Router) -> None:
    """Half an answer is none."""
    router.faults.packets.cut = {
        PacketKind.NAT_PMP_ADDRESS: 11,
        PacketKind.NAT_PMP_MAP: 15,
    }

    with pytest.raises(PortMapError) as probing:
        await nat_pmp.probe()
    with pytest.raises(PortMapError) as mapping:
        await nat_pmp.map(TARGET, 40000)
    assert {probing.value.reason, mapping.value.reason} == {Reason.NO_ROUTER}


@pytest.mark.usefixtures("short_waits")
async def test_answer_of_somebody_else(nat_pmp: NatPmpMapper, router: Router) -> None:
    """Only the router is believed (section 3.1)."""
    router.faults.packets.answer_from = "127.0.0.2"

    with pytest.raises(PortMapError) as raised:
        await nat_pmp.map(TARGET, 40000)
    assert raised.value.reason is Reason.NO_ROUTER


async def test_answer_to_another_question(responder: Responder) -> None:
    """What was said about another port, or about UDP, is passed over."""
    responder.replies = [
        [
            bytes.fromhex("0082 0000 00000102 7e91 9c41 00001c20"),
            bytes.fromhex("0081 0000 00000102 7e90 9c42 00001c20"),
            MAPPED,
        ]
    ]

    mapping = await NatPmpMapper(ROUTE, LOOPBACK, responder.port).map(TARGET, 1)

    assert mapping.external_port == 40000
