"""SOAP control of WANIPConnection and WANPPPConnection, behaving like miniupnpd."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from ipaddress import AddressValueError, IPv4Address
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from defusedxml import ElementTree

from .forward import PortTakenError
from .gateway import Gateway
from .records import HttpRequest, SoapCall
from .table import Entry, Origin, Protocol

ENVELOPE = (
    '<?xml version="1.0"?>\r\n'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    "<s:Body>{}</s:Body></s:Envelope>\r\n"
)


class UpnpCode(IntEnum):
    """UPnPError codes."""

    INVALID_ACTION = 401
    INVALID_ARGS = 402
    ACTION_FAILED = 501
    ACTION_NOT_AUTHORIZED = 606
    SPECIFIED_ARRAY_INDEX_INVALID = 713
    NO_SUCH_ENTRY_IN_ARRAY = 714
    WILDCARD_NOT_PERMITTED_IN_EXT_PORT = 716
    CONFLICT_IN_MAPPING_ENTRY = 718
    ONLY_PERMANENT_LEASES_SUPPORTED = 725
    REMOTE_HOST_ONLY_SUPPORTS_WILDCARD = 726
    NO_PORT_MAPS_AVAILABLE = 728
    WILDCARD_NOT_PERMITTED_IN_INT_PORT = 732


class UpnpError(Exception):
    """The action is refused."""

    def __init__(self, code: int) -> None:
        """Keep the code; codes of no standard have no name."""
        known = code in list(UpnpCode)
        super().__init__(UpnpCode(code).name if known else f"ERROR_{code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """One action with its arguments, and who asks."""

    arguments: Mapping[str, str]
    source: str

    def text(self, name: str) -> str:
        """Return an argument."""
        try:
            return self.arguments[name]
        except KeyError:
            raise UpnpError(UpnpCode.INVALID_ARGS) from None

    def number(self, name: str, highest: int) -> int:
        """Return a number."""
        text = self.text(name)
        if not text.isdecimal() or int(text) > highest:
            raise UpnpError(UpnpCode.INVALID_ARGS)
        return int(text)

    def port(self, name: str) -> int:
        """Return a port."""
        return self.number(name, 65535)

    def protocol(self) -> Protocol:
        """Return the protocol."""
        try:
            return Protocol(self.text("NewProtocol").upper())
        except ValueError:
            raise UpnpError(UpnpCode.INVALID_ARGS) from None


class Control:
    """The control URLs."""

    def __init__(self, gateway: Gateway) -> None:
        """Serve the gateway."""
        self._gateway = gateway
        self._actions: dict[str, Callable[[Call], dict[str, object]]] = {
            "GetStatusInfo": self._get_status_info,
            "GetConnectionTypeInfo": self._get_connection_type_info,
            "GetExternalIPAddress": self._get_external_ip_address,
            "AddPortMapping": self._add_port_mapping,
            "DeletePortMapping": self._delete_port_mapping,
            "GetSpecificPortMappingEntry": self._get_specific_entry,
            "GetGenericPortMappingEntry": self._get_generic_entry,
        }
        if gateway.igd_version == 2 and not gateway.ppp:
            self._actions["AddAnyPortMapping"] = self._add_any_port_mapping

    def answer(self, request: HttpRequest) -> tuple[int, bytes]:
        """Run an action and return status and body."""
        service_type, _, action = (
            request.headers.get("soapaction", "").strip('"').partition("#")
        )
        try:
            values = self._run(service_type, action, request)
        except UpnpError as err:
            return HTTPStatus.INTERNAL_SERVER_ERROR, _fault(err)
        return HTTPStatus.OK, _response(service_type, action, values)

    def _run(
        self, service_type: str, action: str, request: HttpRequest
    ) -> dict[str, object]:
        """Run an action that is not refused and return its values."""
        call = Call(_read_arguments(request.body, action), request.source)
        self._gateway.records.soap_calls.append(
            SoapCall(action, dict(call.arguments), service_type, request.source)
        )
        if code := self._gateway.faults.soap.refuse.get(action):
            raise UpnpError(code)
        if action not in self._actions:
            raise UpnpError(UpnpCode.INVALID_ACTION)
        return self._actions[action](call)

    def _get_status_info(self, _: Call) -> dict[str, object]:
        connected = self._gateway.wan_address is not None
        return {
            "NewConnectionStatus": "Connected" if connected else "Disconnected",
            "NewLastConnectionError": "ERROR_NONE",
            "NewUptime": self._gateway.epoch,
        }

    def _get_connection_type_info(self, _: Call) -> dict[str, object]:
        return {
            "NewConnectionType": "IP_Routed",
            "NewPossibleConnectionTypes": "IP_Routed",
        }

    def _get_external_ip_address(self, _: Call) -> dict[str, object]:
        gateway = self._gateway
        address = "" if gateway.wan_private else gateway.wan_address
        return {"NewExternalIPAddress": "0.0.0.0" if address is None else address}

    def _add_port_mapping(self, call: Call) -> dict[str, object]:
        entry = self._wanted_entry(call, UpnpCode.CONFLICT_IN_MAPPING_ENTRY)
        try:
            self._gateway.grant(entry)
        except PortTakenError:
            raise UpnpError(UpnpCode.CONFLICT_IN_MAPPING_ENTRY) from None
        return {}

    def _add_any_port_mapping(self, call: Call) -> dict[str, object]:
        entry = self._gateway.grant_near(
            self._wanted_entry(call, UpnpCode.ACTION_NOT_AUTHORIZED)
        )
        if entry is None:
            raise UpnpError(UpnpCode.NO_PORT_MAPS_AVAILABLE)
        return {"NewReservedPort": entry.external_port}

    def _delete_port_mapping(self, call: Call) -> dict[str, object]:
        key = call.protocol(), call.port("NewExternalPort")
        entry = self._gateway.table.get(*key)
        if (
            entry is not None
            and self._gateway.secure_mode
            and entry.internal_client != call.source
        ):
            raise UpnpError(UpnpCode.ACTION_NOT_AUTHORIZED)
        # Deleting what is not there is a success, as measured.
        self._gateway.table.remove(*key)
        return {}

    def _get_specific_entry(self, call: Call) -> dict[str, object]:
        entry = self._gateway.table.get(call.protocol(), call.port("NewExternalPort"))
        if entry is None:
            raise UpnpError(UpnpCode.NO_SUCH_ENTRY_IN_ARRAY)
        return self._entry_values(entry)

    def _get_generic_entry(self, call: Call) -> dict[str, object]:
        entries = list(self._gateway.table)
        index = call.port("NewPortMappingIndex")
        if index >= len(entries):
            raise UpnpError(UpnpCode.SPECIFIED_ARRAY_INDEX_INVALID)
        entry = entries[index]
        return {
            "NewRemoteHost": "",
            "NewExternalPort": entry.external_port,
            "NewProtocol": entry.protocol,
            **self._entry_values(entry),
        }

    def _entry_values(self, entry: Entry) -> dict[str, object]:
        """Return what both ways of reading an entry answer."""
        return {
            "NewInternalPort": entry.internal_port,
            "NewInternalClient": entry.internal_client,
            "NewEnabled": 1,
            "NewPortMappingDescription": entry.description,
            "NewLeaseDuration": self._gateway.table.remaining(entry),
        }

    def _wanted_entry(self, call: Call, third_party_code: UpnpCode) -> Entry:
        """Read the arguments of both ways of adding an entry and check them."""
        gateway = self._gateway
        protocol = call.protocol()
        external_port = call.port("NewExternalPort")
        internal_port = call.port("NewInternalPort")
        lease = call.number("NewLeaseDuration", 2**32 - 1)
        client = call.text("NewInternalClient")
        try:
            IPv4Address(client)
        except AddressValueError:
            raise UpnpError(UpnpCode.INVALID_ARGS) from None
        if call.text("NewRemoteHost") not in {"", "0.0.0.0"}:
            raise UpnpError(UpnpCode.REMOTE_HOST_ONLY_SUPPORTS_WILDCARD)
        if external_port == 0:
            raise UpnpError(UpnpCode.WILDCARD_NOT_PERMITTED_IN_EXT_PORT)
        if internal_port == 0:
            raise UpnpError(UpnpCode.WILDCARD_NOT_PERMITTED_IN_INT_PORT)
        if gateway.secure_mode and client != call.source:
            raise UpnpError(third_party_code)
        if not gateway.can_map:
            raise UpnpError(UpnpCode.ACTION_FAILED)
        if not gateway.allows_port(external_port):
            raise UpnpError(UpnpCode.ACTION_NOT_AUTHORIZED)
        if gateway.faults.mapping.permanent_only and lease:
            raise UpnpError(UpnpCode.ONLY_PERMANENT_LEASES_SUPPORTED)
        granted = (
            None
            if gateway.faults.mapping.permanent_only
            else gateway.leases.upnp(lease)
        )
        return Entry(
            protocol=protocol,
            external_port=external_port,
            internal_client=client,
            internal_port=internal_port,
            description=call.text("NewPortMappingDescription"),
            expires=None if granted is None else gateway.clock.now() + granted,
            origin=Origin.UPNP,
        )


def _read_arguments(body: bytes, action: str) -> dict[str, str]:
    """Return the arguments of the action in the envelope."""
    try:
        envelope = ElementTree.fromstring(body)
    except ParseError:
        raise UpnpError(UpnpCode.INVALID_ACTION) from None
    for element in envelope.iter():
        if element.tag.rpartition("}")[2] == action:
            return {argument.tag: argument.text or "" for argument in element}
    raise UpnpError(UpnpCode.INVALID_ACTION)


def _response(service_type: str, action: str, values: Mapping[str, object]) -> bytes:
    """Return the envelope of a success."""
    arguments = "".join(
        f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items()
    )
    return ENVELOPE.format(
        f'<u:{action}Response xmlns:u="{service_type}">{arguments}</u:{action}Response>'
    ).encode()


def _fault(error: UpnpError) -> bytes:
    """Return the envelope of a refusal."""
    return ENVELOPE.format(
        "<s:Fault><faultcode>s:Client</faultcode>"
        "<faultstring>UPnPError</faultstring>"
        '<detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
        f"<errorCode>{error.code}</errorCode>"
        f"<errorDescription>{error}</errorDescription>"
        "</UPnPError></detail></s:Fault>"
    ).encode()
