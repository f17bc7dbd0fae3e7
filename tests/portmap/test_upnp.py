"""Tests of port mapping through UPnP with the simulated router."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address

import aiohttp
import miniupnpc
import pytest

from custom_components.plex_remote_access.portmap import (
    Mapping,
    Method,
    PortMapError,
    Reason,
)
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.simulators.router import LeasePolicy, Page, Protocol, Router

from .common import DESCRIPTION, LOOPBACK, PACKAGE, ROUTE, TARGET, Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still."""
    clock = Clock()
    monkeypatch.setattr(f"{PACKAGE}.model.time", clock)
    return clock


async def witness(router: Router, port: int) -> tuple[object, ...] | None:
    """Return what an independent client reads in the router's table."""
    client = miniupnpc.UPnP()
    await asyncio.to_thread(client.selectigd, router.description_url)
    row: tuple[object, ...] | None = await asyncio.to_thread(
        client.getspecificportmapping, port, "TCP"
    )
    return row


def actions(router: Router) -> list[str]:
    """Return the actions that the router was asked for."""
    return [call.action for call in router.soap_calls]


async def test_independent_witness(upnp: UpnpMapper, router: Router) -> None:
    """Another client finds the mapping, and finds it gone after its release."""
    mapping = await upnp.map(TARGET, 40000)
    assert await witness(router, 40000) == (
        "127.0.0.1",
        32400,
        DESCRIPTION,
        True,
        3600,
    )

    await upnp.release(mapping)
    assert await witness(router, 40000) is None


async def test_map(upnp: UpnpMapper, router: Router, clock: Clock) -> None:
    """The mapping is read back."""
    assert await upnp.map(TARGET, 40000) == Mapping(
        method=Method.UPNP,
        gateway=LOOPBACK,
        target=TARGET,
        external_port=40000,
        granted_at=1000,
        good_until=4600,
    )
    assert actions(router) == [
        "GetSpecificPortMappingEntry",
        "AddPortMapping",
        "GetSpecificPortMappingEntry",
    ]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        pytest.param("NewRemoteHost", "", id="quirk-7-empty-remote-host"),
        pytest.param("NewExternalPort", "40000", id="external-port"),
        pytest.param("NewProtocol", "TCP", id="quirk-8-upper-case"),
        pytest.param("NewInternalPort", "32400", id="internal-port"),
        pytest.param("NewInternalClient", "127.0.0.1", id="quirk-12-ipv4"),
        pytest.param("NewEnabled", "1", id="quirk-8-digit"),
        pytest.param("NewPortMappingDescription", DESCRIPTION, id="description"),
        pytest.param("NewLeaseDuration", "3600", id="lease"),
    ],
)
async def test_arguments(
    upnp: UpnpMapper, router: Router, argument: str, value: str
) -> None:
    """Routers are particular about tokens."""
    await upnp.map(TARGET, 40000)

    assert router.soap_calls[1].arguments[argument] == value


async def test_order_of_the_arguments(upnp: UpnpMapper, router: Router) -> None:
    """Some routers read arguments by their place."""
    await upnp.map(TARGET, 40000)

    assert list(router.soap_calls[1].arguments) == [
        "NewRemoteHost",
        "NewExternalPort",
        "NewProtocol",
        "NewInternalPort",
        "NewInternalClient",
        "NewEnabled",
        "NewPortMappingDescription",
        "NewLeaseDuration",
    ]


@pytest.mark.parametrize(
    ("granted", "good_until"),
    [
        pytest.param(600, 1600, id="shorter"),
        pytest.param(86400, 87400, id="quirk-5-longer"),
        pytest.param(None, None, id="permanent"),
    ],
)
async def test_granted_lease_counts(
    upnp: UpnpMapper,
    router: Router,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    granted: int | None,
    good_until: float | None,
) -> None:
    """What is read back counts, not what was asked for."""
    monkeypatch.setattr(LeasePolicy, "upnp", lambda *_: granted)

    mapping = await upnp.map(TARGET, 40000)

    assert mapping.good_until == good_until


async def test_only_permanent_leases_quirk_1(
    upnp: UpnpMapper, router: Router, clock: Clock
) -> None:
    """After 725 the mapping has no end, and the router is not asked twice."""
    router.faults.mapping.permanent_only = True

    mapping = await upnp.map(TARGET, 40000)
    router.records.clear()
    await upnp.map(mapping.target, mapping.external_port)

    assert mapping.good_until is None
    assert [
        call.arguments["NewLeaseDuration"]
        for call in router.soap_calls
        if call.action == "AddPortMapping"
    ] == ["0"]


async def test_external_address(upnp: UpnpMapper) -> None:
    """The router tells its address."""
    assert await upnp.external_address() == IPv4Address("198.51.100.7")


async def test_leftovers_are_removed(upnp: UpnpMapper, router: Router) -> None:
    """What we lost track of is found by its description; all else is left alone."""
    await upnp.map(TARGET, 40000)
    await upnp.map(TARGET, 40001)
    foreign = router.add_foreign(40002)

    await upnp.tidy(TARGET, 40001)
    assert [entry.external_port for entry in router.table] == [40001, 40002]

    await upnp.tidy(TARGET, None)
    assert list(router.table) == [foreign]


async def test_no_external_address_quirk_25(upnp: UpnpMapper, router: Router) -> None:
    """A router behind another one answers with an empty text."""
    router.wan_address = "192.168.1.55"

    with pytest.raises(PortMapError) as raised:
        await upnp.external_address()
    assert raised.value.reason is Reason.NO_PUBLIC_ADDRESS


async def test_verify(upnp: UpnpMapper, router: Router) -> None:
    """What stands is told, and so is what the router forgot."""
    mapping = await upnp.map(TARGET, 40000)
    assert await upnp.verify(mapping)

    router.restart()
    assert not await upnp.verify(mapping)


async def test_renew_rebuilds(upnp: UpnpMapper, router: Router) -> None:
    """Renewing makes a lost mapping again, at the same port."""
    mapping = await upnp.map(TARGET, 40000)
    router.restart()

    assert (
        await upnp.map(mapping.target, mapping.external_port)
    ).external_port == 40000
    assert router.table.get(Protocol.TCP, 40000) is not None


async def test_renew_extends(upnp: UpnpMapper, router: Router) -> None:
    """Renewing a mapping that stands gives it the full time again."""
    mapping = await upnp.map(TARGET, 40000)
    router.advance(3000)
    await upnp.map(mapping.target, mapping.external_port)

    (entry,) = router.table
    assert router.table.remaining(entry) == 3600


async def test_renewals_do_not_fill_the_table_quirk_19(
    session: aiohttp.ClientSession, upnp: UpnpMapper, router: Router
) -> None:
    """However often it is renewed, also by a later run, it is one row."""
    mapping = await upnp.map(TARGET, 40000)
    await upnp.map(mapping.target, mapping.external_port)
    restarted = UpnpMapper(session, ROUTE, router.ssdp_port)
    await restarted.map(mapping.target, mapping.external_port)

    assert [entry.external_port for entry in router.table] == [40000]


async def test_release_twice(upnp: UpnpMapper, router: Router) -> None:
    """What is gone is not asked to go again."""
    mapping = await upnp.map(TARGET, 40000)
    foreign = router.add_foreign(40001)

    await upnp.release(mapping)
    router.records.clear()
    await upnp.release(mapping)

    assert list(router.table) == [foreign]
    assert actions(router) == ["GetSpecificPortMappingEntry"]


async def test_release_refused(upnp: UpnpMapper, router: Router) -> None:
    """A router that does not delete is found out."""
    mapping = await upnp.map(TARGET, 40000)
    router.faults.soap.refuse["DeletePortMapping"] = 606

    with pytest.raises(PortMapError) as raised:
        await upnp.release(mapping)
    assert raised.value.reason is Reason.REFUSED


@pytest.mark.parametrize("page", [Page.DESCRIPTION, Page.CONTROL])
@pytest.mark.usefixtures("short_waits")
async def test_page_that_hangs(upnp: UpnpMapper, router: Router, page: Page) -> None:
    """A router that takes requests and never answers is given up."""
    router.faults.http.hang = {page}

    async with asyncio.timeout(3):
        with pytest.raises(PortMapError) as raised:
            await upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.NO_ROUTER


async def test_wrong_location_quirk_33(
    session: aiohttp.ClientSession, upnp: UpnpMapper, router: Router
) -> None:
    """A router that names another host is asked at its own address."""
    router.faults.search.location_host = "192.0.2.99"

    await upnp.probe()

    assert router.http_requests[0].target == "/rootDesc.xml"


@pytest.mark.usefixtures("short_waits")
async def test_router_without_upnp(upnp: UpnpMapper, router: Router) -> None:
    """A router that answers to no search is given up."""
    await router.stop()

    with pytest.raises(PortMapError) as raised:
        await upnp.probe()
    assert raised.value.reason is Reason.NO_ROUTER


async def test_new_control_port_after_restart_quirk_37(
    upnp: UpnpMapper, router: Router
) -> None:
    """A router that moved is searched again: not later than at the next call."""
    mapping = await upnp.map(TARGET, 40000)
    await router.stop()
    router.http_port = 0
    await router.start()

    with suppress(PortMapError):
        await upnp.verify(mapping)

    assert not await upnp.verify(mapping)
    assert (
        await upnp.map(mapping.target, mapping.external_port)
    ).external_port == 40000


@pytest.mark.parametrize(
    "options",
    [{"igd_version": 1}, {"igd_version": 2}, {"ppp": True}],
    ids=["igd-1", "igd-2", "ppp"],
)
async def test_kinds_of_gateways(
    session: aiohttp.ClientSession, options: dict[str, object]
) -> None:
    """All kinds of gateways map."""
    async with Router(**options) as router:  # type: ignore[arg-type]  # mixed values
        upnp = UpnpMapper(session, ROUTE, router.ssdp_port)
        mapping = await upnp.map(TARGET, 40000)

        assert await upnp.verify(mapping)
        assert await witness(router, 40000) is not None


async def test_two_servers_share_a_router(upnp: UpnpMapper, router: Router) -> None:
    """Each has its port; releasing one leaves the other alone."""
    other = replace(TARGET, port=32500, description="Plex Remote Access (deadbeef)")
    mapping = await upnp.map(TARGET, 40000)
    another = await upnp.map(other, 40000)

    await upnp.release(mapping)

    assert not await upnp.verify(mapping)
    assert await upnp.verify(another)
