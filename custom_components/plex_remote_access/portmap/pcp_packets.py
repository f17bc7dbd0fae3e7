"""Packets of the Port Control Protocol (PCP), as far as mappings of TCP need them.

https://www.rfc-editor.org/rfc/rfc6887
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
import struct
from typing import Final

from . import const
from .model import PortMapError, Reason, why_not_public

_VERSION: Final = 2
_NAT_PMP: Final = 0
_RESPONSE: Final = 0x80
_OP_ANNOUNCE: Final = 0
_OP_MAP: Final = 1
_TCP: Final = 6
_THIRD_PARTY: Final = 1
_HEADER: Final = 24
_MAP: Final = struct.Struct("!12sB3xHH16s")
_UNKNOWN: Final = IPv4Address(0)

_UNSUPP_VERSION: Final = 1
_NOT_AUTHORIZED: Final = 2
_UNSUPP_OPCODE: Final = 4
_UNSUPP_OPTION: Final = 5
_NETWORK_FAILURE: Final = 7
_NO_RESOURCES: Final = 8

_REFUSALS: Final = {
    _UNSUPP_VERSION: (Reason.NO_ROUTER, "unsupported version"),
    _NOT_AUTHORIZED: (Reason.REFUSED, "not authorized"),
    _NETWORK_FAILURE: (Reason.WAN_DOWN, "network failure"),
    _NO_RESOURCES: (Reason.TABLE_FULL, "no resources"),
    10: (Reason.TABLE_FULL, "quota exceeded"),
    11: (Reason.PORT_TAKEN, "cannot provide the external port"),
    12: (Reason.FAILED, "address mismatch: another NAT is between us and the router"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class MapRequest:
    """Request for a TCP mapping (section 11.1); lifetime 0 deletes it (section 15.1).

    `client` is the address that asks, `internal` the one that the mapping leads to.
    """

    client: IPv4Address
    internal: IPv4Address
    internal_port: int
    nonce: bytes = field(repr=False)
    external_port: int
    lifetime: int

    @property
    def is_third_party(self) -> bool:
        """Tell whether it is for another host than the one that asks."""
        return self.internal != self.client


@dataclass(frozen=True, kw_only=True, slots=True)
class MapResponse:
    """Answer to a request for a mapping; the address is None where it is unknown."""

    epoch: int
    lifetime: int
    external_port: int
    external_address: IPv4Address | None


def build_announce_request(client: IPv4Address) -> bytes:
    """Build the question for the epoch (section 14.1)."""
    return _header(_OP_ANNOUNCE, 0, client)


def build_map_request(request: MapRequest) -> bytes:
    """Build a request for a mapping, with any external address."""
    packet = _header(_OP_MAP, request.lifetime, request.client) + _MAP.pack(
        request.nonce,
        _TCP,
        request.internal_port,
        request.external_port,
        _mapped(_UNKNOWN),
    )
    if request.is_third_party:
        address = _mapped(request.internal)
        packet += struct.pack("!BxH", _THIRD_PARTY, len(address)) + address
    return packet


def parse_announce_response(packet: bytes) -> int | None:
    """Read the epoch; None if the packet is no answer. Raises what the router says.

    A router that only maps speaks PCP as well, and each refusal has the epoch in it.
    """
    if (result := _read_result(packet, _OP_ANNOUNCE)) is None:
        return None
    if result not in {0, _UNSUPP_OPCODE}:
        raise _refusal(packet, result)
    return _epoch(packet) if len(packet) >= _HEADER else None


def parse_map_response(packet: bytes, request: MapRequest) -> MapResponse | None:
    """Read an answer to a request; None if the packet is not one.

    Raises what the router says. A refusal may be cut off anywhere.
    """
    if (result := _read_result(packet, _OP_MAP)) is None:
        return None
    external_port, address = 0, None
    # Who does not know the version cannot tell what to repeat.
    if len(packet) >= _HEADER + _MAP.size and result != _UNSUPP_VERSION:
        nonce, protocol, internal_port, external_port, assigned = _MAP.unpack_from(
            packet, _HEADER
        )
        if (nonce, protocol, internal_port) != (
            request.nonce,
            _TCP,
            request.internal_port,
        ):
            return None
        address = _ipv4(assigned)
    elif not result:
        return None
    if result:
        raise _refusal(packet, result, request, address)
    return MapResponse(
        epoch=_epoch(packet),
        lifetime=_lifetime(packet),
        external_port=external_port,
        external_address=address,
    )


def _header(opcode: int, lifetime: int, client: IPv4Address) -> bytes:
    return struct.pack("!BBxxI16s", _VERSION, opcode, lifetime, _mapped(client))


def _mapped(address: IPv4Address) -> bytes:
    """Return an IPv4 address in the 16 bytes that PCP has for one (section 5)."""
    return bytes(10) + b"\xff\xff" + address.packed


def _ipv4(data: bytes) -> IPv4Address | None:
    address = IPv6Address(data).ipv4_mapped
    return None if address == _UNKNOWN else address


def _lifetime(packet: bytes) -> int:
    return min(int.from_bytes(packet[4:8]), const.MAX_LIFETIME)


def _epoch(packet: bytes) -> int:
    return int.from_bytes(packet[8:12])


def _read_result(packet: bytes, opcode: int) -> int | None:
    """Return the result code of an answer to this opcode; None if it is not one.

    A router that does not know this version answers in the one that it knows, and with
    as many bytes (section 9); one that knows only NAT-PMP may leave the opcode out.
    """
    if len(packet) < 4:
        return None
    version, op, result = packet[0], packet[1], packet[3]
    if version == _NAT_PMP or (version != _VERSION and op & _RESPONSE):
        return _UNSUPP_VERSION
    if version != _VERSION or not op & _RESPONSE:
        return None
    if op == _RESPONSE | opcode or result == _UNSUPP_VERSION:
        return result
    return None


def _refusal(
    packet: bytes,
    result: int,
    request: MapRequest | None = None,
    address: IPv4Address | None = None,
) -> PortMapError:
    """Return what a result code means (section 7.4).

    For an unfit address on the Internet side miniupnpd says "no resources" and gives
    the real address away where the assigned one would be.
    """
    reason, text = _REFUSALS.get(result, (Reason.FAILED, "unexpected"))
    if (
        request is not None
        and request.is_third_party
        # A deletion that is not authorized is one with the wrong nonce.
        and (
            result == _UNSUPP_OPTION or (result == _NOT_AUTHORIZED and request.lifetime)
        )
    ):
        reason, text = Reason.REFUSED_FOR_OTHER_HOST, "not for another host"
    if (
        result in {_NETWORK_FAILURE, _NO_RESOURCES}
        and address is not None
        and (why := why_not_public(address)) is not None
    ):
        reason, text = why, f"the router's own address is {address}"
    # NAT-PMP has the epoch in this place.
    speaks_pcp = packet[0] != _NAT_PMP and len(packet) >= 8
    return PortMapError(
        reason,
        f"PCP result {result}: {text}",
        retry_after=_lifetime(packet) if speaks_pcp else None,
    )
