"""Port mapping through UPnP.

UPnP InternetGatewayDevice, WANIPConnection:1 and :2.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address
import random
import time
from typing import Final, override

import aiohttp

from . import const, ssdp
from .discovery import find_services
from .http import LostError
from .igd import Service
from .model import Mapper, Mapping, Method, PortMapError, Reason, Target, why_not_public
from .route import Route
from .soap import SoapFault, call

# For routers without leases: 725 is the right answer, 402 and private codes below
# zero are seen instead (https://github.com/tailscale/tailscale/issues/15223,
# https://github.com/qbittorrent/qBittorrent/issues/12610).
PERMANENT: Final = 0

_NO_SUCH_ENTRY: Final = frozenset({713, 714, 730})
# The action does not exist (401, 602), or not with these arguments (402, 404).
_NOT_UNDERSTOOD: Final = frozenset({401, 402, 404, 602})
_NO_LEASES: Final = frozenset({402, 725})
# Some take no lease without an end, and only the longest one:
# https://github.com/n0-computer/net-tools/issues/52
_LEASES: Final = (const.UPNP_LEASE, PERMANENT, 604800)
# Well-known ports are refused in many ways.
_BAD_PORT: Final = frozenset({600, 601, 606})
# Not only what the standard says: https://github.com/tailscale/tailscale/issues/10911
_CONNECTED: Final = frozenset({"Connected", "Up"})
_SECOND_VERSION: Final = "WANIPConnection:2"
_USED_BY_ROUTER: Final = 729
_CONFLICT: Final = frozenset({501, 718, _USED_BY_ROUTER})
_NOT_AUTHORIZED: Final = 606
_SAME_PORT: Final = 724
_FULL: Final = frozenset({603, 728})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of the router's table. `lease` is what remains, 0 has no end."""

    external_port: int
    client: str
    port: int
    description: str
    lease: int

    def is_for(self, target: Target) -> bool:
        """Tell whether this row is ours: all three must match."""
        return self.leads_to(target) and self.description == target.description

    def leads_to(self, target: Target) -> bool:
        """Tell whether connections end at the target, whoever wanted that."""
        return (self.client, self.port) == (str(target.address), target.port)


class UpnpMapper(Mapper):
    """Asks one router for mappings, also to other hosts where it allows that."""

    method = Method.UPNP

    def __init__(
        self, session: aiohttp.ClientSession, route: Route, port: int = ssdp.PORT
    ) -> None:
        """Speak with the router of this route; `port` is where it is searched."""
        self._session = session
        self._route = route
        self._port = port
        self._service: Service | None = None
        self._lease = const.UPNP_LEASE

    @override
    async def probe(self) -> None:
        services = await find_services(self._session, self._route, self._port)
        self._service = services[0]
        for service in services if len(services) > 1 else []:
            # One WAN connection of several is alive (MikroTik, DSL modems with both
            # IP and PPP): https://github.com/tailscale/tailscale/issues/8364
            with suppress(PortMapError):
                output = await self._ask(service, "GetStatusInfo", {})
                if output.get("NewConnectionStatus") in _CONNECTED:
                    self._service = service
                    return

    @override
    async def external_address(self) -> IPv4Address:
        output = await self._call("GetExternalIPAddress")
        with suppress(AddressValueError):
            address = IPv4Address(output.get("NewExternalIPAddress", ""))
            if not address.is_unspecified:
                return address
        raise PortMapError(
            await self._why_no_address(), "The router names no external address"
        )

    async def _why_no_address(self) -> Reason:
        """Tell a router that is offline from one that does not like its address.

        miniupnpd behind another router answers with an empty text, and is connected.
        """
        with suppress(SoapFault):
            output = await self._call("GetStatusInfo")
            if output.get("NewConnectionStatus") not in _CONNECTED:
                return Reason.WAN_DOWN
        return Reason.NO_PUBLIC_ADDRESS

    @override
    async def map(self, target: Target, external_port: int) -> Mapping:
        ports = (external_port, *random.sample(const.RANDOM_PORTS, const.RANDOM_TRIES))
        try:
            return await self._map_one_of(ports, target)
        except SoapFault as fault:
            if fault.code != _SAME_PORT:
                raise _refusal(fault, target, self._route, self._service) from fault
        try:
            return await self._map_one_of((target.port,), target)
        except SoapFault as fault:
            raise _refusal(fault, target, self._route, self._service) from fault

    @override
    async def verify(self, mapping: Mapping) -> bool:
        entry = await self._entry(mapping.external_port)
        return entry is not None and entry.is_for(mapping.target)

    @override
    async def release(self, mapping: Mapping) -> None:
        entry = await self._entry(mapping.external_port)
        if entry is None or not entry.is_for(mapping.target):
            return
        try:
            await self._call("DeletePortMapping", **_key(mapping.external_port))
        except SoapFault as fault:
            if fault.code not in _NO_SUCH_ENTRY:
                raise PortMapError(Reason.REFUSED, str(fault)) from fault
        entry = await self._entry(mapping.external_port)
        if entry and entry.is_for(mapping.target):
            raise PortMapError(Reason.FAILED, "The router kept the mapping")

    async def _map_one_of(self, ports: Iterable[int], target: Target) -> Mapping:
        """Map the first port that is free. Raises SoapFault for other refusals."""
        taken: PortMapError | None = None
        for port in ports:
            try:
                return await self._map(target, port)
            except SoapFault as fault:
                if port < const.LOWEST_PORT and fault.code in _BAD_PORT:
                    taken = taken or _refusal(fault, target, self._route, None)
                    continue
                if fault.code not in _CONFLICT:
                    raise
                entry = await self._entry(port)
                if entry is None:
                    await self._explain_conflict(fault, target)
                elif entry.is_for(target):
                    # Routers that do not overwrite even what is ours:
                    # https://github.com/syncthing/syncthing/issues/1824
                    await self._call("DeletePortMapping", **_key(port))
                    return await self._map(target, port)
                if taken is None:
                    taken = _taken(port, entry, fault)
                    # For a row with our target the router would choose that one.
                    if entry is None or not entry.leads_to(target):
                        if mapping := await self._add_any(target, port):
                            return mapping
        assert taken is not None
        raise taken

    async def _map(self, target: Target, port: int) -> Mapping:
        """Map one port and read it back. Raises SoapFault as the router answers."""
        standing = await self._entry(port)
        if standing and not standing.is_for(target):
            # Many routers would overwrite it without a word.
            raise SoapFault(718, "in use")
        await self._add(target, port)
        entry = await self._entry(port)
        if standing and entry and 0 < entry.lease <= standing.lease < self._lease:
            # Some routers do not extend: https://github.com/miniupnp/miniupnp/issues/199
            await self._call("DeletePortMapping", **_key(port))
            await self._add(target, port)
            entry = await self._entry(port)
        return await self._read_back(target, port, entry)

    async def _read_back(
        self, target: Target, port: int, entry: Entry | None
    ) -> Mapping:
        """Return the mapping that a row of the table stands for, if it is ours."""
        if entry is None:
            raise PortMapError(Reason.FAILED, "The router agreed but mapped nothing")
        if not entry.is_for(target):
            if entry.leads_to(target):
                # Written a moment ago, but under another description: we would not
                # know it as ours again, and nobody would ever close it.
                await self._call("DeletePortMapping", **_key(port))
            raise PortMapError(Reason.FAILED, "The router mapped something else")
        now = time.monotonic()
        return Mapping(
            method=self.method,
            gateway=self._route.gateway,
            target=target,
            external_port=port,
            granted_at=now,
            good_until=now + entry.lease if entry.lease else None,
        )

    async def _add(self, target: Target, port: int) -> None:
        """Add a row. Raises SoapFault as the router answers."""
        try:
            await self._add_for_some_time("AddPortMapping", target, port)
        except SoapFault as fault:
            service = self._service
            if (
                fault.code not in _NOT_UNDERSTOOD
                or service is None
                or not service.service_type.endswith(_SECOND_VERSION)
            ):
                raise
            # Some only work when spoken to as version 1, at the same address.
            first_version = service.service_type.removesuffix("2") + "1"
            self._service = replace(service, service_type=first_version)
            await self._add_for_some_time("AddPortMapping", target, port)

    async def _add_for_some_time(
        self, action: str, target: Target, port: int
    ) -> dict[str, str]:
        """Add a row with the first lease that the router takes; it is remembered."""
        first: SoapFault | None = None
        for lease in dict.fromkeys((self._lease, *_LEASES)):
            try:
                output = await self._call(
                    action,
                    **_key(port),
                    NewInternalPort=str(target.port),
                    NewInternalClient=str(target.address),
                    NewEnabled="1",
                    NewPortMappingDescription=target.description,
                    NewLeaseDuration=str(lease),
                )
            except SoapFault as fault:
                if fault.code not in _NO_LEASES and fault.code >= 0:
                    raise
                first = first or fault
            else:
                self._lease = lease
                return output
        assert first is not None
        raise first

    async def _add_any(self, target: Target, port: int) -> Mapping | None:
        """Let the router choose another port, where it can; None where it cannot.

        Some drop the connection at an action that they do not know:
        https://github.com/miniupnp/miniupnp/issues/528
        """
        service = self._service
        if service is None or not service.service_type.endswith(_SECOND_VERSION):
            return None
        try:
            output = await self._add_for_some_time("AddAnyPortMapping", target, port)
            reserved = int(output.get("NewReservedPort", ""))
        except PortMapError, ValueError:
            return None
        return await self._read_back(target, reserved, await self._entry(reserved))

    async def _entry(self, port: int) -> Entry | None:
        """Read the row of an external port, ours or not."""
        try:
            row = await self._call("GetSpecificPortMappingEntry", **_key(port))
            return _read(row, port)
        except SoapFault as fault:
            if fault.code in _NO_SUCH_ENTRY:
                return None
            if fault.code not in _NOT_UNDERSTOOD:
                raise
        async for entry in self._walk():
            if entry.external_port == port:
                return entry
        return None

    async def _walk(self) -> AsyncIterator[Entry]:
        """Read the TCP rows of the router's table, one after the other."""
        for index in range(const.MAX_ROWS):
            try:
                row = await self._call(
                    "GetGenericPortMappingEntry", NewPortMappingIndex=str(index)
                )
            except SoapFault:
                # Which error stands for the end differs between routers.
                return
            port = row.get("NewExternalPort", "")
            if port.isdecimal() and row.get("NewProtocol", "").upper() == "TCP":
                yield _read(row, int(port))

    async def tidy(self, target: Target, keep: int | None) -> None:
        """Remove what else is ours and leads to a target.

        Such leftovers come from attempts that were interrupted.
        """
        rows = [entry async for entry in self._walk()]
        for entry in rows:
            if entry.external_port != keep and entry.is_for(target):
                await self._call("DeletePortMapping", **_key(entry.external_port))

    @property
    def event_url(self) -> str | None:
        """Return where the router can be asked to tell what changes (GENA)."""
        return self._service.event_url if self._service else None

    async def _explain_conflict(self, fault: SoapFault, target: Target) -> None:
        """Raise what a conflict means when the port is free; return to try another.

        Behind another router miniupnpd answers 501, and in secure mode 718.
        """
        if reason := why_not_public(await self.external_address()):
            raise PortMapError(reason, str(fault)) from fault
        if fault.code != _USED_BY_ROUTER and target.address != self._route.source:
            raise PortMapError(Reason.REFUSED_FOR_OTHER_HOST, str(fault)) from fault

    async def _call(self, action: str, **arguments: str) -> dict[str, str]:
        known = self._service is not None
        try:
            return await self._call_once(action, arguments)
        except LostError:
            # Many routers choose a new port at each start: search again, once.
            if not known:
                raise
        return await self._call_once(action, arguments)

    async def _call_once(
        self, action: str, arguments: dict[str, str]
    ) -> dict[str, str]:
        if self._service is None:
            await self.probe()
        service = self._service
        assert service is not None
        try:
            return await self._ask(service, action, arguments)
        except PortMapError as err:
            if err.reason is Reason.NO_ROUTER or isinstance(err, LostError):
                self._service = None
            raise

    async def _ask(
        self, service: Service, action: str, arguments: dict[str, str]
    ) -> dict[str, str]:
        return await call(
            self._session, service.control_url, service.service_type, action, arguments
        )


def _read(row: dict[str, str], external_port: int) -> Entry:
    try:
        return Entry(
            external_port=external_port,
            client=row["NewInternalClient"],
            port=int(row["NewInternalPort"]),
            description=row.get("NewPortMappingDescription", ""),
            lease=int(row.get("NewLeaseDuration") or PERMANENT),
        )
    except (KeyError, ValueError) as err:
        raise PortMapError(Reason.FAILED, "The router's table is odd") from err


def _key(port: int) -> dict[str, str]:
    """Return the arguments that name a row. The remote host must be empty."""
    return {"NewRemoteHost": "", "NewExternalPort": str(port), "NewProtocol": "TCP"}


def _taken(port: int, entry: Entry | None, fault: SoapFault) -> PortMapError:
    """Say who holds a port."""
    if entry is None:
        own = fault.code == _USED_BY_ROUTER
        reason = Reason.PORT_USED_BY_ROUTER if own else Reason.PORT_TAKEN
        return PortMapError(reason, f"Port {port}: {fault}")
    return PortMapError(
        Reason.PORT_TAKEN,
        f"Port {port} leads to {entry.client}:{entry.port} ({entry.description})",
    )


def _refusal(
    fault: SoapFault, target: Target, route: Route, service: Service | None
) -> PortMapError:
    """Say why a router refuses for good."""
    if fault.code in _FULL:
        return PortMapError(Reason.TABLE_FULL, str(fault))
    if fault.code == _NOT_AUTHORIZED and target.address != route.source:
        if service and service.is_fritz_box:
            return PortMapError(Reason.DEVICE_PERMISSION, str(fault))
        return PortMapError(Reason.REFUSED_FOR_OTHER_HOST, str(fault))
    return PortMapError(Reason.REFUSED, str(fault))
