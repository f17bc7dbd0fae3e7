"""The forms in which a Plex Media Server writes its answers.

Servers answer in XML or JSON, with booleans as words, digits or real booleans and
with numbers as text, depending on their version and on the endpoint.
"""

from collections.abc import Mapping
import json
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .errors import PlexResponseError
from .model import (
    Account,
    Identity,
    MappingState,
    PreferenceChange,
    Preferences,
    SignInState,
)

type Container = Mapping[str, Any]

PUBLISH = "PublishServerOnPlexOnlineKey"
MANUAL_MODE = "ManualPortMappingMode"
MANUAL_PORT = "ManualPortMappingPort"
UPLOAD_RATE = "WanTotalMaxUploadRate"
STREAM_RATE = "WanPerStreamMaxUploadRate"
RELAY = "RelayEnabled"

# Elements, attributes and lists; fifty streams at once have some thirty thousand.
# Reading more would hold up everything else.
_MAX_PARTS = 65536

# Settings of the server are of 32 bits; what is larger cannot be reckoned with.
_LARGEST = 2**31 - 1

_TRUE = ("1", "true")
_FALSE = ("0", "false")


def parse_container(body: bytes) -> Container:
    """Return the one element of an answer, its children as lists under their names."""
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    is_xml = text.startswith(b"<")
    if sum(text.count(part) for part in (b"<=" if is_xml else b"[{")) > _MAX_PARTS:
        raise PlexResponseError("The answer has too many parts")
    try:
        if is_xml:
            document = fromstring(text.rstrip(b"\0 \t\r\n"))
            root = {document.tag: _from_xml(document)}
        else:
            root = json.loads(text)
    except (
        ValueError,
        LookupError,
        ParseError,
        DefusedXmlException,
        RecursionError,
    ) as err:
        raise PlexResponseError("The answer is neither XML nor JSON") from err
    # Error pages in HTML are well-formed at times.
    if isinstance(root, dict):
        for name in ("MediaContainer", "MyPlex"):
            if isinstance(container := root.get(name), dict):
                return container
    raise PlexResponseError("The answer is not a container")


def _from_xml(element: Element) -> Container:
    children: dict[str, list[Container]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(_from_xml(child))
    return {**element.attrib, **children}


def parse_identity(container: Container) -> Identity:
    """Read `/identity`."""
    machine_identifier = read_text(container.get("machineIdentifier"))
    if machine_identifier is None:
        raise PlexResponseError("The answer names no machineIdentifier")
    return Identity(
        machine_identifier=machine_identifier,
        version=read_text(container.get("version")),
        claimed=read_boolean(container.get("claimed")),
    )


def parse_account(container: Container) -> Account:
    """Read `/myplex/account`; blank addresses and port 0 mean that there is none."""
    if "mappingState" not in container and "signInState" not in container:
        raise PlexResponseError("The answer is not about the server's account")
    told = read_text(container.get("mappingState"))
    state = MappingState.parse(told)
    return Account(
        mapping_state=state,
        other_state=None if told is None or told.lower().startswith(state) else told,
        mapping_error=read_text(container.get("mappingError")),
        sign_in_state=SignInState.parse(read_text(container.get("signInState"))),
        public_address=read_text(container.get("publicAddress")),
        public_port=read_port(container.get("publicPort")),
        private_address=read_text(container.get("privateAddress")),
        private_port=read_port(container.get("privatePort")),
        subscription_active=read_boolean(container.get("subscriptionActive")),
    )


def parse_preferences(container: Container) -> Preferences | None:
    """Read `/:/prefs`; None where the Remote Access settings are kept from us."""
    listed = container.get("Setting")
    settings = {
        setting["id"]: setting
        for setting in (listed if isinstance(listed, list) else ())
        if isinstance(setting, dict) and isinstance(setting.get("id"), str)
    }
    value = {name: setting.get("value") for name, setting in settings.items()}
    publish = read_boolean(value.get(PUBLISH))
    if publish is None:
        return None
    return Preferences(
        publish=publish,
        manual_mode=read_boolean(value.get(MANUAL_MODE)) or False,
        manual_port=read_port(value.get(MANUAL_PORT)) or 32400,
        upload_rate=_integer(value.get(UPLOAD_RATE)),
        stream_rate=_integer(value.get(STREAM_RATE)),
        stream_rates=_choices(settings.get(STREAM_RATE, {}).get("enumValues")),
        relay=read_boolean(value.get(RELAY)),
    )


def has_remote_streams(container: Container) -> bool:
    """Read `/status/sessions`; what does not say that it is local is remote.

    Items are listed by kind in XML and together in JSON. Whether a player is local is
    its own attribute or, on newer servers, that of its session.
    """
    items = [
        item
        for listed in container.values()
        if isinstance(listed, list)
        for item in listed
        if isinstance(item, dict)
    ]
    return any(not _is_local(item) for item in items)


def _is_local(item: Container) -> bool:
    for name, attribute, here in (
        ("Session", "location", "lan"),
        ("Player", "local", True),
    ):
        part = item.get(name)
        if isinstance(part, list):
            part = part[0] if part else None
        if isinstance(part, dict) and attribute in part:
            value = part[attribute]
            return (value == here) if name == "Session" else read_boolean(value) is True
    return False


def format_change(change: PreferenceChange) -> dict[str, str]:
    """Write a change as the query of one PUT; booleans are best understood as 1/0."""
    values = {
        PUBLISH: change.publish,
        MANUAL_MODE: change.manual_mode,
        MANUAL_PORT: change.manual_port,
        UPLOAD_RATE: change.upload_rate,
        STREAM_RATE: change.stream_rate,
        RELAY: change.relay,
    }
    return {
        name: str(int(value)) for name, value in values.items() if value is not None
    }


def _choices(enum_values: Any) -> tuple[tuple[int, str], ...]:
    """Read `0:Original|20000:20 Mbps (1080p)`; a label may be missing."""
    choices = []
    for choice in (read_text(enum_values) or "").split("|"):
        value, _, label = choice.partition(":")
        if (number := _integer(value)) is not None:
            choices.append((number, label.strip() or value.strip()))
    return tuple(choices)


def read_text(value: Any) -> str | None:
    """Return a non-empty text or None."""
    return value.strip() or None if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    """Return a whole number that came as number or text, or None."""
    try:
        number = int(value)
    except TypeError, ValueError, OverflowError:
        return None
    return number if abs(number) <= _LARGEST else None


def read_port(value: Any) -> int | None:
    """Return a port; 0 stands for none."""
    port = _integer(value)
    return port if port is not None and 1 <= port <= 65535 else None


def read_boolean(value: Any) -> bool | None:
    """Return a truth that came as boolean, number or text, or None."""
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    return False if text in _FALSE else None
