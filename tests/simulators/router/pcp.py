"""PCP server, RFC 6887: ANNOUNCE and MAP for IPv4."""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
import struct

from .forward import PortTakenError
from .gateway import Gateway
from .pcp_options import OptionCode, PcpError, Result, read_options
from .table import Entry, Origin, Protocol

VERSION = 2
RESPONSE = 0x80
HEADER = 24
MAP_PAYLOAD = 36
LONGEST = 1100
PROTOCOLS = {6: Protocol.TCP, 17: Protocol.UDP}
UNKNOWN_ADDRESS = IPv4Address(0)


class Opcode(IntEnum):
    """Opcodes that are served."""

    ANNOUNCE = 0
    MAP = 1


@dataclass(frozen=True, slots=True)
class MapRequest:
    """The MAP payload of section 11.1 with the options that matter."""

    nonce: bytes
    protocol: int
    client: str
    internal_port: int
    external_port: int
    external_address: IPv4Address
    lifetime: int
    prefer_failure: bool


def announcement(gateway: Gateway) -> bytes:
    """Return the unsolicited ANNOUNCE of section 14.1.3."""
    return _header(gateway, Opcode.ANNOUNCE, Result.SUCCESS, 0)


def unsupported_version(gateway: Gateway, opcode: int) -> bytes:
    """Answer a request of another version; to a NAT-PMP client it says the same."""
    return _header(
        gateway, opcode, Result.UNSUPP_VERSION, Result.UNSUPP_VERSION.lifetime
    )


def answer(
    gateway: Gateway, data: bytes, source: str, refuse_with: int | None
) -> bytes | None:
    """Answer a request of version 2; None = silently ignored."""
    opcode = data[1]
    if opcode & RESPONSE:
        return None
    try:
        return _serve(gateway, data, source, refuse_with)
    except PcpError as err:
        # The request comes back as it was, padded, behind the header (section 8.2).
        # The address field of MAP then tells the real WAN address, as measured.
        payload = bytearray(data[HEADER:LONGEST])
        payload += bytes(-len(payload) % 4)
        if opcode == Opcode.MAP and len(payload) >= MAP_PAYLOAD and gateway.wan_private:
            payload[20:36] = _mapped(IPv4Address(gateway.wan_address or 0))
        lifetime = gateway.leases.pcp_refusal
        if lifetime is None:
            lifetime = err.result.lifetime
        return _header(gateway, opcode, err.result, lifetime) + payload


def _serve(
    gateway: Gateway, data: bytes, source: str, refuse_with: int | None
) -> bytes:
    """Answer a request that is not refused."""
    if refuse_with is not None:
        raise PcpError(Result(refuse_with))
    _check(data, source)
    if data[1] == Opcode.ANNOUNCE:
        read_options(data[HEADER:], allowed=set())
        return announcement(gateway)
    if data[1] == Opcode.MAP:
        return _map(gateway, data, source)
    raise PcpError(Result.UNSUPP_OPCODE)


def _header(gateway: Gateway, opcode: int, result: Result, lifetime: int) -> bytes:
    """Return the response header of section 7.2."""
    return struct.pack(
        "!BBBBII12x", VERSION, opcode | RESPONSE, 0, result, lifetime, gateway.epoch
    )


def _mapped(address: IPv4Address) -> bytes:
    """Return an IPv4 address in the 16 bytes that PCP has for one."""
    return bytes(10) + b"\xff\xff" + address.packed


def _ipv4(field: bytes) -> IPv4Address:
    """Read an IPv4 address from 16 bytes; anything else counts as unknown."""
    return IPv6Address(field).ipv4_mapped or UNKNOWN_ADDRESS


def _check(data: bytes, source: str) -> None:
    """Check what is the same for all requests."""
    if not HEADER <= len(data) <= LONGEST or len(data) % 4:
        raise PcpError(Result.MALFORMED_REQUEST)
    if _ipv4(data[8:HEADER]) != IPv4Address(source):
        raise PcpError(Result.ADDRESS_MISMATCH)


def _read_map(gateway: Gateway, data: bytes, source: str) -> MapRequest:
    """Read a MAP request and check it."""
    if len(data) < HEADER + MAP_PAYLOAD:
        raise PcpError(Result.MALFORMED_REQUEST)
    (lifetime,) = struct.unpack_from("!I", data, 4)
    nonce, protocol, internal, external, address = struct.unpack_from(
        "!12sB3xHH16s", data, HEADER
    )
    allowed = {OptionCode.PREFER_FAILURE}
    if gateway.pcp_third_party:
        allowed.add(OptionCode.THIRD_PARTY)
    options = read_options(data[HEADER + MAP_PAYLOAD :], allowed)
    client = source
    if third_party := options.get(OptionCode.THIRD_PARTY):
        client = str(_ipv4(third_party))
        if client == source:
            raise PcpError(Result.MALFORMED_REQUEST)
    if protocol == 0 and internal != 0:
        raise PcpError(Result.MALFORMED_REQUEST)
    if protocol not in PROTOCOLS or internal == 0:
        raise PcpError(Result.UNSUPP_PROTOCOL)
    return MapRequest(
        nonce=nonce,
        protocol=protocol,
        client=client,
        internal_port=internal,
        external_port=external,
        external_address=_ipv4(address),
        lifetime=lifetime,
        prefer_failure=OptionCode.PREFER_FAILURE in options,
    )


def _map(gateway: Gateway, data: bytes, source: str) -> bytes:
    """Make, renew or delete a mapping."""
    request = _read_map(gateway, data, source)
    protocol = PROTOCOLS[request.protocol]
    held = gateway.held(protocol, (request.client, request.internal_port), Origin.PCP)
    if held is not None and held.nonce != request.nonce:
        raise PcpError(Result.NOT_AUTHORIZED)
    if request.lifetime == 0:
        if held is not None:
            gateway.table.remove(*held.key)
        external_port, lifetime = request.external_port, 0
        address = request.external_address
    else:
        lifetime = gateway.leases.pcp(request.lifetime)
        external_port = _assign(gateway, request, held, lifetime)
        address = IPv4Address(gateway.wan_address or 0)
    payload = struct.pack(
        "!12sB3xHH16s",
        request.nonce,
        request.protocol,
        request.internal_port,
        external_port,
        _mapped(address),
    )
    return (
        _header(gateway, Opcode.MAP, Result.SUCCESS, lifetime)
        + payload
        + data[HEADER + MAP_PAYLOAD :]
    )


def _assign(
    gateway: Gateway, request: MapRequest, held: Entry | None, lifetime: int
) -> int:
    """Put the mapping into the table and return its external port."""
    if gateway.wan_address is None:
        raise PcpError(Result.NETWORK_FAILURE)
    if not gateway.can_map:
        raise PcpError(Result.NO_RESOURCES)
    faults = gateway.faults.pcp
    wanted = request.external_port or request.internal_port
    entry = Entry(
        protocol=PROTOCOLS[request.protocol],
        external_port=(
            held.external_port if held and not faults.second_mapping else wanted
        ),
        internal_client=request.client,
        internal_port=request.internal_port,
        # As miniupnpd on a little-endian machine.
        description="PCP MAP {:08x}{:08x}{:08x}".format(
            *struct.unpack("<3I", request.nonce)
        ),
        expires=gateway.clock.now() + lifetime,
        origin=Origin.PCP,
        nonce=request.nonce,
    )
    if not request.prefer_failure or faults.ignore_prefer_failure:
        if (granted := gateway.grant_near(entry)) is None:
            raise PcpError(Result.NO_RESOURCES)
        return granted.external_port
    if (
        entry.external_port != wanted
        or not gateway.allows_port(wanted)
        or request.external_address
        not in {UNKNOWN_ADDRESS, IPv4Address(gateway.wan_address)}
    ):
        raise PcpError(Result.CANNOT_PROVIDE_EXTERNAL)
    try:
        gateway.grant(entry)
    except PortTakenError:
        raise PcpError(Result.CANNOT_PROVIDE_EXTERNAL) from None
    return wanted
