"""The router as such: its settings, its WAN side and the rules for mappings."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
import time
from typing import Literal

from .clock import Clock
from .faults import Faults
from .forward import Forwards, PortTakenError
from .leases import LeasePolicy
from .records import Records
from .table import Entry, Origin, Protocol, Table

# Documentation networks are not in this list: they play the public addresses here.
RESERVED = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",
    )
)
HIGHEST_PORT = 65535


@dataclass(kw_only=True, eq=False)
class Gateway:
    """Everything the protocols share; the fields are the keyword arguments."""

    host: str = "127.0.0.1"
    """LAN address that all servers listen on."""
    wan_host: str = "127.0.0.1"
    """Address that the forwards listen on."""
    wan_address: str | None = "198.51.100.7"
    """Public address that is reported; None = WAN down."""
    real_ports: bool = False
    """Open the external port number itself instead of an ephemeral one."""
    natpmp_port: int = 0
    ssdp_port: int = 0
    http_port: int = 0
    announce_port: int = 5350
    """Where NAT-PMP and PCP announcements go to."""
    nat_pmp: bool = True
    pcp: bool = True
    upnp: bool = True
    multicast: bool = False
    """Join the SSDP group and announce changes by multicast."""
    control: bool = False
    """Serve the control API."""
    secure_mode: bool = True
    """UPnP maps only for the host that asks."""
    pcp_third_party: bool = False
    """PCP maps for other hosts."""
    igd_version: Literal[1, 2] = 2
    ppp: bool = False
    """Offer WANPPPConnection instead of WANIPConnection."""
    allow_private_wan: bool = False
    """Map on a private WAN address too, and report it."""
    lowest_external_port: int = 1024
    leases: LeasePolicy = field(default_factory=LeasePolicy)
    faults: Faults = field(default_factory=Faults)

    clock: Clock = field(init=False, default_factory=Clock)
    records: Records = field(init=False, default_factory=Records)
    forwards: Forwards = field(init=False)
    table: Table = field(init=False)
    boot_id: int = field(init=False)
    _epoch_start: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Start with an empty table."""
        self.forwards = Forwards(
            self.wan_host, self._carries, real_ports=self.real_ports
        )
        self.table = Table(self.clock, self.forwards)
        self.boot_id = int(time.time())

    @property
    def epoch(self) -> int:
        """Seconds since the mapping state was last lost."""
        return int(self.clock.now() - self._epoch_start)

    @property
    def wan_private(self) -> bool:
        """Whether the WAN address is not a public one, and that is refused."""
        return (
            self.wan_address is not None
            and not self.allow_private_wan
            and any(IPv4Address(self.wan_address) in network for network in RESERVED)
        )

    @property
    def can_map(self) -> bool:
        """Whether there is a WAN address to map on."""
        return self.wan_address is not None and not self.wan_private

    def reset_epoch(self) -> None:
        """Tell clients that mappings may be lost."""
        self._epoch_start = self.clock.now()

    def dial(self, address: str, port: int) -> tuple[str, int] | None:
        """Return where a connection to a public address and port really goes."""
        if address != self.wan_address:
            return None
        return self.forwards.endpoint(port)

    def grant(self, entry: Entry) -> None:
        """Put an entry of a host into the table.

        Raises PortTakenError if the port belongs to another internal host or port.
        """
        held = self.table.get(*entry.key)
        if held is not None and held.target != entry.target:
            raise PortTakenError
        if not self.faults.mapping.forget:
            self.table.put(entry)

    def grant_near(self, entry: Entry) -> Entry | None:
        """Put an entry at its external port or at the next free one."""
        for port in self._candidates(entry.external_port):
            moved = replace(entry, external_port=port)
            try:
                self.grant(moved)
            except PortTakenError:
                continue
            return moved
        return None

    def allows_port(self, external_port: int) -> bool:
        """Tell whether hosts may ask for this external port."""
        return self.lowest_external_port <= external_port <= HIGHEST_PORT

    def held(
        self, protocol: Protocol, target: tuple[str, int], origin: Origin
    ) -> Entry | None:
        """Return the entry that a protocol has made for an internal port."""
        for entry in self.table:
            if (entry.protocol, entry.target, entry.origin) == (
                protocol,
                target,
                origin,
            ):
                return entry
        return None

    def _candidates(self, wanted: int) -> Iterator[int]:
        """Go through all ports that may be assigned, the wanted one first."""
        if self.faults.mapping.assign_port is not None:
            yield self.faults.mapping.assign_port
        first = wanted if self.allows_port(wanted) else self.lowest_external_port
        yield from range(first, HIGHEST_PORT + 1)
        yield from range(self.lowest_external_port, first)

    def _carries(self) -> bool:
        """Tell whether connections from outside come through at all."""
        return self.wan_address is not None and not self.faults.mapping.dead_forward
