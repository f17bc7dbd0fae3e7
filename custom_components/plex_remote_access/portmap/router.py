"""The router, through whichever protocol it understands."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
import math
from typing import Final

import aiohttp

from . import announcements, natpmp, ssdp
from .model import Mapper, Mapping, Method, PortMapError, Reason, Target, most_telling
from .natpmp import NatPmpMapper
from .pcp import PcpMapper
from .race import first_to_map
from .route import Route, find_route, is_this_host, resolve
from .upnp import UpnpMapper


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """Where a router listens; other values are for routers simulated in tests."""

    pcp: int = natpmp.PORT
    """PCP and NAT-PMP share one port (RFC 6887, section 19.1)."""
    ssdp: int = ssdp.PORT
    announcements: int = announcements.PORT


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
        self.session: Final = session
        self.route: Route | None = None
        self._gateway = gateway
        self.ports: Final = ports or Ports()
        self._mappers: dict[tuple[Method, IPv4Address], Mapper] = {}
        self._worked: Method | None = None

    async def find_route(self) -> Route:
        """Look where the router is; all that is known of another one is forgotten."""
        route = await find_route(self._gateway)
        if route is None:
            raise PortMapError(Reason.NO_ROUTER, "No route to the Internet")
        if route != self.route:
            self.forget()
            self.route = route
        return route

    def forget(self) -> None:
        """Forget all that is known of the router; it is found out anew."""
        self.abandon()
        self._mappers.clear()
        self._worked = None

    def abandon(self) -> None:
        """Listen for no answer any more to what was interrupted."""
        for mapper in self._mappers.values():
            if isinstance(mapper, UpnpMapper):
                mapper.abandon()

    async def find_target(
        self, host: str, port: int, description: str, nonce: bytes
    ) -> Target:
        """Return the target that a host name or address stands for.

        This host goes by many names; the router must be told the address on its link.
        """
        route = await self.find_route()
        address = await resolve(host)
        return Target(
            address=route.source if address.is_loopback else address,
            port=port,
            description=description,
            nonce=nonce,
        )

    async def map(
        self,
        target: Target,
        external_port: int,
        *,
        asking: Callable[[], None] = lambda: None,
    ) -> Mapping:
        """Get a mapping through the first protocol that answers and agrees.

        `asking` is called when the router is about to be asked for one.
        """
        await self.find_route()
        # Should it fail, the others get all the time there is at the next attempt.
        proven, self._worked = self._worked, None
        mapping = await first_to_map(
            self.mappers(target), target, external_port, proven=proven, asking=asking
        )
        self._worked = mapping.method
        return mapping

    async def extend(self, mapping: Mapping) -> Mapping:
        """Ask again for a mapping that stands, or stood, in the same way."""
        mapper = await self._mapper_of(mapping)
        return await mapper.map(mapping.target, mapping.external_port)

    async def verify(self, mapping: Mapping, *, silent_before: bool = False) -> bool:
        """Tell whether a mapping still stands; False also where it may be lost.

        Silence proves nothing, but a router that was silent before and answers in
        another protocol does not speak the one of the mapping any more.
        """
        mapper = await self._mapper_of(mapping)
        try:
            return await mapper.verify(mapping)
        except PortMapError as err:
            if not (silent_before and err.reason is Reason.NO_ROUTER):
                raise
            # That it speaks PCP does not say that it maps to another host.
            this_host = is_this_host(mapping.target.address)
            probes = [
                other.probe()
                for other in self.mappers(mapping.target)
                if other is not mapper and (this_host or not other.method.is_udp)
            ]
            if None not in await asyncio.gather(*probes, return_exceptions=True):
                raise
        return False

    async def release(self, mapping: Mapping) -> None:
        """Remove a mapping and make sure that it is gone."""
        try:
            await (await self._mapper_of(mapping)).release(mapping)
        except PortMapError as err:
            if (
                mapping.method is not Method.PCP
                or err.reason is Reason.NO_ROUTER
                or not await self._release_otherwise(mapping)
            ):
                raise

    async def external_address(self, mapping: Mapping) -> IPv4Address:
        """Ask for the address at which a mapping is reached from outside."""
        return await (await self._mapper_of(mapping)).external_address()

    async def tidy(self, target: Target, keep: Mapping) -> None:
        """Remove what else is ours and leads to a target.

        Such leftovers come from attempts that were interrupted. A router that is silent
        in UPnP has none.
        """
        mapper = self._mappers.get(self._key(Method.UPNP, target))
        if isinstance(mapper, UpnpMapper):
            try:
                await mapper.tidy(target, keep.external_port)
            except PortMapError as err:
                if err.reason is not Reason.NO_ROUTER:
                    raise

    async def withdraw(self, target: Target) -> None:
        """Remove all that is ours and leads to a target, whatever we know of it.

        Protocols in which the router is silent made no mapping.
        """
        await self.find_route()
        methods = self._methods(target)
        outcomes = await asyncio.gather(
            *(self._withdraw(method, target) for method in methods),
            return_exceptions=True,
        )
        errors = list[PortMapError]()
        for method, outcome in zip(methods, outcomes, strict=True):
            if isinstance(outcome, PortMapError):
                errors.append(outcome)
                if method is Method.UPNP and outcome.reason is not Reason.NO_ROUTER:
                    raise outcome
            elif outcome is not None:
                raise outcome
        if len(errors) == len(methods):
            raise most_telling(errors)

    async def _withdraw(self, method: Method, target: Target) -> None:
        mapper = self._mapper(method, target)
        if isinstance(mapper, UpnpMapper):
            await mapper.tidy(target, None)
        else:
            await mapper.release(self._lost(method, target))

    async def _release_otherwise(self, mapping: Mapping) -> bool:
        """Remove by UPnP what PCP made and does not remove; tell whether it is gone.

        miniupnpd deletes nothing by PCP where a row of UPnP leads to the same port.
        """
        upnp = self._mapper(Method.UPNP, mapping.target)
        assert isinstance(upnp, UpnpMapper)
        with suppress(PortMapError):
            return await upnp.release_pcp(mapping)
        return False

    def mappers(self, target: Target) -> list[Mapper]:
        """Return what can be asked for a mapping to a target, best first."""
        return [self._mapper(method, target) for method in self._methods(target)]

    @property
    def event_url(self) -> str | None:
        """Return where the router can be asked to tell what changes (GENA)."""
        for mapper in self._mappers.values():
            if isinstance(mapper, UpnpMapper) and (url := mapper.event_url):
                return url
        return None

    def _methods(self, target: Target) -> list[Method]:
        """Return what can map to a target, best first.

        NAT-PMP only maps to the host that asks.
        """
        if is_this_host(target.address):
            return [Method.PCP, Method.NAT_PMP, Method.UPNP]
        return [Method.PCP, Method.UPNP]

    async def _mapper_of(self, mapping: Mapping) -> Mapper:
        route = await self.find_route()
        if route.gateway != mapping.gateway:
            raise PortMapError(Reason.NO_ROUTER, "Another router stands there now")
        return self._mapper(mapping.method, mapping.target)

    def _lost(self, method: Method, target: Target) -> Mapping:
        """Return a mapping that we may have without knowing its port."""
        assert self.route is not None
        return Mapping(
            method=method,
            gateway=self.route.gateway,
            target=target,
            external_port=0,
            granted_at=-math.inf,
            good_until=None,
        )

    def _key(self, method: Method, target: Target) -> tuple[Method, IPv4Address]:
        """Return who asks, and how.

        On a host with several addresses the one that the mapping leads to has to ask.
        """
        assert self.route is not None
        source = self.route.source
        if method.is_udp and is_this_host(target.address):
            source = target.address
        return method, source

    def _mapper(self, method: Method, target: Target) -> Mapper:
        route, key = self.route, self._key(method, target)
        assert route is not None
        if (mapper := self._mappers.get(key)) is None:
            match method:
                case Method.PCP:
                    mapper = PcpMapper(route, key[1], self.ports.pcp)
                case Method.NAT_PMP:
                    mapper = NatPmpMapper(route, key[1], self.ports.pcp)
                case Method.UPNP:
                    mapper = UpnpMapper(self.session, route, self.ports.ssdp)
            self._mappers[key] = mapper
        return mapper
