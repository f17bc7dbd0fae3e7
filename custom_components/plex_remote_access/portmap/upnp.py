"""Port mapping through UPnP.

UPnP InternetGatewayDevice, WANIPConnection:1 and :2.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address
import random
from typing import Final, override
from weakref import WeakValueDictionary

import aiohttp

from . import const, ssdp
from .connection import Connection, NothingMappedError
from .interrupted import Interrupted, undone
from .model import Mapper, Mapping, Method, PortMapError, Reason, Target, why_not_public
from .refusal import (
    ACTION_FAILED,
    BAD_PORT,
    CONFLICT,
    SAME_PORT,
    TOO_LONG,
    USED_BY_ROUTER,
    is_about_lease,
    refusal,
    taken,
)
from .route import Route
from .soap import SoapFault
from .table import NOT_UNDERSTOOD, Entry, Table, read_port, row_key, short_description

PERMANENT: Final = 0
# Some take no lease without an end, and only the longest one:
# https://github.com/n0-computer/net-tools/issues/52
_LEASES: Final = (const.UPNP_LEASE, PERMANENT, const.UPNP_LEASE_MAX)


class UpnpMapper(Mapper):
    """Asks one router for mappings, also to other hosts where it allows that.

    What a router turned out to need (a lease, a short name) is remembered.
    """

    method = Method.UPNP

    def __init__(
        self, session: aiohttp.ClientSession, route: Route, port: int = ssdp.PORT
    ) -> None:
        """Speak with the router of this route; `port` is where it is searched."""
        self._route = route
        self._connection = Connection(session, route, port)
        self._table = Table(self._connection)
        self._lease = const.UPNP_LEASE
        # What the router tells of a new row: it may grant less, and count nothing down.
        self._whole_lease = const.UPNP_LEASE_MAX
        self._describe: Callable[[str], str] = str
        self._interrupted: Final = Interrupted()
        # Two servers that look at one port would both find it free.
        self._locks: Final = WeakValueDictionary[int, asyncio.Lock]()

    @property
    def event_url(self) -> str | None:
        """Return where the router can be asked to tell what changes (GENA)."""
        return self._connection.event_url

    @property
    def learnt(self) -> dict[str, object]:
        """Return which service was found, and what the router turned out to need."""
        return {
            "model": self._connection.model,
            "service": self._connection.service_type,
            "lease": self._lease,
            "short_name": self._describe is short_description,
            "wants_permission": self._connection.is_fritz_box,
        }

    @property
    @override
    def heard(self) -> bool:
        return self._connection.heard

    @override
    async def probe(self) -> None:
        await self._connection.find()

    @override
    async def external_address(self) -> IPv4Address:
        return await self._connection.external_address()

    @override
    async def map(self, target: Target, external_port: int) -> Mapping:
        return await self._connection.through_each(
            lambda: self._map_through_service(target, external_port)
        )

    async def _map_through_service(self, target: Target, external_port: int) -> Mapping:
        ports = (external_port, *random.sample(const.RANDOM_PORTS, const.RANDOM_TRIES))
        try:
            return await self._map_one_of(ports, target)
        except SoapFault as fault:
            if fault.code != SAME_PORT:
                raise self._refusal(fault, target) from fault
        try:
            return await self._map_one_of((target.port,), target)
        except SoapFault as fault:
            raise self._refusal(fault, target) from fault

    @override
    async def verify(self, mapping: Mapping) -> bool:
        entry = await self._table.entry(mapping.external_port)
        return entry is not None and entry.is_for(mapping.target)

    @override
    async def release(self, mapping: Mapping) -> None:
        await self._interrupted.closed(
            lambda: self._everywhere(partial(self._release, mapping))
        )

    async def _everywhere(self, close: Callable[[Table], Awaitable[None]]) -> None:
        """Close through each service: it may have been opened through another one."""
        await close(self._table)

        async def close_other(other: Connection) -> None:
            # What is dead holds nothing open.
            with suppress(PortMapError, TimeoutError):
                async with asyncio.timeout(const.UNDO_TIMEOUT):
                    await close(Table(other))

        await asyncio.gather(*map(close_other, self._connection.others()))

    async def _release(self, mapping: Mapping, table: Table) -> None:
        def is_ours(entry: Entry | None) -> bool:
            return entry is not None and entry.is_for(mapping.target)

        if not is_ours(await table.entry(mapping.external_port)):
            return
        try:
            await table.delete(mapping.external_port)
        except SoapFault as fault:
            raise PortMapError(Reason.REFUSED, str(fault)) from fault
        entry = await table.settled(mapping.external_port, is_ours)
        if is_ours(entry):
            raise PortMapError(Reason.FAILED, "The router kept the mapping")

    async def release_pcp(self, mapping: Mapping) -> bool:
        """Remove the row that a mapping by PCP has here; tell whether there is none."""
        return await self._interrupted.closed(lambda: self._release_pcp(mapping))

    async def _release_pcp(self, mapping: Mapping) -> bool:
        target = mapping.target
        entry = await self._table.entry(mapping.external_port)
        if entry and entry.is_by_pcp(target):
            await self._table.delete(mapping.external_port)
            entry = await self._table.entry(mapping.external_port)
        if entry is None or not entry.leads_to(target):
            return True
        # One that we asked for by UPnP has taken its place.
        return entry.is_for(target) and not entry.is_by_pcp(target)

    async def tidy(self, target: Target, keep: int | None) -> None:
        """Remove what else is ours and leads to a target.

        Such leftovers come from attempts that were interrupted.
        """
        await self._interrupted.closed(
            # Services may share a table: what is kept is kept in each.
            lambda: self._everywhere(partial(self._tidy, target, keep))
        )

    async def _tidy(self, target: Target, keep: int | None, table: Table) -> None:
        rows = [entry async for entry in table.walk()]
        for entry in rows:
            if entry.external_port != keep and entry.is_for(target):
                await table.delete(entry.external_port)

    def abandon(self) -> None:
        """Listen for no answer any more to what was interrupted."""
        self._interrupted.abandon()

    async def _map_one_of(self, ports: Sequence[int], target: Target) -> Mapping:
        """Map the first port that is free. Raises SoapFault for other refusals."""
        first: PortMapError | None = None
        refused = 0
        for port in ports:
            try:
                return await self._map(target, port)
            except SoapFault as fault:
                if port < const.LOWEST_PORT and fault.code in BAD_PORT:
                    first = first or self._refusal(fault, target)
                    continue
                if fault.code not in CONFLICT:
                    raise
                entry = await self._table.entry(port)
                if entry is None:
                    await self._explain_conflict(fault, target)
                    refused += 1
                elif entry.is_for(target):
                    # Routers that do not overwrite even what is ours:
                    # https://github.com/syncthing/syncthing/issues/1824
                    await self._table.delete(port)
                    return await self._map(target, port)
                if first is None:
                    first = taken(port, entry, fault)
                    # For a row with our target the router would choose that one.
                    if entry is None or not entry.leads_to(target):
                        if mapping := await self._add_any(target, port):
                            return mapping
                if refused >= const.REFUSED_TRIES:
                    if mapping := await self._map_without_end(target, ports[0], fault):
                        return mapping
                    break
        assert first is not None
        raise first

    async def _map_without_end(
        self, target: Target, port: int, fault: SoapFault
    ) -> Mapping | None:
        """Map a port without a lease: 501 may mean that the router has none."""
        if fault.code != ACTION_FAILED or self._lease == PERMANENT:
            return None
        lease, self._lease = self._lease, PERMANENT
        mapping = None
        try:
            with suppress(PortMapError):
                mapping = await self._map(target, port)
        finally:
            if mapping is None:
                self._lease = lease
        return mapping

    async def _map(self, target: Target, port: int) -> Mapping:
        """Map one port and read it back. Raises SoapFault as the router answers."""
        async with self._locks.setdefault(port, asyncio.Lock()):
            return await self._map_locked(target, port)

    async def _map_locked(self, target: Target, port: int) -> Mapping:
        standing = await self._table.entry(port)
        if standing and not standing.is_for(target):
            # Many routers would overwrite it without a word.
            raise SoapFault(718, "in use")
        if standing and standing.is_by_pcp(target):
            # Added over it, the row would still be that of PCP, and go with it.
            await self._table.delete(port)
            standing = None
        entry = await self._add(target, port, standing)
        whole = min(self._lease, self._whole_lease)
        if standing and entry and 0 < entry.lease <= standing.lease < whole:
            # Some routers do not extend: https://github.com/miniupnp/miniupnp/issues/199
            await self._table.delete(port)
            standing = None
            entry = await self._add(target, port, None)
        if entry and standing is None:
            self._whole_lease = entry.lease
        return self._granted(target, port, entry)

    async def _add(
        self, target: Target, port: int, standing: Entry | None
    ) -> Entry | None:
        """Add a row and return it as the router tells it.

        Where the name is cut off, the row is added under a short one instead.
        """
        undo = None if standing else lambda: self._remove(target, port)
        await undone(self._add_row(target, port), undo)
        entry = await self._table.settled(port, lambda entry: entry is None)
        if entry and _is_cut_off(entry, target):
            await self._table.delete(port)
            if self._describe is short_description:
                raise PortMapError(Reason.FAILED, "The router mapped something else")
            self._describe = short_description
            return await self._add(target, port, None)
        return entry

    def _granted(self, target: Target, port: int, entry: Entry | None) -> Mapping:
        """Return the mapping that a row of the table stands for, if it is ours."""
        if entry is None:
            raise NothingMappedError
        if not entry.is_for(target):
            raise PortMapError(Reason.FAILED, "The router mapped something else")
        return Mapping.granted(
            self.method, self._route.gateway, target, port, entry.lease
        )

    async def _add_row(self, target: Target, port: int) -> None:
        """Ask for a row. Raises SoapFault as the router answers."""
        try:
            await self._ask_for_row("AddPortMapping", target, port)
        except SoapFault as fault:
            if (
                fault.code not in NOT_UNDERSTOOD
                or not self._connection.is_second_version
            ):
                raise
            # Some only work when spoken to as version 1.
            self._connection.speak_first_version()
            await self._ask_for_row("AddPortMapping", target, port)

    async def _ask_for_row(
        self, action: str, target: Target, port: int
    ) -> dict[str, str]:
        """Ask for a row with the first lease, and name, that the router takes."""
        first: SoapFault | None = None
        for lease in dict.fromkeys((self._lease, *_LEASES)):
            try:
                output = await self._call_to_add(action, target, port, lease)
            except SoapFault as fault:
                if fault.code == TOO_LONG and self._describe is not short_description:
                    self._describe = short_description
                    return await self._ask_for_row(action, target, port)
                if not is_about_lease(fault):
                    raise
                first = first or fault
            else:
                self._lease = lease
                return output
        assert first is not None
        raise first

    async def _call_to_add(
        self, action: str, target: Target, port: int, lease: int
    ) -> dict[str, str]:
        return await self._interrupted.ask(
            self._connection.call(
                action,
                **row_key(port),
                NewInternalPort=str(target.port),
                NewInternalClient=str(target.address),
                NewEnabled="1",
                NewPortMappingDescription=self._describe(target.description),
                NewLeaseDuration=str(lease),
            )
        )

    async def _add_any(self, target: Target, port: int) -> Mapping | None:
        """Let the router choose another port, where it can; None where it cannot.

        Some drop the connection at an action that they do not know:
        https://github.com/miniupnp/miniupnp/issues/528
        """
        if not self._connection.is_second_version:
            return None
        try:
            output = await undone(
                self._ask_for_row("AddAnyPortMapping", target, port),
                lambda: self._tidy(target, None, self._table),
            )
        except PortMapError:
            return None
        if not (reserved := read_port(output.get("NewReservedPort", ""))):
            return None
        entry = await self._table.entry(reserved)
        if entry and _is_cut_off(entry, target):
            await self._table.delete(reserved)
            return None
        return self._granted(target, reserved, entry)

    async def _remove(self, target: Target, port: int) -> None:
        """Remove a row if it is ours."""
        entry = await self._table.entry(port)
        if entry and entry.is_for(target):
            await self._table.delete(port)

    async def _explain_conflict(self, fault: SoapFault, target: Target) -> None:
        """Raise what a conflict means when the port is free; return to try another.

        Behind another router miniupnpd answers 501, and in secure mode 718.
        """
        if reason := why_not_public(await self.external_address()):
            raise PortMapError(reason, str(fault)) from fault
        if fault.code != USED_BY_ROUTER and self._is_other_host(target):
            raise PortMapError(Reason.REFUSED_FOR_OTHER_HOST, str(fault)) from fault

    def _refusal(self, fault: SoapFault, target: Target) -> PortMapError:
        return refusal(fault, self._connection, other_host=self._is_other_host(target))

    def _is_other_host(self, target: Target) -> bool:
        return target.address != self._route.source


def _is_cut_off(entry: Entry, target: Target) -> bool:
    """Tell whether a row that we just added has another name than we gave it.

    We would not know it as ours again, and nobody would ever close it.
    """
    return entry.leads_to(target) and not entry.is_for(target)
