"""Tests of the forms in which a Plex Media Server writes its answers."""

import json
from typing import Any

import pytest

from custom_components.plex_remote_access.plex import (
    Account,
    Identity,
    MappingState,
    PlexResponseError,
    SignInState,
)
from custom_components.plex_remote_access.plex.wire import (
    parse_account,
    parse_container,
    parse_identity,
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
            b"<MediaContainer>" + b"<a/>" * 70000 + b"</MediaContainer>",
            id="xml-with-too-many-elements",
        ),
        pytest.param(
            b'{"MediaContainer":{"a":[' + b"{}," * 70000 + b"{}]}}",
            id="json-with-too-many-objects",
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
