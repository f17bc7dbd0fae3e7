"""What the router received, for tests to look at."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class PacketKind(StrEnum):
    """Kinds of datagrams."""

    SSDP = "ssdp"
    NAT_PMP_ADDRESS = "nat_pmp_address"
    NAT_PMP_MAP = "nat_pmp_map"
    PCP_ANNOUNCE = "pcp_announce"
    PCP_MAP = "pcp_map"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Datagram:
    """One datagram and when it came on the router's clock."""

    kind: PacketKind
    source: tuple[str, int]
    data: bytes
    at: float


@dataclass(frozen=True, slots=True)
class SoapCall:
    """One SOAP action with its arguments."""

    action: str
    arguments: dict[str, str]
    service_type: str
    source: str


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    source: str


@dataclass(slots=True)
class Records:
    """Everything received since the last clear."""

    packets: Counter[PacketKind] = field(default_factory=Counter)
    datagrams: list[Datagram] = field(default_factory=list)
    soap_calls: list[SoapCall] = field(default_factory=list)
    http_requests: list[HttpRequest] = field(default_factory=list)

    def datagram(self, datagram: Datagram) -> None:
        """Count and keep a datagram."""
        self.packets[datagram.kind] += 1
        self.datagrams.append(datagram)

    def clear(self) -> None:
        """Forget everything."""
        self.packets.clear()
        self.datagrams.clear()
        self.soap_calls.clear()
        self.http_requests.clear()
