"""Tests of PCP with the simulated router."""

from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.portmap import (
    Mapping,
    Method,
    PortMapError,
    Reason,
)
from custom_components.plex_remote_access.portmap.pcp import PcpMapper
from custom_components.plex_remote_access.portmap.pcp_packets import (
    MapRequest,
    parse_announce_response,
    parse_map_response,
)
from tests.simulators.router import Origin, PacketKind, Router

from .common import LOOPBACK, NONCE, OTHER_HOST, PACKAGE, ROUTE, TARGET

REQUEST = MapRequest(
    client=LOOPBACK,
    internal=LOOPBACK,
    internal_port=32400,
    nonce=NONCE,
    external_port=40000,
    lifetime=7200,
)


@pytest.fixture
def pcp(router: Router) -> PcpMapper:
    """PCP with the simulated router."""
    return PcpMapper(ROUTE, LOOPBACK, router.natpmp_port)


async def test_life_of_a_mapping(pcp: PcpMapper, router: Router) -> None:
    """Opened with our nonce, kept and closed."""
    await pcp.probe()
    mapping = await pcp.map(TARGET, 40000)
    assert (mapping.method, mapping.external_port) == (Method.PCP, 40000)
    assert mapping.good_until == mapping.granted_at + 7200
    (entry,) = router.table
    assert (entry.external_port, entry.target) == (40000, ("127.0.0.1", 32400))
    assert (entry.origin, entry.nonce) == (Origin.PCP, NONCE)
    assert await pcp.external_address() == IPv4Address("198.51.100.7")
    assert await pcp.verify(mapping)

    await pcp.map(TARGET, 40000)
    assert len(router.table) == 1

    await pcp.release(mapping)
    await pcp.release(mapping)
    assert list(router.table) == []


async def test_other_run_is_known_by_its_nonce_quirk_64(
    pcp: PcpMapper, router: Router
) -> None:
    """What an earlier run mapped is asked for again, and can be closed."""
    mapping = await pcp.map(TARGET, 40000)
    restarted = PcpMapper(ROUTE, LOOPBACK, router.natpmp_port)

    assert not await restarted.verify(replace(mapping, granted_at=float("-inf")))
    assert (await restarted.map(TARGET, 40000)).external_port == 40000
    await restarted.release(mapping)
    assert list(router.table) == []


async def test_somebody_else_cannot_close(pcp: PcpMapper, router: Router) -> None:
    """Without the nonce a mapping stays."""
    mapping = await pcp.map(TARGET, 40000)
    stranger = replace(mapping, target=replace(TARGET, nonce=bytes(12)))

    with pytest.raises(PortMapError) as raised:
        await pcp.release(stranger)
    assert raised.value.reason is Reason.REFUSED
    assert len(router.table) == 1


async def test_another_port_is_told_quirk_63(pcp: PcpMapper, router: Router) -> None:
    """The router may choose another port without a word."""
    foreign = router.add_foreign(40000)

    mapping = await pcp.map(TARGET, 40000)

    assert mapping.external_port != 40000
    assert foreign in router.table


async def test_loss_is_noticed_with_one_packet(pcp: PcpMapper, router: Router) -> None:
    """For all mappings together, and never more often than once a second."""
    router.advance(1000)
    mapping = await pcp.map(TARGET, 40000)
    await pcp.verify(mapping)
    router.restart()
    router.records.clear()
    with patch(f"{PACKAGE}.const.SIGNAL_GAP", 0):
        assert not await pcp.verify(mapping)
    assert sum(router.packets.values()) == 1

    router.records.clear()
    assert not await pcp.verify(mapping)
    assert not await pcp.verify(mapping)
    assert sum(router.packets.values()) == 0


@pytest.mark.parametrize("router_options", [{"nat_pmp": False}])
async def test_router_without_nat_pmp(pcp: PcpMapper, router: Router) -> None:
    """PCP alone does as well."""
    router.advance(1000)
    mapping = await pcp.map(TARGET, 40000)
    with patch(f"{PACKAGE}.const.UDP_WAITS", (0.05,)):
        assert await pcp.verify(mapping)
        router.restart()
        with patch(f"{PACKAGE}.const.SIGNAL_GAP", 0):
            assert not await pcp.verify(mapping)


async def test_third_party(pcp: PcpMapper, router: Router) -> None:
    """Where the router allows it, the mapping leads to another host."""
    router.pcp_third_party = True

    await pcp.map(OTHER_HOST, 40000)

    assert [entry.internal_client for entry in router.table] == ["192.0.2.10"]


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
    """Each result has its reason, and says for how long to leave the router alone."""
    router.faults.packets.results[PacketKind.PCP_MAP] = result

    with pytest.raises(PortMapError) as raised:
        await pcp.map(TARGET, 40000)
    assert raised.value.reason is reason
    assert raised.value.retry_after == lifetime


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.168.1.55", Reason.DOUBLE_NAT),
        ("100.64.3.4", Reason.CARRIER_NAT),
    ],
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


@pytest.mark.parametrize("router_options", [{"pcp": False}])
async def test_router_that_only_speaks_nat_pmp_quirk_65(
    pcp: PcpMapper, router: Router
) -> None:
    """Its refusal of the version ends the waiting, where it answers at all."""
    with patch(f"{PACKAGE}.const.UDP_WAITS", (0.05,)), pytest.raises(PortMapError):
        await pcp.probe()


@given(st.binary(max_size=1200))
def test_any_packet_is_understood_or_passed_over(packet: bytes) -> None:
    """Whatever comes from the network: an answer, nothing or a reason."""
    for read in (
        parse_announce_response,
        lambda data: parse_map_response(data, REQUEST),
    ):
        with suppress(PortMapError):
            read(packet)


def test_mapping_hides_its_nonce() -> None:
    """Who knows it can close the port: it does not end up in a log."""
    mapping = Mapping(
        method=Method.PCP,
        gateway=LOOPBACK,
        target=TARGET,
        external_port=40000,
        granted_at=0,
        good_until=None,
    )

    assert "nonce" not in repr(mapping)
