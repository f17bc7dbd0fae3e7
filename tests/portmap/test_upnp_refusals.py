"""Tests of what UPnP does when the router does not do what it is asked."""

from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.portmap import (
    Mapping,
    Method,
    PortMapError,
    Reason,
    Target,
)
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.simulators.router import Protocol, Router

from .common import DESCRIPTION, LOOPBACK, OTHER_HOST, PACKAGE, TARGET


def actions(router: Router) -> list[str]:
    """Return the actions that the router was asked for."""
    return [call.action for call in router.soap_calls]


async def test_foreign_entry_stays_and_another_port_is_found(
    upnp: UpnpMapper, router: Router
) -> None:
    """A taken port is never touched."""
    foreign = router.add_foreign(40000)

    mapping = await upnp.map(TARGET, 40000)

    assert mapping.external_port in range(20000, 60000)
    assert mapping.external_port != 40000
    assert router.table.get(Protocol.TCP, 40000) == foreign
    assert router.dial("198.51.100.7", mapping.external_port) is not None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"internal_client": "127.0.0.2"}, id="another-client"),
        pytest.param({"internal_port": 8123}, id="another-port"),
        pytest.param({"description": "by hand"}, id="another-description"),
    ],
)
async def test_only_what_matches_in_all_is_ours(
    upnp: UpnpMapper, router: Router, change: dict[str, str]
) -> None:
    """An entry that differs in anything is somebody else's: left as it is."""
    ours = {
        "internal_client": "127.0.0.1",
        "internal_port": 32400,
        "description": DESCRIPTION,
    }
    foreign = router.add_foreign(40000, **(ours | change))  # type: ignore[arg-type]  # mixed values
    mapping = Mapping(
        method=Method.UPNP,
        gateway=LOOPBACK,
        target=TARGET,
        external_port=40000,
        granted_at=0,
        good_until=None,
    )

    assert not await upnp.verify(mapping)
    await upnp.release(mapping)
    assert (await upnp.map(TARGET, 40000)).external_port != 40000

    assert router.table.get(Protocol.TCP, 40000) == foreign


async def test_every_port_is_taken(upnp: UpnpMapper, router: Router) -> None:
    """Another one is tried some times, and then the router is left alone."""
    for port in range(40000, 40021):
        router.add_foreign(port)
    router.faults.soap.refuse = {"AddAnyPortMapping": 728}

    with (
        patch(f"{PACKAGE}.const.RANDOM_PORTS", range(40000, 40021)),
        pytest.raises(PortMapError) as raised,
    ):
        await upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.PORT_TAKEN
    assert "AddPortMapping" not in actions(router)


async def test_refused_for_another_host_quirk_14(
    upnp: UpnpMapper, router: Router
) -> None:
    """718 for a port that is free means that only the asking host is mapped to."""
    with pytest.raises(PortMapError) as raised:
        await upnp.map(OTHER_HOST, 40000)
    assert raised.value.reason is Reason.REFUSED_FOR_OTHER_HOST
    assert actions(router).count("AddPortMapping") == 1


async def test_taken_port_for_another_host(upnp: UpnpMapper, router: Router) -> None:
    """718 for a port that is taken is no refusal yet."""
    router.secure_mode = False
    router.add_foreign(40000)

    mapping = await upnp.map(OTHER_HOST, 40000)

    entry = router.table.get(Protocol.TCP, mapping.external_port)
    assert entry is not None
    assert entry.target == ("192.0.2.10", 32400)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param(401, Reason.REFUSED, id="401-no-such-action"),
        pytest.param(402, Reason.REFUSED, id="quirk-2-402-with-any-lease"),
        pytest.param(403, Reason.REFUSED, id="403-out-of-sync"),
        pytest.param(404, Reason.REFUSED, id="404-no-such-variable"),
        pytest.param(501, Reason.PORT_TAKEN, id="quirk-16-always-501"),
        pytest.param(600, Reason.REFUSED, id="600-bad-value"),
        pytest.param(601, Reason.REFUSED, id="601-value-out-of-range"),
        pytest.param(602, Reason.REFUSED, id="602-not-implemented"),
        pytest.param(603, Reason.TABLE_FULL, id="603-out-of-memory"),
        pytest.param(604, Reason.REFUSED, id="604-human-intervention"),
        pytest.param(605, Reason.REFUSED, id="605-any-name-too-long"),
        pytest.param(606, Reason.REFUSED, id="606-not-authorized"),
        pytest.param(715, Reason.REFUSED, id="715-remote-host-required"),
        pytest.param(716, Reason.REFUSED, id="716-wildcard-port"),
        pytest.param(718, Reason.PORT_TAKEN, id="718-always-a-conflict"),
        pytest.param(725, Reason.REFUSED, id="725-with-any-lease"),
        pytest.param(726, Reason.REFUSED, id="726-only-any-remote-host"),
        pytest.param(727, Reason.REFUSED, id="727-only-all-ports"),
        pytest.param(728, Reason.TABLE_FULL, id="728-table-full"),
        pytest.param(729, Reason.PORT_USED_BY_ROUTER, id="quirk-17-always-729"),
        pytest.param(731, Reason.REFUSED, id="731-read-only"),
        pytest.param(732, Reason.REFUSED, id="732-wildcard-internal-port"),
        pytest.param(733, Reason.REFUSED, id="733-inconsistent"),
        pytest.param(-911, Reason.REFUSED, id="quirk-4-private-code-with-any-lease"),
        pytest.param(899, Reason.REFUSED, id="code-of-the-vendor"),
    ],
)
async def test_refusals(
    upnp: UpnpMapper, router: Router, code: int, reason: Reason
) -> None:
    """A refusal is told with its reason and the router's code."""
    router.faults.soap.refuse = {"AddPortMapping": code, "AddAnyPortMapping": code}

    with pytest.raises(PortMapError) as raised:
        await upnp.map(TARGET, 40000)
    assert raised.value.reason is reason
    assert len(router.table) == 0
    assert actions(router).count("AddPortMapping") <= 6
    assert all(
        int(call.arguments["NewExternalPort"]) and not call.arguments["NewRemoteHost"]
        for call in router.soap_calls
        if call.action == "AddPortMapping"
    )


async def test_not_authorized_for_another_host_quirk_15(
    upnp: UpnpMapper, router: Router
) -> None:
    """606 may mean that the router maps to the asking host only."""
    router.faults.soap.refuse["AddPortMapping"] = 606

    with pytest.raises(PortMapError) as raised:
        await upnp.map(OTHER_HOST, 40000)
    assert raised.value.reason is Reason.REFUSED_FOR_OTHER_HOST


async def test_success_without_mapping_quirk_22(
    upnp: UpnpMapper, router: Router
) -> None:
    """A router that agrees and maps nothing is found out."""
    router.faults.mapping.forget = True

    with pytest.raises(PortMapError) as raised:
        await upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.FAILED


@pytest.mark.parametrize(
    ("wan_address", "reason"),
    [
        pytest.param(None, Reason.WAN_DOWN, id="quirk-25-offline"),
        pytest.param(
            "192.168.1.55", Reason.NO_PUBLIC_ADDRESS, id="quirk-25-empty-address"
        ),
    ],
)
@pytest.mark.parametrize("target", [TARGET, OTHER_HOST], ids=["this-host", "another"])
async def test_no_public_address(
    upnp: UpnpMapper,
    router: Router,
    wan_address: str | None,
    reason: Reason,
    target: Target,
) -> None:
    """501 without a public address is no matter of the port: no storm of retries."""
    router.wan_address = wan_address
    router.secure_mode = False

    with pytest.raises(PortMapError) as raised:
        await upnp.map(target, 40000)
    assert raised.value.reason is reason
    assert actions(router).count("AddPortMapping") == 1
