"""The forms in which the simulated Plex server answers."""

from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET

from defusedxml import ElementTree
import pytest

from tests.simulators.plex import AccountRoot, Booleans, PlexServer, WireForm
from tests.simulators.plex.testing import PlexClient

IDENTIFIER = "c0ffee" * 6 + "abcd"
PUBLISHED = {
    "PublishServerOnPlexOnlineKey": True,
    "ManualPortMappingMode": True,
}
SETTING = "/:/prefs/get?id=PublishServerOnPlexOnlineKey"


@pytest.fixture
def form() -> WireForm:
    """Return the form of a server of today; tests change it as they go."""
    return WireForm()


@pytest.fixture
async def server(socket_enabled: None, form: WireForm) -> AsyncIterator[PlexServer]:
    """Return a server."""
    async with PlexServer(machine_identifier=IDENTIFIER, form=form) as server:
        yield server


@pytest.fixture
async def client(server: PlexServer) -> AsyncIterator[PlexClient]:
    """Return a client of the owner."""
    async with PlexClient(server) as client:
        yield client


async def xml(client: PlexClient, path: str) -> ET.Element:
    """Return the XML of an answer."""
    _, body = await client.text(path)
    root: ET.Element = ElementTree.fromstring(body)
    return root


async def test_identity_needs_no_token(server: PlexServer) -> None:
    """Everybody may ask who the server is."""
    async with PlexClient(server, token="") as stranger:
        identity = await stranger.json("/identity")

    assert identity == {
        "MediaContainer": {
            "size": 0,
            "claimed": True,
            "machineIdentifier": IDENTIFIER,
            "version": server.version,
        }
    }


async def test_xml_is_the_default(client: PlexClient) -> None:
    """Who does not ask for JSON gets XML."""
    identity = await xml(client, "/identity")

    assert identity.tag == "MediaContainer"
    assert identity.attrib["claimed"] == "1"
    assert identity.attrib["machineIdentifier"] == IDENTIFIER


@pytest.mark.parametrize("path", ["/", "/media/providers"])
async def test_description(client: PlexClient, path: str) -> None:
    """The server describes itself and how it stands with plex.tv."""
    container = (await client.json(path))["MediaContainer"]

    assert container["friendlyName"] == "Den"
    assert container["machineIdentifier"] == IDENTIFIER
    assert container["myPlex"] is True
    assert container["myPlexMappingState"] == "unknown"
    assert container["myPlexSigninState"] == "ok"
    assert container["myPlexUsername"] == "owner@example.org"
    assert "startState" not in container


async def test_unclaimed_server(socket_enabled: None) -> None:
    """A server without an owner lets everybody of the network in."""
    async with PlexServer(claimed=False) as server, PlexClient(server, "") as client:
        identity = (await client.json("/identity"))["MediaContainer"]
        container = (await client.json("/"))["MediaContainer"]

    assert identity["claimed"] is False
    assert container["myPlex"] is False
    assert container["myPlexSigninState"] == "none"
    assert "myPlexUsername" not in container
    assert "certificate" not in container


async def test_the_settings_are_many_and_the_important_ones_hidden(
    client: PlexClient,
) -> None:
    """The settings of remote access are among many others, and hidden."""
    container = (await client.json("/:/prefs"))["MediaContainer"]
    settings = {setting["id"]: setting for setting in container["Setting"]}

    assert container["size"] == len(settings) > 150
    assert settings["ManualPortMappingPort"] == {
        "id": "ManualPortMappingPort",
        "label": "",
        "summary": "",
        "type": "int",
        "default": 32400,
        "value": 32400,
        "hidden": True,
        "advanced": False,
        "group": "",
    }
    assert settings["WanPerStreamMaxUploadRate"]["enumValues"].startswith(
        "0:Original (No limit)|40000:"
    )


async def test_settings_in_xml(client: PlexClient) -> None:
    """Settings are elements, their booleans digits."""
    container = await xml(client, SETTING)

    assert [child.tag for child in container] == ["Setting"]
    assert container[0].attrib["default"] == "0"
    assert container[0].attrib["hidden"] == "1"


async def test_unknown_setting_is_not_found(client: PlexClient) -> None:
    """There is no setting under a wrong name, nor in wrong case."""
    assert await client.status("/:/prefs/get?id=nothing") == 404
    assert await client.status("/:/prefs/get?id=manualPortMappingPort") == 404


async def test_old_server(client: PlexClient, form: WireForm) -> None:
    """Old servers know fewer settings and fewer stream rates."""
    form.missing_preferences = {"RelayEnabled"}
    form.old_stream_rates = True

    container = (await client.json("/:/prefs"))["MediaContainer"]
    settings = {setting["id"]: setting for setting in container["Setting"]}

    assert "RelayEnabled" not in settings
    assert "|20000:" in settings["WanPerStreamMaxUploadRate"]["enumValues"]
    assert "40000" not in settings["WanPerStreamMaxUploadRate"]["enumValues"]
    assert await client.status("/:/prefs?RelayEnabled=0", method="PUT") == 400


@pytest.mark.parametrize(
    ("booleans", "in_json", "in_xml"),
    [
        (Booleans.NATIVE, False, "0"),
        (Booleans.NUMBERS, 0, "0"),
        (Booleans.STRINGS, "0", "0"),
        (Booleans.WORDS, "false", "false"),
    ],
)
async def test_booleans(
    client: PlexClient, form: WireForm, booleans: Booleans, in_json: object, in_xml: str
) -> None:
    """True and false are written in many ways."""
    form.booleans = booleans

    value = (await client.json(SETTING))["MediaContainer"]["Setting"][0]["value"]

    assert value == in_json
    assert type(value) is type(in_json)
    assert (await xml(client, SETTING))[0].attrib["value"] == in_xml


async def test_account(client: PlexClient, server: PlexServer) -> None:
    """The account tells where the server can be reached."""
    await server.set_preferences({**PUBLISHED, "ManualPortMappingPort": server.port})
    await server.settled()

    account = await client.account()

    assert account["authToken"] not in {"", server.token}
    assert account["mappingState"] == "mapped"
    assert account["mappingError"] == ""
    assert account["publicAddress"] == "127.0.0.1"
    assert account["publicPort"] == server.port
    assert account["privateAddress"] == "127.0.0.1"
    assert account["privatePort"] == server.port
    assert account["subscriptionActive"] is True
    assert "mappingErrorMessage" not in account


async def test_account_in_xml(client: PlexClient) -> None:
    """The account is the root of its XML."""
    account = await xml(client, "/myplex/account")

    assert account.tag == "MyPlex"
    assert account.attrib["publicPort"] == "0"
    assert account.attrib["publicAddress"] == ""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ports_as_strings": True}, {"publicPort": "0"}),
        ({"mapping_error_message": "No"}, {"mappingErrorMessage": "No"}),
    ],
)
async def test_account_variants(
    client: PlexClient,
    form: WireForm,
    change: dict[str, Any],
    expected: dict[str, object],
) -> None:
    """Servers differ in how they write the account."""
    vars(form).update(change)

    assert expected.items() <= (await client.account()).items()


async def test_account_without_error(client: PlexClient, form: WireForm) -> None:
    """Some servers leave an error out when there is none."""
    form.mapping_error_absent = True

    assert "mappingError" not in await client.account()


async def test_account_under_another_root(client: PlexClient, form: WireForm) -> None:
    """Some servers wrap the account as everything else."""
    form.account_root = AccountRoot.MEDIA_CONTAINER

    assert "mappingState" in (await client.json("/myplex/account"))["MediaContainer"]


@pytest.mark.parametrize(("blank", "address"), [(True, ""), (False, "127.0.0.1")])
async def test_addresses_while_unreachable(
    client: PlexClient, server: PlexServer, form: WireForm, blank: bool, address: str
) -> None:
    """Addresses may be gone as long as the server is not reachable."""
    form.blank_addresses_when_unreachable = blank
    # Nothing listens at the discard port.
    await server.set_preferences({**PUBLISHED, "ManualPortMappingPort": 9})
    await server.settled()

    account = await client.account()

    assert account["mappingError"] == "unreachable"
    assert account["publicAddress"] == address
    assert account["privateAddress"] == address


async def test_xml_although_json_was_asked_for(
    client: PlexClient, form: WireForm
) -> None:
    """Some servers do not know JSON."""
    form.xml_always = True

    async with client.session.get(
        "/identity", headers={"Accept": "application/json"}
    ) as answer:
        assert answer.content_type == "text/xml"
        assert (await answer.text()).startswith("<?xml")


async def test_anything_else_is_not_found(client: PlexClient) -> None:
    """Errors are HTML."""
    answer = await client.response("/nothing/here")

    assert answer.status == 404
    assert answer.content_type == "text/html"
