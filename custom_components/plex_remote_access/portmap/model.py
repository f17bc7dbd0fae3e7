"""What a port mapping is, and what every protocol to get one can do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
import random
import time
from typing import Final, Protocol, Self

from . import const


class Method(StrEnum):
    """A protocol in which a router can be asked for a mapping."""

    PCP = "pcp"
    NAT_PMP = "nat_pmp"
    UPNP = "upnp"

    @property
    def is_udp(self) -> bool:
        """Tell whether a question is one packet, answered by one."""
        return self is not Method.UPNP


class Reason(StrEnum):
    """Why there is no mapping: the verdict on a router.

    The more telling stands first: what one protocol was told explains what another
    one was not.
    """

    CARRIER_NAT = "carrier_nat"
    """The router's own address is one of those that providers share out (RFC 6598)."""
    DOUBLE_NAT = "double_nat"
    """The router's own address is a private one: it sits behind another router."""
    WAN_DOWN = "wan_down"
    """The router says that it is offline."""
    TABLE_FULL = "table_full"
    """The router has no room for another mapping."""
    PORT_USED_BY_ROUTER = "port_used_by_router"
    """The port is used by the router itself, or by a forward made in its own pages."""
    PORT_TAKEN = "port_taken"
    """Another device holds the port, and no other one was to be had."""
    DEVICE_PERMISSION = "device_permission"
    """The router wants the owner to permit it for each device (FRITZ!Box)."""
    REFUSED_FOR_OTHER_HOST = "refused_for_other_host"
    """The router maps only for the device that asks."""
    NO_PUBLIC_ADDRESS = "no_public_address"
    """The router has no public address, and does not say why."""
    REFUSED = "refused"
    """The router forbids the mapping, or has the feature switched off."""
    FAILED = "failed"
    """The router broke off, or answered what it should not."""
    NO_ROUTER = "no_router"
    """Nothing answered that can map ports."""


class PortMapError(Exception):
    """A router did not do what it was asked."""

    def __init__(
        self, reason: Reason, detail: str, *, retry_after: float | None = None
    ) -> None:
        """Keep the reason for a verdict and the router's own words for support.

        `retry_after` are the seconds for which the router wants to be left alone.
        The words name no public address: they end up in logs.
        """
        super().__init__(detail)
        self.may_have_mapped = False
        """The router was asked for a mapping, and what became of that is not known."""
        self.reason: Final = reason
        self.detail: Final = detail
        self.retry_after: Final = retry_after


def most_telling(errors: Iterable[PortMapError]) -> PortMapError:
    """Return the error that helps the owner most."""
    reasons = list(Reason)
    return min(errors, key=lambda error: reasons.index(error.reason))


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where connections from the Internet shall end: TCP at this address and port.

    By the description (UPnP) and the nonce (PCP, 12 secret bytes) an entry in the
    router's table is known as ours; both have to be the same after a restart.
    """

    address: IPv4Address
    port: int
    description: str
    nonce: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a server is, and how its mappings are known as ours (see `Target`)."""

    host: str
    port: int
    description: str
    nonce: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """One mapping as the router granted it. Times are seconds of the monotonic clock.

    `granted_at` is when the router last said that it stands, minus infinity for what
    an earlier run remembers. `good_until` is None for a mapping that the router keeps
    until it is deleted.
    """

    method: Method
    gateway: IPv4Address
    target: Target
    external_port: int
    granted_at: float
    good_until: float | None

    @classmethod
    def granted(
        cls,
        method: Method,
        gateway: IPv4Address,
        target: Target,
        external_port: int,
        lease: int,
    ) -> Self:
        """Return what the router has granted just now; a lease of 0 has no end."""
        now = time.monotonic()
        return cls(
            method=method,
            gateway=gateway,
            target=target,
            external_port=external_port,
            granted_at=now,
            good_until=now + lease if lease else None,
        )

    @property
    def ends(self) -> bool:
        """Tell whether the router drops the mapping by itself some day."""
        return self.good_until is not None

    def is_over(self, now: float) -> bool:
        """Tell whether the router has dropped the mapping by itself."""
        return self.good_until is not None and now >= self.good_until


class Mapper(Protocol):
    """One protocol spoken with one router. Every method may raise PortMapError."""

    method: Method

    @property
    def heard(self) -> bool:
        """Tell whether the router has answered a probe that is not over yet."""
        return False

    async def probe(self) -> None:
        """Find out whether the router speaks this protocol."""

    async def external_address(self) -> IPv4Address:
        """Ask for the router's address on the Internet side."""

    async def map(self, target: Target, external_port: int) -> Mapping:
        """Get a mapping, on another external port if the wanted one is taken.

        Asking again for what already stands extends it.
        """

    async def verify(self, mapping: Mapping) -> bool:
        """Tell whether a mapping still stands.

        False also where the router may have lost it: asking for it again does no harm.
        """

    async def release(self, mapping: Mapping) -> None:
        """Remove a mapping and make sure that it is gone.

        A mapping that is not ours, or not there, is left alone.
        """


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
_CARRIER_NAT: Final = IPv4Network("100.64.0.0/10")


def random_port() -> int:
    """Return a port that nothing well known uses."""
    return random.choice(const.RANDOM_PORTS)


def is_public(address: IPv4Address) -> bool:
    """Tell whether a router with this address is on the Internet itself.

    Not `is_global`: that also excludes networks no provider hands out, and with them
    nothing is gained. 100.64.0.0/10 (RFC 6598) is what carrier NAT hands out.
    """
    return not any(address in network for network in _NOT_PUBLIC)


def why_not_public(address: IPv4Address) -> Reason | None:
    """Return what a router's own address says about its way to the Internet."""
    if is_public(address):
        return None
    if address.is_unspecified:
        return Reason.WAN_DOWN
    return Reason.CARRIER_NAT if address in _CARRIER_NAT else Reason.DOUBLE_NAT
