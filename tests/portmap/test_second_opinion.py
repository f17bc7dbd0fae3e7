"""Tests of what miniupnpc does for routers whose description we cannot read."""

import sys
import threading
from unittest.mock import Mock, patch

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.second_opinion import SecondOpinion
from custom_components.plex_remote_access.portmap.soap import SoapFault
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.simulators.router import Router, igd

from .common import DESCRIPTION, OTHER_HOST, PACKAGE, TARGET

pytestmark = pytest.mark.usefixtures("short_waits", "unreadable")
describe = igd.description


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The router has more to say of itself than we are willing to read."""
    long = b"<!--" + b"x" * 300 * 1024 + b"--></root>"
    monkeypatch.setattr(
        igd, "description", lambda gateway: describe(gateway).replace(b"</root>", long)
    )


async def test_life_of_a_mapping(upnp: UpnpMapper, router: Router) -> None:
    """Mapped under our name, read back, extended and closed."""
    mapping = await upnp.map(TARGET, 40000)
    (entry,) = router.table
    assert (entry.external_port, entry.target) == (40000, ("127.0.0.1", 32400))
    assert entry.description == DESCRIPTION
    assert mapping.good_until is not None
    assert str(await upnp.external_address()) == "198.51.100.7"
    assert await upnp.verify(mapping)

    router.advance(3000)
    await upnp.map(TARGET, 40000)
    (entry,) = router.table
    assert router.table.remaining(entry) == 3600

    await upnp.release(mapping)
    assert list(router.table) == []
    assert not await upnp.verify(mapping)


async def test_foreign_entry_stays(upnp: UpnpMapper, router: Router) -> None:
    """A taken port is never touched, and another one is found."""
    foreign = router.add_foreign(40000)
    mapping = await upnp.map(TARGET, 40000)
    assert mapping.external_port != 40000

    await upnp.tidy(TARGET, None)

    assert list(router.table) == [foreign]


@pytest.mark.parametrize(
    ("code", "reason"),
    [(718, Reason.PORT_TAKEN), (728, Reason.TABLE_FULL), (606, Reason.REFUSED)],
)
async def test_refusal(
    upnp: UpnpMapper, router: Router, code: int, reason: Reason
) -> None:
    """The codes of the router mean the same."""
    router.faults.soap.refuse["AddPortMapping"] = code

    with pytest.raises(PortMapError) as raised:
        await upnp.map(TARGET, 40000)
    assert raised.value.reason is reason


async def test_other_host(upnp: UpnpMapper) -> None:
    """Nor does it change for whom the router maps."""
    with pytest.raises(PortMapError) as raised:
        await upnp.map(OTHER_HOST, 40000)
    assert raised.value.reason is Reason.REFUSED_FOR_OTHER_HOST


async def test_permanent_lease(upnp: UpnpMapper, router: Router) -> None:
    """What the router wants of leases is found out as always."""
    router.faults.mapping.permanent_only = True

    assert (await upnp.map(TARGET, 40000)).good_until is None


async def test_router_is_offline(upnp: UpnpMapper, router: Router) -> None:
    """That is told as well."""
    router.wan_address = None

    with pytest.raises(PortMapError) as raised:
        await upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.WAN_DOWN


async def test_not_installed(upnp: UpnpMapper, router: Router) -> None:
    """Without it the router stays unreadable, and that is what is told."""
    with (
        patch.dict(sys.modules, {"miniupnpc": None}),
        pytest.raises(PortMapError) as raised,
    ):
        await upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.FAILED
    assert len(router.table) == 0


async def test_it_cannot_read_it_either(upnp: UpnpMapper, router: Router) -> None:
    """Then the failure of ours is told."""
    with (
        patch.object(igd, "description", lambda _: b"<root><device>"),
        pytest.raises(PortMapError) as raised,
    ):
        await upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.FAILED


async def test_hostile_description_is_not_handed_on(
    upnp: UpnpMapper, router: Router
) -> None:
    """What was made to harm one reader may harm the next."""
    hostile = b'<!DOCTYPE root [<!ENTITY a "a">]><root>&a;</root>'
    with (
        patch.object(igd, "description", lambda _: hostile),
        pytest.raises(PortMapError),
    ):
        await upnp.probe()

    assert len(router.http_requests) == 1


async def test_control_elsewhere_is_refused(upnp: UpnpMapper, router: Router) -> None:
    """A description sends nobody to another host, whoever reads it."""
    unread = igd.description
    with (
        patch.object(
            igd,
            "description",
            lambda gateway: unread(gateway).replace(
                b"<controlURL>", b"<controlURL>http://127.0.0.2:80"
            ),
        ),
        pytest.raises(PortMapError) as raised,
    ):
        await upnp.probe()
    assert raised.value.reason is Reason.FAILED


async def test_router_hangs(
    upnp: UpnpMapper, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits longer than the time limit."""
    await upnp.probe()
    monkeypatch.setattr(f"{PACKAGE}.const.SECOND_OPINION_TIMEOUT", 0.1)
    done = threading.Event()
    client = Mock(externalipaddress=Mock(side_effect=lambda: done.wait(5)))
    try:
        with pytest.raises(PortMapError) as raised:
            await SecondOpinion(client).call("GetExternalIPAddress", {})
    finally:
        done.set()
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.parametrize(
    ("words", "code"), [("String Argument Too Long", 605), ("something else", 501)]
)
async def test_words(words: str, code: int) -> None:
    """Its errors are words, each for one code."""
    client = Mock(addportmapping=Mock(side_effect=Exception(words)))
    arguments = {
        "NewRemoteHost": "",
        "NewExternalPort": "40000",
        "NewProtocol": "TCP",
        "NewInternalPort": "32400",
        "NewInternalClient": "127.0.0.1",
        "NewPortMappingDescription": DESCRIPTION,
        "NewLeaseDuration": "3600",
    }
    with pytest.raises(SoapFault) as raised:
        await SecondOpinion(client).call("AddPortMapping", arguments)
    assert raised.value.code == code
