"""NAT Port Mapping Protocol (NAT-PMP).

https://www.rfc-editor.org/rfc/rfc6886
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
import struct
from typing import Final, override

from . import const
from .epoch import Continuity
from .model import Mapper, Mapping, Method, PortMapError, Reason, Target
from .route import Route
from .udp import UdpClient

PORT: Final = 5351

_VERSION: Final = 0
_OP_ADDRESS: Final = 0
_OP_MAP_TCP: Final = 2
_RESPONSE: Final = 128

_REASONS: Final = {
    1: (Reason.NO_ROUTER, "unsupported version"),
    2: (Reason.REFUSED, "not authorized or switched off"),
    3: (Reason.NO_PUBLIC_ADDRESS, "network failure"),
    4: (Reason.TABLE_FULL, "out of resources"),
    5: (Reason.NO_ROUTER, "unsupported opcode"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressResponse:
    """Answer to the question for the external address (section 3.2)."""

    epoch: int
    address: IPv4Address


@dataclass(frozen=True, kw_only=True, slots=True)
class MapResponse:
    """Answer to a mapping request (section 3.3)."""

    epoch: int
    internal_port: int
    external_port: int
    lifetime: int


def build_address_request() -> bytes:
    """Build the question for the external address."""
    return struct.pack("!BB", _VERSION, _OP_ADDRESS)


def build_map_request(internal_port: int, external_port: int, lifetime: int) -> bytes:
    """Build a request for a TCP mapping; lifetime 0 deletes it (section 3.4).

    Internal port 0 with lifetime 0 would delete all mappings of this host.
    """
    if not internal_port:
        raise ValueError("Internal port 0 stands for all mappings")
    return struct.pack(
        "!BBHHHI", _VERSION, _OP_MAP_TCP, 0, internal_port, external_port, lifetime
    )


def parse_address_response(packet: bytes) -> AddressResponse | None:
    """Read an answer; None if the packet is not one. Raises what the router says."""
    if not _is_response(packet, _OP_ADDRESS, 12):
        return None
    epoch, address = struct.unpack_from("!I4s", packet, 4)
    return AddressResponse(epoch=epoch, address=IPv4Address(address))


def parse_map_response(packet: bytes, internal_port: int) -> MapResponse | None:
    """Read an answer; None if the packet is not one. Raises what the router says.

    There is no transaction id: the internal port tells which request is answered.
    """
    if not _is_response(packet, _OP_MAP_TCP, 16):
        return None
    epoch, internal, external, lifetime = struct.unpack_from("!IHHI", packet, 4)
    if internal != internal_port:
        return None
    return MapResponse(
        epoch=epoch,
        internal_port=internal,
        external_port=external,
        lifetime=min(lifetime, const.MAX_LIFETIME),
    )


def _is_response(packet: bytes, opcode: int, size: int) -> bool:
    """Check version, opcode, result and size, in the order in which they mean something."""
    if len(packet) < 4:
        return False
    version, op, result = struct.unpack_from("!BBH", packet)
    # A refused version comes with the bare opcode 0 as well (section 3.5).
    if version != _VERSION or op not in {_RESPONSE + opcode, _RESPONSE, _OP_ADDRESS}:
        return False
    if result:
        reason, text = _REASONS.get(result, (Reason.FAILED, "unknown result"))
        raise PortMapError(reason, f"NAT-PMP result {result}: {text}")
    return op == _RESPONSE + opcode and len(packet) >= size


class NatPmpMapper(Mapper):
    """Asks one router for mappings to this host; the protocol knows no other."""

    method = Method.NAT_PMP

    def __init__(self, route: Route, source: IPv4Address, port: int = PORT) -> None:
        """Speak from `source`, which is also where the mappings will lead."""
        self._gateway = route.gateway
        self._source = source
        self._client = UdpClient(route, source, port)
        self._continuity = Continuity(self._look)

    @override
    async def probe(self) -> None:
        response = await self._client.probe(
            build_address_request(), parse_address_response
        )
        self._continuity.hear(self.method, response.epoch, response.address)

    @override
    async def external_address(self) -> IPv4Address:
        await self._continuity.look()
        assert self._continuity.address is not None
        return self._continuity.address

    @override
    async def map(self, target: Target, external_port: int) -> Mapping:
        # Suggesting the port had last rebuilds the mapping after a restart (3.3).
        response = await self._ask_map(target.port, external_port, const.UDP_LIFETIME)
        if not response.lifetime or not response.external_port:
            raise PortMapError(Reason.FAILED, "The router granted no time")
        return Mapping.granted(
            self.method,
            self._gateway,
            target,
            response.external_port,
            response.lifetime,
        )

    @override
    async def verify(self, mapping: Mapping) -> bool:
        return await self._continuity.stands(mapping)

    @override
    async def release(self, mapping: Mapping) -> None:
        if mapping.target.address != self._source:
            # This host had that address before. Asked from another one, the router
            # would remove the mapping to that, and keep this one.
            raise PortMapError(
                Reason.REFUSED_FOR_OTHER_HOST, "Only who has a mapping can remove it"
            )
        response = await self._ask_map(mapping.target.port, 0, 0)
        if response.lifetime:
            raise PortMapError(Reason.FAILED, "The router kept the mapping")

    async def _ask_map(
        self, internal_port: int, external_port: int, lifetime: int
    ) -> MapResponse:
        response = await self._client.ask(
            build_map_request(internal_port, external_port, lifetime),
            lambda packet: parse_map_response(packet, internal_port),
        )
        self._continuity.hear(self.method, response.epoch)
        return response

    async def _look(self) -> None:
        """Ask for epoch and address, which come in one packet."""
        response = await self._client.ask(
            build_address_request(), parse_address_response
        )
        self._continuity.hear(self.method, response.epoch, response.address)
