"""Port Control Protocol (PCP).

https://www.rfc-editor.org/rfc/rfc6887
"""

from contextlib import suppress
from ipaddress import IPv4Address
from typing import Final, override

from . import const, natpmp
from .epoch import Continuity
from .model import Mapper, Mapping, Method, PortMapError, Reason, Target
from .patience import Refusals
from .pcp_packets import (
    MapRequest,
    MapResponse,
    build_announce_request,
    build_map_request,
    parse_announce_response,
    parse_map_response,
)
from .route import Route
from .udp import UdpClient

# What a router says in NAT-PMP that does not have it, or has it switched off.
_NO_NAT_PMP: Final = frozenset({Reason.NO_ROUTER, Reason.REFUSED})


class PcpMapper(Mapper):
    """Asks one router for mappings to this host, and to others where it allows that."""

    method = Method.PCP

    def __init__(
        self, route: Route, source: IPv4Address, port: int = natpmp.PORT
    ) -> None:
        """Speak from `source`, an address of this host."""
        self._gateway = route.gateway
        self._source = source
        self._client = UdpClient(route, source, port)
        self._continuity = Continuity(self._look)
        self._refusals = Refusals()
        # Whether the router understands NAT-PMP as well, None while that is open.
        self._speaks_nat_pmp: bool | None = None

    @override
    async def probe(self) -> None:
        epoch = await self._client.probe(
            build_announce_request(self._source), parse_announce_response
        )
        self._continuity.hear(self.method, epoch)

    @override
    async def external_address(self) -> IPv4Address:
        # Every mapping comes with it; where it did not, NAT-PMP may tell.
        if self._continuity.address is None and self._speaks_nat_pmp is not False:
            with suppress(PortMapError):
                await self._ask_address()
        if (address := self._continuity.address) is None:
            raise PortMapError(
                Reason.NO_PUBLIC_ADDRESS, "The router does not tell its address"
            )
        return address

    @override
    async def map(self, target: Target, external_port: int) -> Mapping:
        response = await self._ask_unless_refused(target, external_port)
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
        response = await self._ask_map(mapping.target, 0, 0)
        if response.lifetime:
            raise PortMapError(Reason.FAILED, "The router kept the mapping")

    async def _ask_unless_refused(
        self, target: Target, external_port: int
    ) -> MapResponse:
        """Ask for a mapping, but not again as long as the same was refused for.

        A router that has begun anew since then may have changed its mind.
        """
        packet = build_map_request(
            self._request(target, external_port, const.UDP_LIFETIME)
        )
        if self._refusals.standing(packet):
            await self._ask_epoch()
        self._refusals.check(packet, void_since=self._continuity.restarted_at)
        try:
            return await self._ask_map(target, external_port, const.UDP_LIFETIME)
        except PortMapError as err:
            self._refusals.note(packet, err)
            raise

    def _request(self, target: Target, external_port: int, lifetime: int) -> MapRequest:
        return MapRequest(
            client=self._source,
            internal=target.address,
            internal_port=target.port,
            nonce=target.nonce,
            external_port=external_port,
            lifetime=lifetime,
        )

    async def _ask_map(
        self, target: Target, external_port: int, lifetime: int
    ) -> MapResponse:
        request = self._request(target, external_port, lifetime)
        response = await self._client.ask(
            build_map_request(request),
            lambda packet: parse_map_response(packet, request),
        )
        self._continuity.hear(self.method, response.epoch, response.external_address)
        return response

    async def _look(self) -> None:
        """Ask for the epoch, in NAT-PMP if possible: that tells the address as well."""
        known = self._speaks_nat_pmp
        if not known:
            await self._ask_epoch()
        if known is False:
            return
        try:
            await self._ask_address()
        except PortMapError as err:
            if known or err.reason not in _NO_NAT_PMP:
                raise

    async def _ask_epoch(self) -> None:
        epoch = await self._client.ask(
            build_announce_request(self._source), parse_announce_response
        )
        self._continuity.hear(self.method, epoch)

    async def _ask_address(self) -> None:
        """Ask for the address in NAT-PMP. Raises PortMapError."""
        try:
            response = await self._client.ask(
                natpmp.build_address_request(), natpmp.parse_address_response
            )
        except PortMapError as err:
            if err.reason not in _NO_NAT_PMP:
                self._speaks_nat_pmp = True
            else:
                # It answered before: it may be restarting, and is asked once more.
                self._speaks_nat_pmp = None if self._speaks_nat_pmp else False
            raise
        self._speaks_nat_pmp = True
        self._continuity.hear(Method.NAT_PMP, response.epoch, response.address)
