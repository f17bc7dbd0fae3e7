"""The router's connection to the Internet, as UPnP speaks of it.

UPnP WANIPConnection:1 and :2, WANPPPConnection:1.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from enum import IntEnum, auto
from ipaddress import AddressValueError, IPv4Address
from operator import itemgetter
from typing import Final

import aiohttp

from . import const, second_opinion, soap, ssdp
from .discovery import UnreadableError, find_services
from .http import LostError
from .igd import Service
from .model import PortMapError, Reason, is_public
from .route import Route
from .second_opinion import SecondOpinion
from .soap import SoapFault

# Not only what the standard says: https://github.com/tailscale/tailscale/issues/10911
_CONNECTED: Final = frozenset({"Connected", "Up"})
_SECOND_VERSION: Final = "WANIPConnection:2"


class NothingMappedError(PortMapError):
    """The router agreed, and then there was no mapping."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Reason.FAILED, "The router agreed but mapped nothing")


class _Rank(IntEnum):
    """How likely a service leads to the Internet, the likeliest first."""

    ONLINE = auto()
    CONNECTED = auto()
    PUBLIC = auto()
    ANSWERING = auto()
    SILENT = auto()


class Connection:
    """One router's service that maps ports; it is searched when it is first needed."""

    def __init__(
        self, session: aiohttp.ClientSession, route: Route, port: int = ssdp.PORT
    ) -> None:
        """Speak with the router of this route; `port` is where it is searched."""
        self._session = session
        self._route = route
        self._port = port
        self._service: Service | SecondOpinion | None = None
        # What else the router has, the likeliest first.
        self._others: list[Service] = []
        self.heard = False
        """The router was heard in the search that was begun last."""

    async def find(self) -> None:
        """Search the router and choose the service to speak with."""
        self.heard = False
        self._others = []
        try:
            services = await find_services(
                self._session, self._route, self._port, self._was_heard
            )
        except UnreadableError as err:
            self._service = await second_opinion.ask(err.url)
            if self._service is None:
                raise
            return
        if len(services) > 1:
            services = await self._ranked(services)
        self._service, *self._others = services

    def _was_heard(self) -> None:
        self.heard = True

    async def through_each[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask through the service, and through the next one where nothing is mapped."""
        while True:
            try:
                return await ask()
            except NothingMappedError:
                if not self._others:
                    raise
                self._service = self._others.pop(0)

    def others(self) -> list[Connection]:
        """Return connections through what else the router has."""
        others = []
        for service in self._others:
            other = Connection(self._session, self._route, self._port)
            other._service = service
            others.append(other)
        return others

    async def _ranked(self, services: list[Service]) -> list[Service]:
        """Put first what is alive; asked side by side, as a dead one may hang.

        One WAN connection of several is alive (MikroTik, DSL modems with both IP and
        PPP): https://github.com/tailscale/tailscale/issues/8364
        """
        loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(self._rank(service)) for service in services]
        end = loop.time() + const.ACTION_TIMEOUT
        pending = set(tasks)
        try:
            while pending and (left := end - loop.time()) > 0:
                done, pending = await asyncio.wait(
                    pending, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
                if any(task.result() is _Rank.ONLINE for task in done):
                    end = min(end, loop.time() + const.GRACE)
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        ranks = [_Rank.SILENT if task.cancelled() else task.result() for task in tasks]
        ranked = sorted(zip(ranks, services, strict=True), key=itemgetter(0))
        return [service for _, service in ranked]

    async def _rank(self, service: Service) -> _Rank:
        """Tell how likely it is that a service leads to the Internet."""
        connected = public = False
        try:
            output = await self._ask(service, "GetStatusInfo", {})
            connected = output.get("NewConnectionStatus") in _CONNECTED
        except PortMapError as err:
            if err.reason is Reason.NO_ROUTER or isinstance(err, LostError):
                return _Rank.SILENT
        with suppress(PortMapError, AddressValueError):
            output = await self._ask(service, "GetExternalIPAddress", {})
            public = is_public(IPv4Address(output.get("NewExternalIPAddress", "")))
        if connected:
            return _Rank.ONLINE if public else _Rank.CONNECTED
        return _Rank.PUBLIC if public else _Rank.ANSWERING

    async def call(self, action: str, **arguments: str) -> dict[str, str]:
        """Call an action and return its output arguments. Raises PortMapError."""
        try:
            return await self._call_found(action, arguments)
        except SoapFault as fault:
            if fault.explained or not self.is_second_version:
                raise
            # Some fail without a word unless spoken to as version 1.
            service = self._service
            self.speak_first_version()
            try:
                return await self._call_found(action, arguments)
            except SoapFault:
                self._service = service
            raise

    async def _call_found(
        self, action: str, arguments: dict[str, str]
    ) -> dict[str, str]:
        """Call an action of the service, which may have to be searched first."""
        known = self._service is not None
        try:
            return await self._call_once(action, arguments)
        except LostError:
            # Many routers choose a new port at each start: search again, once.
            if not known:
                raise
        return await self._call_once(action, arguments)

    async def external_address(self) -> IPv4Address:
        """Ask for the router's address on the Internet side."""
        output = await self.call("GetExternalIPAddress")
        with suppress(AddressValueError):
            address = IPv4Address(output.get("NewExternalIPAddress", ""))
            if not address.is_unspecified:
                return address
        reason = await self._why_no_address()
        await self._fail_over()
        raise PortMapError(reason, "The router names no external address")

    async def _fail_over(self) -> None:
        """Speak with the service that leads to the Internet now, if another one does."""
        if self._others and (service := self._described):
            with suppress(TimeoutError):
                async with asyncio.timeout(const.DESCRIPTION_TIMEOUT):
                    services = await self._ranked([service, *self._others])
                    self._service, *self._others = services

    @property
    def event_url(self) -> str | None:
        """Return where the router can be asked to tell what changes (GENA)."""
        return service.event_url if (service := self._described) else None

    @property
    def service_type(self) -> str | None:
        """Return the service that maps ports, None where it was not found yet."""
        return service.service_type if (service := self._described) else None

    @property
    def model(self) -> str:
        """Return what the router calls itself, for people."""
        return service.model if (service := self._described) else ""

    @property
    def is_fritz_box(self) -> bool:
        """Tell whether the owner has to permit each device."""
        return (service := self._described) is not None and service.is_fritz_box

    @property
    def is_second_version(self) -> bool:
        """Tell whether the service knows the actions of WANIPConnection:2."""
        service = self._described
        return service is not None and service.service_type.endswith(_SECOND_VERSION)

    def speak_first_version(self) -> None:
        """Call the service by its first version from now on, at the same address."""
        if (service := self._described) is not None:
            first = service.service_type.removesuffix("2") + "1"
            self._service = replace(service, service_type=first)

    @property
    def _described(self) -> Service | None:
        """Return the service, if it is one whose description we have read ourselves."""
        return self._service if isinstance(self._service, Service) else None

    async def _why_no_address(self) -> Reason:
        """Tell a router that is offline from one that does not like its address.

        miniupnpd behind another router answers with an empty text, and is connected.
        """
        with suppress(SoapFault):
            output = await self.call("GetStatusInfo")
            if output.get("NewConnectionStatus") not in _CONNECTED:
                return Reason.WAN_DOWN
        return Reason.NO_PUBLIC_ADDRESS

    async def _call_once(
        self, action: str, arguments: dict[str, str]
    ) -> dict[str, str]:
        if self._service is None:
            await self.find()
        service = self._service
        assert service is not None
        try:
            return await self._ask(service, action, arguments)
        except PortMapError as err:
            if err.reason is Reason.NO_ROUTER or isinstance(err, LostError):
                self._service = None
            raise

    async def _ask(
        self,
        service: Service | SecondOpinion,
        action: str,
        arguments: dict[str, str],
    ) -> dict[str, str]:
        if isinstance(service, SecondOpinion):
            return await service.call(action, arguments)
        return await soap.call(
            self._session, service.control_url, service.service_type, action, arguments
        )
