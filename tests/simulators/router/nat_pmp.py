"""NAT-PMP server, RFC 6886."""

from enum import IntEnum
from ipaddress import IPv4Address
import struct

from .gateway import Gateway
from .table import Entry, Origin, Protocol

VERSION = 0
ADDRESS = 0
PROTOCOLS = {1: Protocol.UDP, 2: Protocol.TCP}
RESPONSE = 0x80


class Result(IntEnum):
    """Result codes, section 3.5."""

    SUCCESS = 0
    UNSUPPORTED_VERSION = 1
    NOT_AUTHORIZED = 2
    NETWORK_FAILURE = 3
    OUT_OF_RESOURCES = 4
    UNSUPPORTED_OPCODE = 5


def unsupported_version(gateway: Gateway) -> bytes:
    """Answer a request of another version."""
    return _header(gateway, 0, Result.UNSUPPORTED_VERSION)


def address_response(gateway: Gateway, result: int | None = None) -> bytes:
    """Return the external address; also the announcement of section 3.2.1."""
    if result is None:
        result = Result.SUCCESS if gateway.can_map else Result.NETWORK_FAILURE
    address = gateway.wan_address if result == Result.SUCCESS else None
    return (
        _header(gateway, ADDRESS | RESPONSE, result)
        + IPv4Address(address or "0.0.0.0").packed
    )


def answer(
    gateway: Gateway, data: bytes, source: str, refuse_with: int | None
) -> bytes | None:
    """Answer a request of version 0; None = silently ignored."""
    opcode = data[1]
    if opcode & RESPONSE:
        return None
    if opcode == ADDRESS:
        return address_response(gateway, refuse_with)
    if opcode not in PROTOCOLS:
        return _header(gateway, opcode | RESPONSE, Result.UNSUPPORTED_OPCODE)
    if len(data) < 12:
        return None
    internal, external, lifetime = struct.unpack_from("!HHI", data, 4)
    if refuse_with is not None:
        result, granted = refuse_with, (external, lifetime)
    elif lifetime == 0:
        result, granted = _unmap(gateway, PROTOCOLS[opcode], source, internal), (0, 0)
    else:
        result, granted = _map(
            gateway, PROTOCOLS[opcode], (source, internal), external, lifetime
        )
    return _header(gateway, opcode | RESPONSE, result) + struct.pack(
        "!HHI", internal, *granted
    )


def _header(gateway: Gateway, opcode: int, result: int) -> bytes:
    """Return the start of every response."""
    return struct.pack("!BBHI", VERSION, opcode, result, gateway.epoch)


def _map(
    gateway: Gateway,
    protocol: Protocol,
    target: tuple[str, int],
    suggested: int,
    lifetime: int,
) -> tuple[int, tuple[int, int]]:
    """Make or renew a mapping: result, (external port, lifetime)."""
    if target[1] == 0:
        return Result.NOT_AUTHORIZED, (0, 0)
    if not gateway.can_map:
        return Result.NETWORK_FAILURE, (0, 0)
    lifetime = gateway.leases.nat_pmp(lifetime)
    held = gateway.held(protocol, target, Origin.NAT_PMP)
    entry = gateway.grant_near(
        Entry(
            protocol=protocol,
            external_port=held.external_port if held else suggested or target[1],
            internal_client=target[0],
            internal_port=target[1],
            description=f"NAT-PMP {target[1]} {protocol.lower()}",
            expires=gateway.clock.now() + lifetime,
            origin=Origin.NAT_PMP,
        )
    )
    if entry is None:
        return Result.OUT_OF_RESOURCES, (0, 0)
    return Result.SUCCESS, (entry.external_port, lifetime)


def _unmap(gateway: Gateway, protocol: Protocol, source: str, internal: int) -> Result:
    """Delete the mapping of an internal port, or all of a host for port 0."""
    for entry in gateway.table:
        if (
            entry.origin is Origin.NAT_PMP
            and entry.protocol is protocol
            and entry.internal_client == source
            and internal in {0, entry.internal_port}
        ):
            gateway.table.remove(*entry.key)
    return Result.SUCCESS
