"""Tests of UPnP with routers that work only in another way than usual."""

import asyncio

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason, Target
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.simulators.router.http_server import Response

from .common import OTHER_HOST, TARGET
from .scripted import SERVICE, Reply, ScriptedGateway, describe, entry

ADD, GET, DELETE = (
    "AddPortMapping",
    "GetSpecificPortMappingEntry",
    "DeletePortMapping",
)
STATUS = "GetStatusInfo"
WALK, ADDRESS = "GetGenericPortMappingEntry", "GetExternalIPAddress"
CONNECTED = {"NewConnectionStatus": "Connected"}
PUBLIC = {"NewExternalIPAddress": "198.51.100.7"}
OURS = entry()
PERMANENT = entry(lease=0)
OTHERS = entry(client="192.168.1.77", description="somebody else")


SECOND_VERSION = "urn:schemas-upnp-org:service:WANIPConnection:2"


async def test_only_the_longest_lease_quirk_3(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A router that takes neither our lease nor one without an end gets its own."""
    gateway.replies[ADD] = [402, 402, {}]
    gateway.replies[GET] = [714, entry(lease=604800)]

    await agreeing_upnp.map(TARGET, 32400)

    leases = [arguments["NewLeaseDuration"] for arguments in gateway.called(ADD)]
    assert leases == ["3600", "0", "604800"]


async def test_402_for_another_reason_is_not_remembered_quirk_2(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """What no lease cures is no matter of the lease."""
    gateway.replies[ADD] = [402]
    with pytest.raises(PortMapError):
        await agreeing_upnp.map(TARGET, 32400)
    gateway.calls.clear()
    gateway.replies[ADD] = [{}]
    gateway.replies[GET] = [714, OURS]

    await agreeing_upnp.map(TARGET, 32400)

    (added,) = gateway.called(ADD)
    assert added["NewLeaseDuration"] == "3600"


async def test_lease_that_does_not_grow_quirk_6(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A mapping that is not extended is made anew."""
    gateway.replies[GET] = [entry(lease=1700), entry(lease=1700), OURS]

    mapping = await agreeing_upnp.map(TARGET, 32400)

    assert gateway.actions == [GET, ADD, GET, DELETE, ADD, GET]
    assert mapping.good_until is not None


async def test_lease_that_is_always_whole(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A router that does not count it down has extended it: it is not closed."""
    gateway.replies[GET] = [714, entry(lease=1800)]
    await agreeing_upnp.map(TARGET, 32400)

    await agreeing_upnp.map(TARGET, 32400)

    assert DELETE not in gateway.actions


async def test_low_port_is_refused_quirk_9(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """Well-known ports are often forbidden; any other one will do."""
    gateway.replies[ADD] = [606, {}]
    gateway.replies[GET] = [714, 714, OURS]

    assert (await agreeing_upnp.map(TARGET, 443)).external_port >= 1024


@pytest.mark.parametrize("refusal", [401, Response(500, b"")], ids=["401", "500"])
async def test_only_works_as_version_1_quirk_45(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, refusal: Reply
) -> None:
    """A second version that understands nothing is spoken to as the first."""
    gateway.description = describe((SECOND_VERSION, "/control"))
    gateway.replies[ADD] = [refusal, {}]

    await agreeing_upnp.map(TARGET, 32400)

    (_, last) = [
        request.headers["soapaction"]
        for request in gateway.requests
        if ADD in request.headers.get("soapaction", "")
    ]
    assert last == f'"{SECOND_VERSION.removesuffix("2")}1#{ADD}"'


async def test_router_chooses_another_port(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """The second version knows which port is free."""
    gateway.description = describe((SECOND_VERSION, "/control"))
    gateway.replies[GET] = [OTHERS, OTHERS, OURS]
    gateway.replies["AddAnyPortMapping"] = [{"NewReservedPort": "32401"}]

    assert (await agreeing_upnp.map(TARGET, 32400)).external_port == 32401
    assert gateway.called(ADD) == []


@pytest.mark.parametrize("reply", [401, 602, 606, {}], ids=["401", "602", "606", "odd"])
async def test_router_that_cannot_choose_quirk_53(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, reply: Reply
) -> None:
    """Then we choose."""
    gateway.description = describe((SECOND_VERSION, "/control"))
    gateway.replies[GET] = [OTHERS, OTHERS, 714, OURS]
    gateway.replies["AddAnyPortMapping"] = [reply]

    assert (await agreeing_upnp.map(TARGET, 32400)).external_port in range(20000, 60000)


@pytest.mark.parametrize(
    ("statuses", "control"),
    [
        pytest.param(["Disconnected", "Connected"], "/ppp", id="quirk-47-second"),
        pytest.param(["Connected", "Connected"], "/ip", id="quirk-47-both"),
        pytest.param(["Disconnected", "Up"], "/ppp", id="quirk-27-up"),
        pytest.param(["Disconnected", "Disconnected"], "/ip", id="none"),
    ],
)
async def test_one_of_several_connections_is_alive(
    agreeing_upnp: UpnpMapper,
    gateway: ScriptedGateway,
    statuses: list[str],
    control: str,
) -> None:
    """The one that is connected maps."""
    gateway.description = describe(
        (SERVICE, "/ip"), ("urn:schemas-upnp-org:service:WANPPPConnection:1", "/ppp")
    )
    gateway.replies[STATUS] = [{"NewConnectionStatus": status} for status in statuses]

    await agreeing_upnp.map(TARGET, 32400)

    assert gateway.requests[-1].target == control


async def test_connection_that_maps_nothing_quirk_22(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """What a router agrees to and does not do may work at its other connection."""
    gateway.replies[STATUS] = [CONNECTED]
    async with ScriptedGateway() as idle:
        idle.replies |= {STATUS: [CONNECTED], ADDRESS: [PUBLIC], ADD: [{}], GET: [714]}
        gateway.description = describe(
            (SERVICE, f"http://127.0.0.1:{idle.port}/ip"), (SERVICE, "/ppp")
        )

        mapping = await agreeing_upnp.map(TARGET, 32400)

        assert ADD in idle.actions
    assert mapping.external_port == 32400
    assert ADD in gateway.actions


@pytest.mark.parametrize(
    ("status", "hangs"),
    [
        pytest.param(CONNECTED, False, id="quirk-47-up"),
        pytest.param({"NewConnectionStatus": "Offline"}, False, id="quirk-27-down"),
        pytest.param(401, False, id="quirk-27-unknown"),
        pytest.param(CONNECTED, True, id="quirk-47-hangs"),
    ],
)
async def test_connection_without_public_address_is_dead(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, status: Reply, hangs: bool
) -> None:
    """Whatever it says of itself, another one leads to the Internet."""
    gateway.replies[STATUS] = [status]
    async with ScriptedGateway() as dead:
        dead.hangs = hangs
        dead.replies[STATUS] = [status]
        dead.replies[ADDRESS] = [{"NewExternalIPAddress": "0.0.0.0"}]
        gateway.description = describe(
            (SERVICE, f"http://127.0.0.1:{dead.port}/ip"), (SERVICE, "/ppp")
        )

        async with asyncio.timeout(2):
            await agreeing_upnp.map(TARGET, 32400)

    assert ADD in gateway.actions


@pytest.mark.parametrize("target", [TARGET, OTHER_HOST], ids=["this-host", "another"])
async def test_permission_for_each_device_quirk_15(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, target: Target
) -> None:
    """A FRITZ!Box wants a tick for the device; that is told."""
    gateway.description = describe((SERVICE, "/control")).replace(
        b"<device>", b"<device><modelName>FRITZ!Box 7590</modelName>"
    )
    gateway.replies[GET] = [714]
    gateway.replies[ADD] = [606]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(target, 32400)
    assert raised.value.reason is Reason.DEVICE_PERMISSION
