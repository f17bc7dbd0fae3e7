"""The router, through whichever protocol it understands first."""

import asyncio
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

import aiohttp

from . import natpmp, ssdp
from .model import Mapper, Mapping, Method, PortMapError, Reason, Target
from .natpmp import NatPmpMapper
from .route import Route, find_route, is_this_host, resolve
from .upnp import UpnpMapper

# The most telling first: what one protocol was told explains the silence of another.
_TELLING: Final = (
    Reason.TABLE_FULL,
    Reason.PORT_TAKEN,
    Reason.REFUSED_FOR_OTHER_HOST,
    Reason.NO_PUBLIC_ADDRESS,
    Reason.REFUSED,
    Reason.FAILED,
    Reason.NO_ROUTER,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """Where a router listens; other values are for routers simulated in tests."""

    nat_pmp: int = natpmp.PORT
    ssdp: int = ssdp.PORT


class Router:
    """The way to the Internet, asked for mappings to this host or to another.

    Every method raises PortMapError if the router cannot or will not.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        gateway: IPv4Address | None = None,
        ports: Ports | None = None,
    ) -> None:
        """Use the default gateway, or the router that the owner named."""
        self._session = session
        self._gateway = gateway
        self._ports = ports or Ports()
        self._route: Route | None = None
        self._mappers: dict[tuple[Method, IPv4Address], Mapper] = {}

    async def find_target(self, host: str, port: int, description: str) -> Target:
        """Return the target that a host name or address stands for.

        This host goes by many names; the router must be told the address on its link.
        """
        await self._find_route()
        assert self._route is not None
        address = await resolve(host)
        return Target(
            address=self._route.source if address.is_loopback else address,
            port=port,
            description=description,
        )

    async def map(self, target: Target, external_port: int) -> Mapping:
        """Get a mapping through the first protocol that answers and agrees.

        All are probed at once, and only the winner is asked for a mapping.
        """
        errors: list[PortMapError] = []
        mappers = await self._mappers_for(target)
        async with asyncio.TaskGroup() as group:
            probes = [group.create_task(_probe(mapper)) for mapper in mappers]
            try:
                for next_probe in asyncio.as_completed(probes):
                    mapper, error = await next_probe
                    if error is None:
                        try:
                            return await mapper.map(target, external_port)
                        except PortMapError as err:
                            error = err
                    errors.append(error)
            finally:
                for probe in probes:
                    probe.cancel()
        raise min(errors, key=lambda error: _TELLING.index(error.reason))

    async def renew(self, mapping: Mapping) -> Mapping:
        """Extend a mapping, and rebuild it if the router lost it."""
        return await (await self._mapper_of(mapping)).renew(mapping)

    async def verify(self, mapping: Mapping) -> Mapping | None:
        """Return what the router has of a mapping now; None if it is gone."""
        return await (await self._mapper_of(mapping)).verify(mapping)

    async def release(self, mapping: Mapping) -> None:
        """Remove a mapping and make sure that it is gone."""
        await (await self._mapper_of(mapping)).release(mapping)

    async def external_address(self, mapping: Mapping) -> IPv4Address:
        """Ask for the address at which a mapping is reached from outside."""
        return await (await self._mapper_of(mapping)).external_address()

    async def _mappers_for(self, target: Target) -> list[Mapper]:
        """Return what can map to a target; NAT-PMP only maps to the host that asks."""
        await self._find_route()
        methods = [Method.UPNP]
        if is_this_host(target.address):
            methods.insert(0, Method.NAT_PMP)
        return [self._mapper(method, target.address) for method in methods]

    async def _mapper_of(self, mapping: Mapping) -> Mapper:
        await self._find_route()
        return self._mapper(mapping.method, mapping.target.address)

    def _mapper(self, method: Method, source: IPv4Address) -> Mapper:
        route = self._route
        assert route is not None
        if (mapper := self._mappers.get((method, source))) is None:
            if method is Method.NAT_PMP:
                mapper = NatPmpMapper(route, source, self._ports.nat_pmp)
            else:
                mapper = UpnpMapper(self._session, route, self._ports.ssdp)
            self._mappers[method, source] = mapper
        return mapper

    async def _find_route(self) -> None:
        """Look where the router is; everything known of another one is forgotten."""
        route = await find_route(self._gateway)
        if route is None:
            raise PortMapError(Reason.NO_ROUTER, "No route to the Internet")
        if route != self._route:
            self._mappers.clear()
            self._route = route


async def _probe(mapper: Mapper) -> tuple[Mapper, PortMapError | None]:
    """Probe, with the outcome beside the mapper that had it."""
    try:
        await mapper.probe()
    except PortMapError as err:
        return mapper, err
    return mapper, None
