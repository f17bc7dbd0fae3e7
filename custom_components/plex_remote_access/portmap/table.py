"""The router's table of mappings, as UPnP lets it be read.

WANIPConnection:2, section 2.5.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
import re
import struct
from typing import Final

from . import const
from .connection import Connection
from .model import Target
from .soap import ACTION_FAILED, SoapFault

_NO_SUCH_ENTRY: Final = frozenset({713, 714, 730})
_MAX_PORT: Final = 65535
_MAX_DIGITS: Final = 10
# What fits into the type that the standard has for it (ui4).
_MAX_LEASE: Final = 0xFFFFFFFF
# The action does not exist (401, 602), or not with these arguments (402, 403, 404).
NOT_UNDERSTOOD: Final = frozenset({401, 402, 403, 404, 602})


def short_description(description: str) -> str:
    """Return the short name of a row, for routers that take no long one.

    The last word: that is where servers differ.
    """
    words = re.findall(r"[A-Za-z0-9]+", description) or [description]
    return str(words[-1])[: const.SHORT_DESCRIPTION]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of the router's table. `lease` is what remains, 0 has no end."""

    external_port: int
    client: str
    port: int
    description: str
    lease: int

    def is_for(self, target: Target) -> bool:
        """Tell whether this row is ours: all three must match.

        Some routers list a device by its name, which contradicts no address.
        """
        names = {target.description, short_description(target.description)}
        return self.is_by_pcp(target) or (
            self.port == target.port
            and self.client in {str(target.address), self._device_name}
            and self.description in names
        )

    def is_by_pcp(self, target: Target) -> bool:
        """Tell whether this row is what the router made of our request by PCP.

        miniupnpd has the nonce in the name, as three numbers in the byte order of the
        router. Nobody else knows it.
        """
        names = {
            f"PCP MAP {one:08x}{two:08x}{three:08x}"
            for order in "<>"
            for one, two, three in [struct.unpack(f"{order}3I", target.nonce)]
        }
        return self.leads_to(target) and self.description in names

    @property
    def _device_name(self) -> str | None:
        """Return what the router calls the device, None for an address."""
        with suppress(AddressValueError):
            IPv4Address(self.client)
            return None
        return self.client or None

    def leads_to(self, target: Target) -> bool:
        """Tell whether connections end at the target, whoever wanted that."""
        return (self.client, self.port) == (str(target.address), target.port)


class Table:
    """The TCP rows of one router's table."""

    def __init__(self, connection: Connection) -> None:
        """Read it through this connection."""
        self._connection = connection

    async def entry(self, port: int) -> Entry | None:
        """Read the row of an external port, ours or not."""
        failure: SoapFault | None = None
        try:
            row = await self._connection.call(
                "GetSpecificPortMappingEntry", **row_key(port)
            )
            # Some tell an empty row where there is none.
            if (entry := read_row(row, port)).client or entry.port:
                return entry
        except SoapFault as fault:
            if fault.code in _NO_SUCH_ENTRY:
                return None
            if fault.code == ACTION_FAILED:
                failure = fault
            elif fault.code not in NOT_UNDERSTOOD:
                raise
        async for entry in self.walk():
            failure = None
            if entry.external_port == port:
                return entry
        if failure is not None:
            # Some fail for each row that is not there; those in trouble at everything.
            await self._connection.call("GetExternalIPAddress")
        return None

    async def settled(
        self, port: int, is_old: Callable[[Entry | None], bool]
    ) -> Entry | None:
        """Read a row that was added or deleted; some routers need a moment for it."""
        entry = await self.entry(port)
        if is_old(entry):
            await asyncio.sleep(const.SETTLE)
            entry = await self.entry(port)
        return entry

    async def walk(self) -> AsyncIterator[Entry]:
        """Read one row after the other."""
        for index in range(const.MAX_ROWS):
            try:
                row = await self._connection.call(
                    "GetGenericPortMappingEntry", NewPortMappingIndex=str(index)
                )
            except SoapFault:
                # Which error stands for the end differs between routers.
                return
            port = read_port(row.get("NewExternalPort", ""))
            if port is not None and row.get("NewProtocol", "").upper() == "TCP":
                yield read_row(row, port)

    async def delete(self, port: int) -> None:
        """Remove the row of an external port, which the caller knows to be ours.

        Raises SoapFault unless it is gone already.
        """
        try:
            await self._connection.call("DeletePortMapping", **row_key(port))
        except SoapFault as fault:
            if fault.code not in _NO_SUCH_ENTRY:
                raise


def row_key(port: int) -> dict[str, str]:
    """Return the arguments that name a row. The remote host must be empty."""
    return {"NewRemoteHost": "", "NewExternalPort": str(port), "NewProtocol": "TCP"}


def read_port(text: str) -> int | None:
    """Return the port that a text stands for, if it does."""
    if not (text.isdecimal() and len(text) <= _MAX_DIGITS):
        return None
    port = int(text)
    return port if port <= _MAX_PORT else None


def read_row(row: Mapping[str, str], external_port: int) -> Entry:
    """Read a row. What is odd in it leads nowhere, or has no end.

    Not an error: a row of somebody else must not keep us from finding ours.
    """
    lease = row.get("NewLeaseDuration", "")
    return Entry(
        external_port=external_port,
        client=row.get("NewInternalClient", ""),
        port=read_port(row.get("NewInternalPort", "")) or 0,
        description=row.get("NewPortMappingDescription", ""),
        lease=min(int(lease[:_MAX_DIGITS]), _MAX_LEASE) if lease.isdecimal() else 0,
    )
