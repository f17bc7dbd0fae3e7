"""Tests of UPnP with routers that do not keep to the standard."""

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.simulators.router.http_server import Response

from .common import MAPPING, OTHER_HOST, TARGET
from .scripted import (
    HTML,
    SERVICE,
    Reply,
    ScriptedGateway,
    describe,
    entry,
    fault,
    success,
)

ADD, GET, DELETE = (
    "AddPortMapping",
    "GetSpecificPortMappingEntry",
    "DeletePortMapping",
)
STATUS, ANY = "GetStatusInfo", "AddAnyPortMapping"
WALK, ADDRESS = "GetGenericPortMappingEntry", "GetExternalIPAddress"
PUBLIC = {"NewExternalIPAddress": "198.51.100.7"}
OURS = entry()
PERMANENT = entry(lease=0)
SHORT = entry(description="c0ffee00")
OTHERS = entry(client="192.168.1.77", description="somebody else")


async def test_nothing_odd(agreeing_upnp: UpnpMapper, gateway: ScriptedGateway) -> None:
    """The gateway as it is at first."""
    assert (await agreeing_upnp.map(TARGET, 32400)).external_port == 32400
    assert gateway.actions == [GET, ADD, GET]


async def test_name_that_is_cut_off_quirk_11(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """What we could not know as ours again is replaced by what we can."""
    gateway.replies[GET] = [714, entry(description="Plex Rem"), SHORT]

    mapping = await agreeing_upnp.map(TARGET, 32400)

    assert gateway.actions == [GET, ADD, GET, DELETE, ADD, GET]
    assert await agreeing_upnp.verify(mapping)
    names = [row["NewPortMappingDescription"] for row in gateway.called(ADD)]
    assert names == ["Plex Remote Access (c0ffee00)", "c0ffee00"]


async def test_any_name_is_cut_off_quirk_11(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """What we could not know as ours again is not left open."""
    gateway.replies[GET] = [714, entry(description="c0"), entry(description="c0")]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(TARGET, 32400)

    assert raised.value.reason is Reason.FAILED
    assert gateway.actions == [GET, *[ADD, GET, DELETE] * 2]


async def test_name_is_too_long_quirk_11(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """After 605 the row gets a short name, also from then on, and is known by it."""
    gateway.replies[ADD] = [605, {}]
    gateway.replies[GET] = [714, SHORT]

    mapping = await agreeing_upnp.map(TARGET, 32400)
    await agreeing_upnp.map(mapping.target, mapping.external_port)
    gateway.replies[GET] = [SHORT, 714]
    await agreeing_upnp.release(mapping)

    names = [row["NewPortMappingDescription"] for row in gateway.called(ADD)]
    assert names == ["Plex Remote Access (c0ffee00)", "c0ffee00", "c0ffee00"]
    assert gateway.actions[-3:] == [GET, DELETE, GET]


async def test_any_name_is_too_long_quirk_11(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A router that takes no name at all is asked twice, not for ever."""
    gateway.replies[ADD] = [605]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(TARGET, 32400)
    assert raised.value.reason is Reason.REFUSED
    assert len(gateway.called(ADD)) == 2


async def test_name_that_the_router_cut_off_for_its_own_port_quirk_11(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """Nor is it left open where the router chose the port."""
    gateway.description = describe((f"{SERVICE[:-1]}2", "/control"))
    gateway.replies[GET] = [OTHERS, OTHERS, entry(description="Plex Rem"), 714, OURS]
    gateway.replies[ANY] = [{"NewReservedPort": "32401"}]

    assert (await agreeing_upnp.map(TARGET, 32400)).external_port in range(20000, 60000)
    assert [row["NewExternalPort"] for row in gateway.called(DELETE)] == ["32401"]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(725, id="quirk-1-725"),
        pytest.param(402, id="quirk-2-402"),
        pytest.param(-911, id="quirk-4-private-code"),
        pytest.param(-1, id="quirk-4-another-private-code"),
        pytest.param(899, id="quirk-4-code-of-the-vendor"),
        pytest.param(600, id="bad-value"),
        pytest.param(601, id="value-out-of-range"),
    ],
)
async def test_leases_are_not_supported(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, code: int
) -> None:
    """Routers say in many ways that a mapping has to be permanent."""
    gateway.replies[ADD] = [code, {}]
    gateway.replies[GET] = [714, PERMANENT]

    mapping = await agreeing_upnp.map(TARGET, 32400)
    await agreeing_upnp.map(mapping.target, mapping.external_port)

    assert mapping.good_until is None
    leases = [arguments["NewLeaseDuration"] for arguments in gateway.called(ADD)]
    assert leases == ["3600", "0", "0"]


async def test_same_port_required_quirk_10(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A router that wants both ports to be the same gets its way."""
    gateway.replies[ADD] = [724, {}]
    gateway.replies[GET] = [714, 714, OURS]

    assert (await agreeing_upnp.map(TARGET, 40000)).external_port == 32400


async def test_same_port_required_but_taken_quirk_10(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """With the only possible port taken, the port is what is wrong."""
    gateway.replies[ADD] = [724]
    gateway.replies[GET] = [714, OTHERS]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.PORT_TAKEN
    assert len(gateway.called(ADD)) == 1


async def test_same_port_required_but_refused_quirk_10(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """With the only possible port refused, that is what is wrong."""
    gateway.replies[ADD] = [724, 728]
    gateway.replies[GET] = [714]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.TABLE_FULL


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(718, id="quirk-13-718"),
        pytest.param(501, id="quirk-18-delete-first"),
    ],
)
async def test_conflict_with_itself(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, code: int
) -> None:
    """A router that takes a renewal for a conflict must not make us move."""
    gateway.replies[GET] = [OURS]
    gateway.replies[ADD] = [code, {}]

    mapping = await agreeing_upnp.map(MAPPING.target, MAPPING.external_port)

    assert mapping.external_port == 32400
    ports = {arguments["NewExternalPort"] for arguments in gateway.called(ADD)}
    assert ports == {"32400"}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(501, id="quirk-16-501"),
        pytest.param(718, id="718"),
        pytest.param(729, id="quirk-17-729"),
    ],
)
async def test_port_that_the_router_needs_itself(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, code: int
) -> None:
    """A port may be taken by something that is not in the table."""
    gateway.replies[ADD] = [code, {}]
    gateway.replies[GET] = [714, 714, 714, OURS]

    mapping = await agreeing_upnp.map(TARGET, 443)

    assert mapping.external_port in range(20000, 60000)


async def test_action_failed_for_want_of_leases_quirk_16(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """501 for every port may mean the lease: once without, and it is remembered."""
    gateway.replies[ADD] = [501, 501, 501, 501, {}]
    gateway.replies[GET] = [*[714] * 9, PERMANENT]

    mapping = await agreeing_upnp.map(TARGET, 32400)

    assert mapping.external_port == 32400
    assert mapping.good_until is None
    assert [row["NewLeaseDuration"] for row in gateway.called(ADD)][3:] == ["3600", "0"]
    assert agreeing_upnp.learnt["lease"] == 0


async def test_port_of_the_router_is_no_refusal_quirk_17(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """729 is about the port, also for another host: another port may do."""
    gateway.replies[ADD] = [729, {}]
    gateway.replies[GET] = [714, 714, 714, entry(client="192.0.2.10")]

    mapping = await agreeing_upnp.map(OTHER_HOST, 443)

    assert mapping.external_port in range(20000, 60000)


@pytest.mark.parametrize(
    ("address", "status", "reason"),
    [
        pytest.param("", "Connected", Reason.NO_PUBLIC_ADDRESS, id="quirk-25-empty"),
        pytest.param("", "Up", Reason.NO_PUBLIC_ADDRESS, id="quirk-27-up"),
        pytest.param("", "Disconnected", Reason.WAN_DOWN, id="quirk-25-offline"),
        pytest.param("0.0.0.0", "Connecting", Reason.WAN_DOWN, id="quirk-25-zeros"),
        pytest.param("127.0.0.1", "Up", Reason.DOUBLE_NAT, id="quirk-25-loopback"),
        pytest.param("100.64.3.4", "Up", Reason.CARRIER_NAT, id="quirk-26-carrier-nat"),
        pytest.param("192.168.0.2", "Up", Reason.DOUBLE_NAT, id="quirk-26-private"),
        pytest.param("unknown", "Up", Reason.NO_PUBLIC_ADDRESS, id="word"),
    ],
)
async def test_action_failed_without_public_address(
    agreeing_upnp: UpnpMapper,
    gateway: ScriptedGateway,
    address: str,
    status: str,
    reason: Reason,
) -> None:
    """501 is asked about once, not with twenty other ports."""
    gateway.replies[GET] = [714]
    gateway.replies[ADD] = [501]
    gateway.replies[ADDRESS] = [{"NewExternalIPAddress": address}]
    gateway.replies[STATUS] = [{"NewConnectionStatus": status}]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(TARGET, 40000)
    assert raised.value.reason is reason
    assert len(gateway.called(ADD)) == 1


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param({}, id="quirk-25-nothing"),
        pytest.param({"NewExternalIPAddress": "fe80::1"}, id="ipv6"),
    ],
)
async def test_external_address(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, reply: Reply
) -> None:
    """An answer without an IPv4 address is none."""
    gateway.replies[ADDRESS] = [reply]
    # Not every router has the action (quirk 27).
    gateway.replies[STATUS] = [401]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.external_address()
    assert raised.value.reason is Reason.NO_PUBLIC_ADDRESS


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(HTML, id="quirk-23-page"),
        pytest.param(Response(200, HTML.body), id="quirk-23-page-with-200"),
        pytest.param(Response(200, b""), id="empty"),
        pytest.param(
            Response(200, success("DeletePortMapping", {})), id="another-action"
        ),
    ],
)
async def test_page_is_no_success(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, reply: Reply
) -> None:
    """Only the answer to the action itself counts."""
    gateway.replies[ADD] = [reply]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.FAILED


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Response(500, b""), id="quirk-24-empty-500"),
        pytest.param(
            Response(500, fault(718).replace(b"faultcode", b"faultCode")),
            id="quirk-50-capital-letter",
        ),
    ],
)
async def test_odd_conflict(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, reply: Reply
) -> None:
    """Faults in odd forms mean the same: another port is tried."""
    gateway.replies[ADD] = [reply, {}]
    gateway.replies[GET] = [714, 714, 714, OURS]

    assert (await agreeing_upnp.map(TARGET, 443)).external_port != 443


async def test_answer_in_another_namespace_quirk_50(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A router may mix up namespaces."""
    gateway.replies[ADD] = [Response(200, success(ADD, {}, ADD))]

    assert (await agreeing_upnp.map(TARGET, 32400)).external_port == 32400


async def test_port_was_taken_by_somebody_else_at_once(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """After our delete the port may belong to somebody else, who keeps it."""
    gateway.replies[GET] = [OURS, OTHERS]

    await agreeing_upnp.release(MAPPING)

    assert gateway.actions == [GET, DELETE, GET]
