"""The forms in which a Plex server writes what it has to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from xml.etree import ElementTree as ET

from aiohttp import web

type Scalar = str | int | float | bool
type Attributes = Mapping[str, Scalar]

PROTOCOL = {"X-Plex-Protocol": "1.0"}
_PORTS = {"publicPort", "privatePort"}


class Booleans(StrEnum):
    """How true and false are written."""

    # 1 and 0 in XML, true and false in JSON: the servers of today.
    NATIVE = "native"
    # 1 and 0 as numbers in JSON.
    NUMBERS = "numbers"
    # "1" and "0" in JSON.
    STRINGS = "strings"
    # "true" and "false" in XML and JSON: the servers until 2018.
    WORDS = "words"


class AccountRoot(StrEnum):
    """What the account is wrapped in."""

    MY_PLEX = "MyPlex"
    MEDIA_CONTAINER = "MediaContainer"


@dataclass
class WireForm:
    """The variants of form that servers in the field differ by."""

    booleans: Booleans = Booleans.NATIVE
    ports_as_strings: bool = False
    xml_always: bool = False
    account_root: AccountRoot = AccountRoot.MY_PLEX
    # No ``mappingError`` at all rather than an empty one.
    mapping_error_absent: bool = False
    mapping_error_message: str | None = None
    blank_addresses_when_unreachable: bool = True
    blank_addresses: bool = False
    # Old servers do not know every setting, and fewer stream rates.
    missing_preferences: set[str] = field(default_factory=set)
    old_stream_rates: bool = False
    # Notifications at /:/websocket/ only, rather than at /:/websockets/.
    websocket_path_singular: bool = False


@dataclass(frozen=True)
class Document:
    """An answer before it takes a form."""

    attributes: Attributes
    root: str = "MediaContainer"
    children: Mapping[str, Sequence[Attributes]] = field(default_factory=dict)


def _xml_value(value: Scalar, booleans: Booleans) -> str:
    """Return a value as an XML attribute."""
    if not isinstance(value, bool):
        return str(value)
    if booleans is Booleans.WORDS:
        return str(value).lower()
    return str(int(value))


def _json_value(key: str, value: Scalar, form: WireForm) -> Scalar:
    """Return a value as JSON has it."""
    if isinstance(value, bool):
        match form.booleans:
            case Booleans.NATIVE:
                return value
            case Booleans.NUMBERS:
                return int(value)
            case Booleans.STRINGS:
                return str(int(value))
            case Booleans.WORDS:
                return str(value).lower()
    if form.ports_as_strings and key in _PORTS:
        return str(value)
    return value


def _xml(document: Document, form: WireForm) -> str:
    """Return the answer as XML."""

    def attributes(values: Attributes) -> dict[str, str]:
        return {key: _xml_value(value, form.booleans) for key, value in values.items()}

    root = ET.Element(document.root, attributes(document.attributes))
    for tag, elements in document.children.items():
        for element in elements:
            ET.SubElement(root, tag, attributes(element))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, "unicode")}\n'


def json_attributes(values: Attributes, form: WireForm) -> dict[str, Scalar]:
    """Return attributes as a JSON object."""
    return {key: _json_value(key, value, form) for key, value in values.items()}


def answer(request: web.Request, document: Document, form: WireForm) -> web.Response:
    """Return the answer in the form that the client asked for."""
    wants_json = "application/json" in request.headers.get("Accept", "")
    if not wants_json or form.xml_always:
        return web.Response(
            text=_xml(document, form),
            content_type="text/xml",
            charset="utf-8",
            headers=PROTOCOL,
        )
    content: dict[str, object] = dict(json_attributes(document.attributes, form))
    for key, elements in document.children.items():
        content[key] = [json_attributes(element, form) for element in elements]
    return web.json_response({document.root: content}, headers=PROTOCOL)


def empty() -> web.Response:
    """Return the empty page that answers a write."""
    return web.Response(text="", content_type="text/html", headers=PROTOCOL)


def error(status: int, reason: str, *, page: bool = False) -> web.Response:
    """Return an error; errors are HTML whatever the client asked for."""
    redirect = '<script>window.location = "/web/index.html";</script>' if page else ""
    text = (
        f"<html><head>{redirect}<title>{reason}</title></head>"
        f"<body><h1>{status} {reason}</h1></body></html>"
    )
    response = web.Response(
        status=status, text=text, content_type="text/html", headers=PROTOCOL
    )
    response.force_close()
    return response
