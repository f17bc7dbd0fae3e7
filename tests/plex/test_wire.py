"""Tests of the forms in which a Plex Media Server writes its answers."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.plex import (
    Account,
    Identity,
    MappingState,
    PlexResponseError,
    PreferenceChange,
    Preferences,
    SignInState,
)
from custom_components.plex_remote_access.plex.wire import (
    format_change,
    parse_account,
    parse_container,
    parse_identity,
    parse_preferences,
)

IDENTITY_JSON = (
    b'{"MediaContainer":{"size":1,"claimed":true,"machineIdentifier":'
    b'"0123456789abcdef0123456789abcdef","version":"1.40.2.8395-c67dce28e"}}'
)
IDENTITY_XML = (
    b'<MediaContainer size="0" claimed="1" machineIdentifier='
    b'"0123456789abcdef0123456789abcdef" version="1.40.2.8395-c67dce28e"/>'
)
IDENTITY = Identity(
    machine_identifier="0123456789abcdef0123456789abcdef",
    version="1.40.2.8395-c67dce28e",
    claimed=True,
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(IDENTITY_JSON, id="json"),
        pytest.param(b" \r\n" + IDENTITY_JSON + b"\n", id="json-with-white-space"),
        pytest.param(b"\xef\xbb\xbf" + IDENTITY_JSON, id="json-with-byte-order-mark"),
        pytest.param(IDENTITY_XML, id="xml"),
        pytest.param(b"\xef\xbb\xbf" + IDENTITY_XML, id="xml-with-byte-order-mark"),
        pytest.param(b"\n " + IDENTITY_XML + b"\0\r\n", id="xml-with-padding"),
        pytest.param(
            b'<?xml version="1.0" encoding="UTF-8"?>\n' + IDENTITY_XML,
            id="xml-with-declaration",
        ),
        pytest.param(IDENTITY_XML.replace(b'"1"', b'"true"'), id="xml-of-2018"),
        pytest.param(IDENTITY_JSON.replace(b"true", b'"1"'), id="json-with-text"),
        pytest.param(IDENTITY_JSON.replace(b"true", b"1"), id="json-with-number"),
        pytest.param(IDENTITY_JSON.replace(b"true", b'"TRUE"'), id="json-with-word"),
    ],
)
def test_identity(body: bytes) -> None:
    """All forms mean the same."""
    assert parse_identity(parse_container(body)) == IDENTITY


@pytest.mark.parametrize(
    ("container", "identity"),
    [
        (
            {"machineIdentifier": "abc", "claimed": False},
            Identity(machine_identifier="abc", version=None, claimed=False),
        ),
        (
            {"machineIdentifier": "abc", "claimed": "perhaps", "version": ""},
            Identity(machine_identifier="abc", version=None, claimed=None),
        ),
    ],
)
def test_identity_with_gaps(container: dict[str, Any], identity: Identity) -> None:
    """Only the identifier has to be there."""
    assert parse_identity(container) == identity


@pytest.mark.parametrize(
    "container",
    [{}, {"machineIdentifier": ""}, {"machineIdentifier": 5}, {"version": "1.40"}],
)
def test_identity_of_nobody(container: dict[str, Any]) -> None:
    """A server without identifier is none."""
    with pytest.raises(PlexResponseError):
        parse_identity(container)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0\0", id="zeros"),
        pytest.param(b"OK", id="text"),
        pytest.param(b"\xff\xfe\xfd", id="bytes"),
        pytest.param(b'"MediaContainer"', id="json-text"),
        pytest.param(b"[]", id="json-list"),
        pytest.param(b"{}", id="json-empty"),
        pytest.param(b'{"MediaContainer":[]}', id="json-list-inside"),
        pytest.param(b'{"MediaContainer":{"size":1}', id="json-cut-off"),
        pytest.param(b'{"Response":{"status":"ok"}}', id="json-of-others"),
        pytest.param(b"[" * 200_000, id="json-deep"),
        pytest.param(b'<MediaContainer size="0"', id="xml-cut-off"),
        pytest.param(b"<MediaContainer><Setting></MediaContainer>", id="xml-broken"),
        pytest.param(b"<a>" * 200_000 + b"</a>" * 200_000, id="xml-deep"),
        pytest.param(
            b'<?xml version="1.0" encoding="martian"?><MediaContainer/>',
            id="xml-of-unknown-encoding",
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="utf-32"?><MediaContainer/>',
            id="xml-of-another-encoding",
        ),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b "c">]><MediaContainer size="&b;"/>',
            id="xml-with-entity",
        ),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><MediaContainer/>',
            id="xml-with-external-entity",
        ),
        pytest.param(
            b"<html><head><title>Unauthorized</title></head>"
            b"<body><h1>401 Unauthorized</h1></body></html>",
            id="html",
        ),
        pytest.param(b"<!DOCTYPE html><html><br><p>Login</html>", id="html-of-others"),
    ],
)
def test_what_is_no_container(body: bytes) -> None:
    """Whatever a web server may say else is told apart."""
    with pytest.raises(PlexResponseError):
        parse_container(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"MediaContainer":{"Setting":[{"id":"a"}]}}',
        b'<MediaContainer><Setting id="a"/></MediaContainer>',
    ],
)
def test_children_are_lists(body: bytes) -> None:
    """Children are found at the same place in both forms."""
    assert parse_container(body) == {"Setting": [{"id": "a"}]}


ACCOUNT_JSON = {
    "authToken": "never-to-be-seen",
    "username": "me@example.org",
    "mappingState": "mapped",
    "mappingError": "",
    "signInState": "ok",
    "publicAddress": "198.51.100.7",
    "publicPort": 32400,
    "privateAddress": "10.10.10.47",
    "privatePort": 32400,
    "subscriptionFeatures": "home,pass",
    "subscriptionActive": True,
    "subscriptionState": "Active",
}
ACCOUNT = Account(
    mapping_state=MappingState.MAPPED,
    mapping_error=None,
    sign_in_state=SignInState.OK,
    public_address="198.51.100.7",
    public_port=32400,
    private_address="10.10.10.47",
    private_port=32400,
    subscription_active=True,
)
UNREACHABLE_XML = (
    '<{0} authToken="never-to-be-seen" username="me@example.org" mappingState="mapped"'
    ' mappingError="unreachable" signInState="ok" publicAddress="" publicPort="0"'
    ' privateAddress="" privatePort="0" subscriptionFeatures=""'
    ' subscriptionActive="0" subscriptionState="Unknown"/>'
)
UNREACHABLE = Account(
    mapping_state=MappingState.MAPPED,
    mapping_error="unreachable",
    sign_in_state=SignInState.OK,
    public_address=None,
    public_port=None,
    private_address=None,
    private_port=None,
    subscription_active=False,
)


@pytest.mark.parametrize("root", ["MyPlex", "MediaContainer"])
def test_account_in_json(root: str) -> None:
    """The account is found under both roots."""
    body = json.dumps({root: ACCOUNT_JSON}).encode()

    assert parse_account(parse_container(body)) == ACCOUNT


@pytest.mark.parametrize("root", ["MyPlex", "MediaContainer"])
def test_account_in_xml(root: str) -> None:
    """Blank addresses and ports of 0 are none."""
    body = UNREACHABLE_XML.format(root).encode()

    assert parse_account(parse_container(body)) == UNREACHABLE


def test_account_never_keeps_the_servers_own_token() -> None:
    """The token that the server has for plex.tv is not ours to carry around."""
    assert "never-to-be-seen" not in repr(parse_account(ACCOUNT_JSON))


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"publicPort": "32401"}, "public_port", 32401),
        ({"publicPort": ""}, "public_port", None),
        ({"publicPort": None}, "public_port", None),
        ({"publicPort": []}, "public_port", None),
        ({"publicPort": float("inf")}, "public_port", None),
        ({"publicPort": "-1"}, "public_port", None),
        ({"publicPort": 65536}, "public_port", None),
        ({"privatePort": "0"}, "private_port", None),
        ({"publicAddress": "  "}, "public_address", None),
        ({"publicAddress": 5}, "public_address", None),
        ({"mappingError": None}, "mapping_error", None),
        ({"mappingError": " unreachable "}, "mapping_error", "unreachable"),
        ({"mappingState": "Mapped - Published"}, "mapping_state", MappingState.MAPPED),
        ({"mappingState": None}, "mapping_state", MappingState.UNKNOWN),
        ({"signInState": "strange"}, "sign_in_state", SignInState.UNKNOWN),
        ({"subscriptionActive": "1"}, "subscription_active", True),
        ({"subscriptionActive": "false"}, "subscription_active", False),
        ({"subscriptionActive": None}, "subscription_active", None),
    ],
)
def test_account_values(values: dict[str, Any], field: str, expected: object) -> None:
    """Odd values are understood or none, never an error."""
    assert getattr(parse_account({**ACCOUNT_JSON, **values}), field) == expected


def test_account_with_the_least() -> None:
    """Everything but the states may be left out."""
    assert parse_account({"signInState": "none"}) == Account(
        mapping_state=MappingState.UNKNOWN,
        mapping_error=None,
        sign_in_state=SignInState.NONE,
        public_address=None,
        public_port=None,
        private_address=None,
        private_port=None,
        subscription_active=None,
    )


def test_another_page_is_no_account() -> None:
    """A container about something else is not taken for an account."""
    with pytest.raises(PlexResponseError):
        parse_account(parse_container(IDENTITY_JSON))


def setting(name: str, value: object, **attributes: object) -> dict[str, object]:
    """Return a setting as servers list it."""
    return {"id": name, "type": "any", "hidden": True, "value": value, **attributes}


PUBLISH = setting("PublishServerOnPlexOnlineKey", True)
SETTINGS = [
    setting("FriendlyName", "Den", hidden=False),
    PUBLISH,
    setting("ManualPortMappingMode", True),
    setting("ManualPortMappingPort", 443),
    setting("WanTotalMaxUploadRate", 20000),
    setting(
        "WanPerStreamMaxUploadRate",
        4000,
        enumValues="0:Original (No limit)|20000:20 Mbps (1080p)|4000:4 Mbps (720p)",
    ),
    setting("RelayEnabled", False, hidden=False),
]
PREFERENCES = Preferences(
    publish=True,
    manual_mode=True,
    manual_port=443,
    upload_rate=20000,
    stream_rate=4000,
    stream_rates=(
        (0, "Original (No limit)"),
        (20000, "20 Mbps (1080p)"),
        (4000, "4 Mbps (720p)"),
    ),
    relay=False,
)


def test_preferences() -> None:
    """Hidden settings count; the others are passed over."""
    assert parse_preferences({"Setting": SETTINGS}) == PREFERENCES


def test_preferences_in_xml() -> None:
    """Settings mean the same as text."""
    body = b"""
        <MediaContainer size="7">
          <Setting id="FriendlyName" type="text" value="Den" hidden="0"/>
          <Setting id="PublishServerOnPlexOnlineKey" type="bool" value="1" hidden="1"/>
          <Setting id="ManualPortMappingMode" type="bool" value="1" hidden="1"/>
          <Setting id="ManualPortMappingPort" type="int" value="443" hidden="1"/>
          <Setting id="WanTotalMaxUploadRate" type="int" value="20000" hidden="1"/>
          <Setting id="WanPerStreamMaxUploadRate" type="int" value="4000" hidden="1"
            enumValues="0:Original (No limit)|20000:20 Mbps (1080p)|4000:4 Mbps (720p)"
          />
          <Setting id="RelayEnabled" type="bool" value="0" hidden="0"/>
        </MediaContainer>
    """

    assert parse_preferences(parse_container(body)) == PREFERENCES


def test_an_old_server_has_fewer_settings() -> None:
    """Missing settings are told as such, or have the value that servers begin with."""
    assert parse_preferences({"Setting": [PUBLISH]}) == Preferences(
        publish=True,
        manual_mode=False,
        manual_port=32400,
        upload_rate=None,
        stream_rate=None,
        stream_rates=(),
        relay=None,
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("1", True),
        ("0", False),
        ("true", True),
        ("false", False),
        ("True", True),
        (" false ", False),
    ],
)
def test_booleans(value: object, expected: bool) -> None:
    """Every form of a boolean that servers were seen to use."""
    preferences = parse_preferences({"Setting": [{**PUBLISH, "value": value}]})

    assert preferences is not None
    assert preferences.publish is expected


@pytest.mark.parametrize(
    "container",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Setting": []}, id="no-settings"),
        pytest.param({"Setting": None}, id="null"),
        pytest.param({"Setting": 5}, id="number"),
        pytest.param({"Setting": "PublishServerOnPlexOnlineKey"}, id="text"),
        pytest.param({"Setting": [None, 5, "a", [], {}, {"id": []}]}, id="junk"),
        pytest.param({"Setting": SETTINGS[:1]}, id="hidden-ones-left-out"),
        pytest.param({"Setting": [{**PUBLISH, "value": ""}]}, id="empty-value"),
        pytest.param({"Setting": [{**PUBLISH, "value": None}]}, id="null-value"),
        pytest.param(
            {"Setting": [{"id": "PublishServerOnPlexOnlineKey"}]}, id="no-value"
        ),
    ],
)
def test_settings_kept_from_us(container: dict[str, Any]) -> None:
    """A list without the switch of Remote Access is none for us."""
    assert parse_preferences(container) is None


@pytest.mark.parametrize(
    ("enum_values", "rates"),
    [
        pytest.param("0:Original|320:320 kbps", ((0, "Original"), (320, "320 kbps"))),
        pytest.param("0|320", ((0, "0"), (320, "320")), id="no-labels"),
        pytest.param("0:|320: ", ((0, "0"), (320, "320")), id="empty-labels"),
        pytest.param("320:a:b", ((320, "a:b"),), id="colon-in-label"),
        pytest.param(":Any|320:a", ((320, "a"),), id="empty-value"),
        pytest.param("a:b||320:c|", ((320, "c"),), id="junk"),
        pytest.param("", (), id="empty"),
        pytest.param(None, (), id="none"),
        pytest.param([320], (), id="list"),
    ],
)
def test_stream_rates(enum_values: object, rates: tuple[tuple[int, str], ...]) -> None:
    """The server's own list of rates is read in all forms."""
    rate = setting("WanPerStreamMaxUploadRate", 0, enumValues=enum_values)
    preferences = parse_preferences({"Setting": [PUBLISH, rate]})

    assert preferences is not None
    assert preferences.stream_rates == rates


@pytest.mark.parametrize("value", [0, "0", "", "many", None, [], -1, 65536, "99999999"])
def test_a_port_that_is_none(value: object) -> None:
    """No port but a possible one comes out of the settings."""
    port = setting("ManualPortMappingPort", value)
    preferences = parse_preferences({"Setting": [PUBLISH, port]})

    assert preferences is not None
    assert preferences.manual_port == 32400


@pytest.mark.parametrize(
    ("change", "query"),
    [
        (PreferenceChange(), {}),
        (PreferenceChange(publish=True), {"PublishServerOnPlexOnlineKey": "1"}),
        (PreferenceChange(publish=False), {"PublishServerOnPlexOnlineKey": "0"}),
        (
            PreferenceChange(
                publish=True,
                manual_mode=False,
                manual_port=40000,
                upload_rate=0,
                stream_rate=4000,
                relay=False,
            ),
            {
                "PublishServerOnPlexOnlineKey": "1",
                "ManualPortMappingMode": "0",
                "ManualPortMappingPort": "40000",
                "WanTotalMaxUploadRate": "0",
                "WanPerStreamMaxUploadRate": "4000",
                "RelayEnabled": "0",
            },
        ),
    ],
)
def test_change(change: PreferenceChange, query: dict[str, str]) -> None:
    """Booleans are written as digits, and 0 is written, too."""
    assert format_change(change) == query


# Whatever comes, there is a result or the one error.

NAMES = st.sampled_from(
    [
        "Setting",
        "id",
        "value",
        "enumValues",
        "mappingState",
        "signInState",
        "publicPort",
        "claimed",
        "machineIdentifier",
        "PublishServerOnPlexOnlineKey",
        "ManualPortMappingPort",
        "WanPerStreamMaxUploadRate",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NAMES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=20,
)
XML = st.recursive(
    st.builds(lambda name, value: f'<{name} {name}="{value}"/>', NAMES, NAMES),
    lambda inner: st.builds(
        lambda name, other, children: (
            f'<{name} {other}="1">{"".join(children)}</{name}>'
        ),
        NAMES,
        NAMES,
        st.lists(inner, max_size=4),
    ),
    max_leaves=10,
)
ROOTS = st.sampled_from(["MediaContainer", "MyPlex"])
BODIES = st.one_of(
    st.binary(),
    st.text().map(str.encode),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.builds(lambda root, value: json.dumps({root: value}).encode(), ROOTS, JSON),
    st.builds(
        lambda root, name, inner: (
            f'<{root} {name}="x">{"".join(inner)}</{root}>'.encode()
        ),
        ROOTS,
        NAMES,
        st.lists(XML, max_size=4),
    ),
)


def read_all(body: bytes) -> list[object]:
    """Read a body in every way; only the error that is meant for it may come."""
    results: list[object] = []
    for parse in (parse_identity, parse_account, parse_preferences):
        try:
            results.append(parse(parse_container(body)))
        except PlexResponseError as err:
            results.append(err)
    return results


@given(BODIES)
def test_any_answer_is_understood_or_refused(body: bytes) -> None:
    """No answer, however broken, is worse than an error of ours."""
    identity, account, preferences = read_all(body)

    assert isinstance(identity, (Identity, PlexResponseError))
    assert isinstance(account, (Account, PlexResponseError))
    assert isinstance(preferences, (Preferences, PlexResponseError, type(None)))
