"""What a port mapping is, and what every protocol to get one can do."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Protocol


class Method(StrEnum):
    """A protocol in which a router can be asked for a mapping."""

    PCP = "pcp"
    NAT_PMP = "nat_pmp"
    UPNP = "upnp"


class Reason(StrEnum):
    """Why there is no mapping."""

    NO_ROUTER = "no_router"
    """Nothing answered that can map ports."""
    NO_PUBLIC_ADDRESS = "no_public_address"
    """The router is offline, or sits behind another router."""
    REFUSED_FOR_OTHER_HOST = "refused_for_other_host"
    """The router maps only for the device that asks."""
    REFUSED = "refused"
    """The router forbids the mapping, or has the feature switched off."""
    PORT_TAKEN = "port_taken"
    """Every port that was tried is in use for something else."""
    TABLE_FULL = "table_full"
    """The router has no room for another mapping."""
    FAILED = "failed"
    """The router broke off, or answered what it should not."""


class PortMapError(Exception):
    """A router did not do what it was asked."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the reason for a verdict and the router's own words for support."""
        super().__init__(detail)
        self.reason: Final = reason
        self.detail: Final = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where connections from the Internet shall end: TCP at this address and port.

    The description marks our entries in the router's table, where the protocol has
    a place for one.
    """

    address: IPv4Address
    port: int
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """One mapping as the router granted it. Times are seconds of the monotonic clock.

    `good_until` is None for a mapping that the router keeps until it is deleted.
    """

    method: Method
    gateway: IPv4Address
    target: Target
    external_port: int
    renew_after: float
    good_until: float | None

    @property
    def ends(self) -> bool:
        """Tell whether the router drops the mapping by itself some day."""
        return self.good_until is not None


class Mapper(Protocol):
    """One protocol spoken with one router. Every method may raise PortMapError."""

    method: Method

    async def probe(self) -> None:
        """Find out whether the router speaks this protocol."""

    async def external_address(self) -> IPv4Address:
        """Ask for the router's address on the Internet side."""

    async def map(self, target: Target, external_port: int) -> Mapping:
        """Get a mapping, on another external port if the wanted one is taken.

        Asking again for what already stands renews it.
        """

    async def renew(self, mapping: Mapping) -> Mapping:
        """Extend a mapping, and rebuild it if the router lost it."""

    async def verify(self, mapping: Mapping) -> Mapping | None:
        """Return what the router has of a mapping now; None if it is gone."""

    async def release(self, mapping: Mapping) -> None:
        """Remove a mapping and make sure that it is gone."""


_NOT_PUBLIC: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
)


def is_public(address: IPv4Address) -> bool:
    """Tell whether a router with this address is on the Internet itself.

    Not `is_global`: that also excludes networks no provider hands out, and with them
    nothing is gained. 100.64.0.0/10 (RFC 6598) is what carrier NAT hands out.
    """
    return not any(address in network for network in _NOT_PUBLIC)
