"""Routers that speak NAT-PMP and PCP otherwise than the standards have it.

With their numbers in the catalogue of quirks. Which protocol is asked next (59) is up
to the race, and which announcements are heard (66) is proved where they are heard.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import IPv4Address
import math

import pytest
import pytest_socket

from custom_components.plex_remote_access.portmap import (
    PortMapError,
    Reason,
    Router as Client,
    Target,
)
from custom_components.plex_remote_access.portmap.model import Mapper, why_not_public
from custom_components.plex_remote_access.portmap.natpmp import NatPmpMapper
from custom_components.plex_remote_access.portmap.pcp import PcpMapper
from custom_components.plex_remote_access.portmap.route import Route
from tests.simulators.router import PacketKind, Protocol, Router

from .common import LOOPBACK, MAPPING, NONCE, OTHER_HOST, ROUTE, TARGET, Clock
from .responder import Responder

NEIGHBOUR = "127.0.0.2"


@pytest.fixture(params=[NatPmpMapper, PcpMapper], ids=["nat-pmp", "pcp"])
def mapper_class(request: pytest.FixtureRequest) -> type[NatPmpMapper | PcpMapper]:
    """Both protocols."""
    chosen: type[NatPmpMapper | PcpMapper] = request.param
    return chosen


@pytest.fixture
def mapper(
    mapper_class: type[NatPmpMapper | PcpMapper], router: Router, clock: Clock
) -> Mapper:
    """One of them with the simulated router."""
    return mapper_class(ROUTE, LOOPBACK, router.natpmp_port)


@pytest.fixture
async def neighbour(
    router: Router, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Router]:
    """The router that has the shared address now, and its own one besides (CARP)."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", NEIGHBOUR])
    monkeypatch.setattr(Route, "is_near", lambda _, near: str(near) == NEIGHBOUR)
    router.faults.packets.answer_from = NEIGHBOUR
    async with Router(host=NEIGHBOUR, natpmp_port=router.natpmp_port) as neighbour:
        yield neighbour


@pytest.mark.parametrize(
    "lifetime",
    [pytest.param(30, id="quirk-59-usual"), pytest.param(900, id="quirk-59-long")],
)
async def test_no_resources_for_good_quirk_59(
    pcp: PcpMapper, router: Router, lifetime: int
) -> None:
    """The router says at once for how long it wants to be left alone.

    https://github.com/tailscale/tailscale/issues/13687
    """
    router.leases = replace(router.leases, pcp_refusal=lifetime)
    router.faults.packets.results[PacketKind.PCP_MAP] = 8

    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is Reason.TABLE_FULL
    assert raised.value.retry_after == lifetime
    assert router.packets == {PacketKind.PCP_MAP: 1}


@pytest.mark.parametrize(
    ("lifetime", "left_alone"),
    [
        pytest.param(30, 30, id="quirk-59-as-long-as-told"),
        pytest.param(86400, 1800, id="quirk-59-but-not-for-ever"),
    ],
)
async def test_refusal_is_honoured(
    pcp: PcpMapper, router: Router, clock: Clock, lifetime: int, left_alone: int
) -> None:
    """The same is not asked again in that time, and nobody waits for it."""
    router.leases = replace(router.leases, pcp_refusal=lifetime)
    router.faults.packets.results[PacketKind.PCP_MAP] = 8
    with pytest.raises(PortMapError):
        await pcp.map(TARGET, 40000)
    router.faults.packets.results.clear()

    clock.now += left_alone - 1
    router.advance(left_alone - 1)
    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is Reason.TABLE_FULL
    assert raised.value.retry_after == 1
    assert router.packets[PacketKind.PCP_MAP] == 1

    clock.now += 1
    router.advance(1)
    assert (await pcp.map(TARGET, 40000)).external_port == 40000


async def test_something_else_may_be_asked_after_a_refusal_quirk_59(
    pcp: PcpMapper, router: Router
) -> None:
    """A refusal is about one request; to close is never put off."""
    mapping = await pcp.map(TARGET, 40000)
    router.faults.packets.results[PacketKind.PCP_MAP] = 8
    with pytest.raises(PortMapError):
        await pcp.map(TARGET, 40000)
    router.faults.packets.results.clear()

    await pcp.release(mapping)
    assert list(router.table) == []
    assert (await pcp.map(TARGET, 40001)).external_port == 40001


async def test_router_begins_anew_after_a_refusal_quirk_59(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """What an offline router refused is asked again as soon as it is back."""
    router.leases = replace(router.leases, pcp_refusal=1800)
    router.wan_address = None
    await pcp.probe()
    with pytest.raises(PortMapError):
        await pcp.map(TARGET, 40000)
    clock.now += 20
    router.set_wan_address("198.51.100.9")

    assert (await pcp.map(TARGET, 40000)).external_port == 40000


async def test_address_changes_and_the_epoch_goes_on_quirk_60(
    mapper: Mapper, router: Router, clock: Clock
) -> None:
    """The address counts as well: https://github.com/miniupnp/miniupnp/issues/254."""
    mapping = await mapper.map(TARGET, 40000)
    assert await mapper.verify(mapping)
    clock.now += 45
    router.advance(45)
    router.wan_address = "198.51.100.99"

    assert not await mapper.verify(mapping)
    assert await mapper.external_address() == IPv4Address("198.51.100.99")


async def test_address_changes_before_the_first_look_quirk_60(
    pcp: PcpMapper, router: Router, clock: Clock
) -> None:
    """PCP told the old address with the mapping."""
    mapping = await pcp.map(TARGET, 40000)
    clock.now += 45
    router.advance(45)
    router.wan_address = "198.51.100.99"

    assert not await pcp.verify(mapping)


async def test_epoch_is_reset_and_nothing_lost_quirk_60(
    mapper: Mapper, router: Router, clock: Clock
) -> None:
    """Asking again does no harm: the same mapping, once."""
    mapping = await mapper.map(TARGET, 40000)
    clock.now += 45
    router.reset_epoch()

    assert not await mapper.verify(mapping)
    assert (await mapper.map(TARGET, 40000)).external_port == 40000
    assert len(router.table) == 1


@pytest.mark.usefixtures("short_waits")
async def test_answer_from_the_real_address_quirk_61(
    mapper: Mapper, neighbour: Router
) -> None:
    """Behind a shared address the one that answers is asked from then on."""
    await mapper.probe()
    mapping = await mapper.map(TARGET, 40000)

    assert await mapper.verify(mapping)
    assert [entry.key for entry in neighbour.table] == [(Protocol.TCP, 40000)]
    await mapper.release(mapping)
    assert list(neighbour.table) == []


@pytest.mark.usefixtures("short_waits")
async def test_answer_from_far_away_quirk_61(mapper: Mapper, router: Router) -> None:
    """Nobody but a neighbour may answer for the router."""
    router.faults.packets.answer_from = NEIGHBOUR

    with pytest.raises(PortMapError) as raised:
        await mapper.probe()
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        pytest.param("192.168.1.55", Reason.DOUBLE_NAT, id="quirk-62-double-nat"),
        pytest.param("100.64.3.4", Reason.CARRIER_NAT, id="quirk-62-carrier-nat"),
    ],
)
@pytest.mark.parametrize("router_options", [{"allow_private_wan": True}], ids=["maps"])
async def test_private_address_is_told_as_is(
    mapper: Mapper, router: Router, address: str, reason: Reason
) -> None:
    """Some routers map on it (MikroTik): the mapping is kept, and the address tells."""
    router.wan_address = address
    mapping = await mapper.map(TARGET, 40000)

    assert why_not_public(await mapper.external_address()) is reason
    assert await mapper.verify(mapping)


async def test_another_port_without_a_word_quirk_63(
    mapper: Mapper, router: Router
) -> None:
    """The mapping tells which one; it is closed as any other."""
    foreign = router.add_foreign(40000)

    mapping = await mapper.map(TARGET, 40000)

    assert mapping.external_port == 40001
    await mapper.release(mapping)
    assert list(router.table) == [foreign]


async def test_second_mapping_quirk_63(pcp: PcpMapper, router: Router) -> None:
    """Suggesting the assigned port, and no other, keeps miniupnpd at one mapping."""
    router.faults.pcp.second_mapping = True
    router.add_foreign(40000)
    mapping = await pcp.map(TARGET, 40000)

    await pcp.map(TARGET, mapping.external_port)
    assert [entry.external_port for entry in router.table] == [40000, 40001]


async def test_nonce_of_an_earlier_run_quirk_64(pcp: PcpMapper, router: Router) -> None:
    """With the nonce that was remembered the mapping is ours, and not doubled."""
    mapping = replace(await pcp.map(TARGET, 40000), granted_at=-math.inf)
    restarted = PcpMapper(ROUTE, LOOPBACK, router.natpmp_port)

    assert not await restarted.verify(mapping)
    await restarted.map(TARGET, mapping.external_port)
    assert [entry.nonce for entry in router.table] == [NONCE]
    await restarted.release(mapping)
    assert list(router.table) == []


async def test_nonce_that_was_lost_quirk_64(pcp: PcpMapper, router: Router) -> None:
    """With another nonce the router refuses, and what stands is left alone."""
    mapping = await pcp.map(TARGET, 40000)
    forgetful = replace(TARGET, nonce=bytes(12))

    with pytest.raises(PortMapError) as mapped:
        await pcp.map(forgetful, 40000)
    with pytest.raises(PortMapError) as released:
        await pcp.release(replace(mapping, target=forgetful))
    assert {mapped.value.reason, released.value.reason} == {Reason.REFUSED}
    assert [entry.nonce for entry in router.table] == [NONCE]


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("00000001 00000102", id="quirk-65-nat-pmp-8-bytes"),
        pytest.param("00800001 00000102", id="quirk-65-nat-pmp-response"),
        pytest.param("02800001 00000708", id="quirk-65-8-bytes"),
        pytest.param("02800001 00000708" + "00" * 16, id="quirk-65-24-bytes"),
        pytest.param("01800004 00000708" + "00" * 16, id="quirk-65-version-1"),
    ],
)
async def test_unsupported_version(
    responder: Responder, clock: Clock, packet: str
) -> None:
    """In any version and size it is understood, after one packet."""
    responder.reply = lambda _: [bytes.fromhex(packet)]

    with pytest.raises(PortMapError) as raised:
        await PcpMapper(ROUTE, LOOPBACK, responder.port).probe()
    assert raised.value.reason is Reason.NO_ROUTER
    assert len(responder.received) == 1


@pytest.mark.parametrize(
    "silent",
    [
        pytest.param("pcp", id="quirk-65-pcp-silent"),
        pytest.param("nat_pmp", id="quirk-65-nat-pmp-silent"),
    ],
)
@pytest.mark.usefixtures("short_waits", "clock")
async def test_one_of_both_is_silent(router: Router, silent: str) -> None:
    """Some servers do not refuse the other version: each protocol is asked by itself."""
    router.faults.packets.drop = {kind for kind in PacketKind if silent in kind}
    mappers = [
        NatPmpMapper(ROUTE, LOOPBACK, router.natpmp_port),
        PcpMapper(ROUTE, LOOPBACK, router.natpmp_port),
    ]
    outcomes = await asyncio.gather(
        *(mapper.map(TARGET, 40000) for mapper in mappers), return_exceptions=True
    )

    assert [
        mapper.method
        for mapper, outcome in zip(mappers, outcomes, strict=True)
        if isinstance(outcome, PortMapError)
    ] == [silent]


@pytest.mark.usefixtures("short_waits")
async def test_protocol_that_is_switched_off(client: Client, router: Router) -> None:
    """Its mapping is lost where the router answers in another one."""
    mapping = await client.map(TARGET, 40000)
    router.faults.packets.drop = set(PacketKind) - {PacketKind.SSDP}

    with pytest.raises(PortMapError):
        await client.verify(mapping)
    assert not await client.verify(mapping, silent_before=True)


@pytest.mark.parametrize(
    ("silent", "target"),
    [
        pytest.param(set(PacketKind), TARGET, id="in-everything"),
        pytest.param({PacketKind.SSDP}, OTHER_HOST, id="pcp-may-not-map-elsewhere"),
    ],
)
@pytest.mark.usefixtures("short_waits")
async def test_silence_proves_nothing(
    client: Client, router: Router, silent: set[PacketKind], target: Target
) -> None:
    """A router that starts anew is silent, in one protocol longer than in another."""
    mapping = replace(MAPPING, target=target)
    router.faults.packets.drop = silent

    with pytest.raises(PortMapError) as raised:
        await client.verify(mapping, silent_before=True)
    assert raised.value.reason is Reason.NO_ROUTER
