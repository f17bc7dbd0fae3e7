"""Tests of the rows of a router's table, which routers tell in many ways."""

from collections.abc import Callable
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.simulators.router.http_server import Response

from .common import MAPPING, PACKAGE, TARGET
from .scripted import Reply, ScriptedGateway, entry

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


@pytest.mark.parametrize("nothing", [{}, entry(client="", port=0, description="")])
async def test_empty_row(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, nothing: dict[str, str]
) -> None:
    """Some routers tell an empty row where there is none."""
    gateway.replies[GET] = [nothing, OURS, OURS, nothing]
    gateway.replies[WALK] = [713]

    assert (await agreeing_upnp.map(TARGET, 40000)).external_port == 40000
    await agreeing_upnp.release(MAPPING)

    assert len(gateway.called(DELETE)) == 1


async def test_row_that_leads_nowhere(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """What cannot be read is not ours, and is not touched."""
    gateway.replies[GET] = [{**OURS, "NewInternalPort": "many"}]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.map(TARGET, 40000)
    assert raised.value.reason is Reason.PORT_TAKEN
    await agreeing_upnp.release(MAPPING)
    assert not {ADD, DELETE} & {*gateway.actions}


async def test_odd_row_of_somebody_else(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """It does not keep us from finding what is ours."""
    gateway.replies[WALK] = [
        {"NewExternalPort": "80", "NewProtocol": "TCP", "NewInternalPort": "many"},
        {**OURS, "NewExternalPort": "40000", "NewProtocol": "TCP"},
        713,
    ]

    await agreeing_upnp.tidy(TARGET, None)

    deleted = [arguments["NewExternalPort"] for arguments in gateway.called(DELETE)]
    assert deleted == ["40000"]


async def test_row_with_the_name_of_the_device(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """Some routers list devices by their names: it is ours, and is closed."""
    ours = entry(client="homeassistant")
    gateway.replies[GET] = [714, ours, ours, 714]

    await agreeing_upnp.map(TARGET, 32400)
    await agreeing_upnp.release(MAPPING)

    assert len(gateway.called(DELETE)) == 1


@pytest.mark.parametrize("spell", [str.lower, str.upper])
async def test_row_in_another_spelling(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, spell: Callable[[str], str]
) -> None:
    """Some routers write the names of values in their own way."""
    gateway.replies[GET] = [{spell(name): value for name, value in OURS.items()}]

    assert await agreeing_upnp.verify(MAPPING)


@pytest.mark.parametrize("lease", ["", "0", "-1", "infinite"])
async def test_row_without_end(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, lease: str
) -> None:
    """A row without a lease stays."""
    gateway.replies[GET] = [714, entry(lease=lease)]

    assert (await agreeing_upnp.map(TARGET, 40000)).good_until is None


async def test_row_with_an_end_that_never_comes(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """No number of a router is too large to be reckoned with."""
    gateway.replies[GET] = [714, entry(lease="9" * 4000)]

    assert (await agreeing_upnp.map(TARGET, 40000)).ends


@pytest.mark.parametrize(
    "nothing",
    [
        pytest.param(501, id="501"),
        pytest.param(Response(500, b""), id="quirk-24-empty-500"),
    ],
)
async def test_router_that_fails_for_a_row_that_is_not_there(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, nothing: Reply
) -> None:
    """It works otherwise, so that is its way to say that there is none."""
    gateway.replies[GET] = [nothing, OURS, OURS, nothing]
    gateway.replies[WALK] = [nothing]
    await agreeing_upnp.map(TARGET, 32400)

    await agreeing_upnp.release(MAPPING)

    assert len(gateway.called(DELETE)) == 1


async def test_router_that_fails_at_everything(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """It does not say that the row is gone."""
    gateway.replies[GET] = gateway.replies[WALK] = gateway.replies[ADDRESS] = [501]

    with pytest.raises(PortMapError):
        await agreeing_upnp.release(MAPPING)


@pytest.mark.parametrize("code", [401, 402, 404, 602])
async def test_row_is_searched_where_it_cannot_be_looked_up(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, code: int
) -> None:
    """Some routers only tell the whole table, row by row."""
    gateway.replies[GET] = [code]
    gateway.replies[WALK] = [
        {**OTHERS, "NewExternalPort": "80", "NewProtocol": "TCP"},
        {**OTHERS, "NewExternalPort": "9" * 5000, "NewProtocol": "TCP"},
        {**OTHERS, "NewExternalPort": "32400", "NewProtocol": "UDP"},
        {**OURS, "NewExternalPort": "32400", "NewProtocol": "tcp"},
    ]

    assert await agreeing_upnp.verify(MAPPING)
    indices = [arguments["NewPortMappingIndex"] for arguments in gateway.called(WALK)]
    assert indices == ["0", "1", "2", "3"]


async def test_end_of_the_table(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """After the last row the mapping is known to be gone."""
    gateway.replies[GET] = [401]
    gateway.replies[WALK] = [
        {**OTHERS, "NewExternalPort": "80", "NewProtocol": "TCP"},
        713,
    ]

    assert not await agreeing_upnp.verify(MAPPING)


async def test_table_without_end(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A router that tells the same row for ever is not listened to for ever."""
    gateway.replies[GET] = [401]
    gateway.replies[WALK] = [{**OTHERS, "NewExternalPort": "80", "NewProtocol": "TCP"}]

    with patch(f"{PACKAGE}.const.MAX_ROWS", 5):
        assert not await agreeing_upnp.verify(MAPPING)
    assert len(gateway.called(WALK)) == 5


@pytest.mark.parametrize("code", [713, 714, 730])
async def test_row_that_is_gone(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway, code: int
) -> None:
    """Routers name a missing row in several ways."""
    gateway.replies[GET] = [code]

    assert not await agreeing_upnp.verify(MAPPING)
    await agreeing_upnp.release(MAPPING)
    assert DELETE not in gateway.actions


async def test_row_that_cannot_be_read(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """An error in between is no proof that the mapping is gone."""
    gateway.replies[GET] = [606]

    with pytest.raises(PortMapError):
        await agreeing_upnp.verify(MAPPING)


async def test_row_went_while_it_was_deleted(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """What somebody else deleted is deleted."""
    gateway.replies[GET] = [OURS, 714]
    gateway.replies[DELETE] = [714]

    await agreeing_upnp.release(MAPPING)

    assert gateway.actions == [GET, DELETE, GET]


async def test_row_is_listed_a_moment_later(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A router that does later what it agreed to is given a moment."""
    gateway.replies[GET] = [714, 714, OURS, OURS, OURS, 714]

    assert (await agreeing_upnp.map(TARGET, 32400)).external_port == 32400
    await agreeing_upnp.release(MAPPING)

    assert gateway.actions == [GET, ADD, GET, GET, GET, DELETE, GET, GET]


async def test_router_keeps_the_mapping(
    agreeing_upnp: UpnpMapper, gateway: ScriptedGateway
) -> None:
    """A delete that succeeds and does nothing is found out."""
    gateway.replies[GET] = [OURS]

    with pytest.raises(PortMapError) as raised:
        await agreeing_upnp.release(MAPPING)
    assert raised.value.reason is Reason.FAILED
