"""The router's one table of port mappings."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from .clock import Clock
from .forward import Forwards


class Protocol(StrEnum):
    """Transport protocols, named as in UPnP."""

    TCP = "TCP"
    UDP = "UDP"


class Origin(StrEnum):
    """Who made an entry."""

    UPNP = "upnp"
    NAT_PMP = "nat_pmp"
    PCP = "pcp"
    STATIC = "static"


type Key = tuple[Protocol, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One port mapping; `expires` is a time on the router's clock, None = permanent."""

    protocol: Protocol
    external_port: int
    internal_client: str
    internal_port: int
    description: str = ""
    expires: float | None = None
    origin: Origin = Origin.UPNP
    nonce: bytes | None = None

    @property
    def key(self) -> Key:
        """What makes an entry unique."""
        return self.protocol, self.external_port

    @property
    def target(self) -> tuple[str, int]:
        """Where connections are forwarded to."""
        return self.internal_client, self.internal_port


class Table:
    """Mappings in the order they were made; TCP entries carry connections."""

    def __init__(self, clock: Clock, forwards: Forwards) -> None:
        """Start empty."""
        self._clock = clock
        self._forwards = forwards
        self._entries: dict[Key, Entry] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.changed: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the entries as GetGenericPortMappingEntry counts them."""
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def get(self, protocol: Protocol, external_port: int) -> Entry | None:
        """Return the entry at an external port."""
        return self._entries.get((protocol, external_port))

    def remaining(self, entry: Entry) -> int:
        """Return the rest of the lease in whole seconds; 0 = permanent, as in UPnP."""
        if entry.expires is None:
            return 0
        return max(1, round(entry.expires - self._clock.now()))

    def put(self, entry: Entry) -> None:
        """Add or replace an entry; raises PortTakenError if its port cannot be opened."""
        if entry.protocol is Protocol.TCP:
            self._forwards.open(entry.external_port, entry.target)
        self._entries[entry.key] = entry
        self.schedule()
        self.changed()

    def remove(self, protocol: Protocol, external_port: int) -> Entry | None:
        """Remove an entry and cut its connections."""
        entry = self._entries.pop((protocol, external_port), None)
        if entry is not None and protocol is Protocol.TCP:
            self._forwards.close(external_port)
        if entry is not None:
            self.changed()
        return entry

    def clear(self) -> None:
        """Remove everything."""
        for entry in self:
            self.remove(*entry.key)
        self.schedule()

    def schedule(self) -> None:
        """Remove what has expired and wait for the next entry that will."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.now()
        waits = []
        for entry in self:
            if entry.expires is None:
                continue
            if entry.expires <= now:
                self.remove(*entry.key)
            else:
                waits.append(entry.expires - now)
        if waits:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(waits), self.schedule)
