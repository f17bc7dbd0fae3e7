"""Tests of UPnP with routers that have several services, and for several servers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import IPv4Address
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper

from .common import MAPPING, PACKAGE, TARGET
from .scripted import SERVICE, ScriptedGateway, describe, entry

ADD, GET, DELETE = (
    "AddPortMapping",
    "GetSpecificPortMappingEntry",
    "DeletePortMapping",
)
STATUS, WALK = "GetStatusInfo", "GetGenericPortMappingEntry"
ADDRESS = "GetExternalIPAddress"
ONLINE = {"NewConnectionStatus": "Connected"}
OFFLINE = {"NewConnectionStatus": "Disconnected"}
PUBLIC = {"NewExternalIPAddress": "198.51.100.8"}
NOWHERE = {"NewExternalIPAddress": "0.0.0.0"}
OURS = entry()


@pytest.fixture
async def first(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> AsyncIterator[ScriptedGateway]:
    """What is asked first by a router that has two services."""
    async with ScriptedGateway() as first:
        first.replies |= {STATUS: [ONLINE], ADDRESS: [PUBLIC], GET: [714], WALK: [713]}
        gateway.replies |= {STATUS: [ONLINE]}
        gateway.description = describe(
            (SERVICE, f"http://127.0.0.1:{first.port}/ip"), (SERVICE, "/ppp")
        )
        yield first


@pytest.mark.parametrize("hangs", [False, True])
async def test_release_through_each(
    agreeing_upnp: UpnpMapper,
    gateway: ScriptedGateway,
    first: ScriptedGateway,
    hangs: bool,
) -> None:
    """Whatever an earlier run chose: nothing of ours is left, and a dead one no matter."""
    gateway.replies[GET] = [OURS, 714]
    await agreeing_upnp.probe()
    gateway.hangs = hangs

    with patch(f"{PACKAGE}.const.UNDO_TIMEOUT", 1.0):
        await agreeing_upnp.release(MAPPING)

    assert GET in first.actions
    assert (DELETE in gateway.actions) is not hangs


async def test_leftovers_in_each(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, first: ScriptedGateway
) -> None:
    """What is not known of is closed wherever it is."""
    row = {**OURS, "NewExternalPort": "40000", "NewProtocol": "TCP"}
    gateway.replies[WALK] = [row, 713]

    await agreeing_upnp.tidy(TARGET, None)

    assert WALK in first.actions
    assert DELETE in gateway.actions


async def test_fail_over(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, first: ScriptedGateway
) -> None:
    """A router that goes on through its other connection is followed."""
    await agreeing_upnp.external_address()
    first.replies |= {STATUS: [OFFLINE], ADDRESS: [NOWHERE]}

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.external_address()

    assert raised.value.reason is Reason.WAN_DOWN
    address = await agreeing_upnp.external_address()
    assert address == IPv4Address("198.51.100.7")


async def test_all_are_down(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, first: ScriptedGateway
) -> None:
    """Where there is nothing better, nothing changes."""
    await agreeing_upnp.external_address()
    first.replies |= {STATUS: [OFFLINE], ADDRESS: [NOWHERE]}
    gateway.replies |= {STATUS: [OFFLINE], ADDRESS: [NOWHERE]}
    with pytest.raises(PortMapError):
        await agreeing_upnp.external_address()
    first.replies |= {STATUS: [ONLINE], ADDRESS: [PUBLIC]}

    address = await agreeing_upnp.external_address()
    assert address == IPv4Address("198.51.100.8")


async def test_two_servers_want_one_port(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """Opened together, the second looks when the first has the port: it asks for another."""
    other = replace(TARGET, port=32401, description="Plex Remote Access (beef0000)")
    others = entry(port=32401, description=other.description)
    gateway.replies[GET] = [714, OURS, OURS, OURS, 714, others]
    await agreeing_upnp.probe()
    gateway.delay = 0.02

    one, two = await asyncio.gather(
        agreeing_upnp.map(TARGET, 40000), agreeing_upnp.map(other, 40000)
    )

    assert one.external_port == 40000
    assert two.external_port != 40000
