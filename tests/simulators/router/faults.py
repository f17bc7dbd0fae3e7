"""Switches that make the router misbehave, grouped by the place where they act."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any

from .records import PacketKind


class Framing(StrEnum):
    """How the end of an HTTP body is told."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Page(StrEnum):
    """The parts of the router's HTTP server that faults can be set for."""

    DESCRIPTION = "description"
    CONTROL = "control"
    EVENTS = "events"


@dataclass(slots=True)
class PacketFaults:
    """Faults of everything that arrives by UDP: NAT-PMP, PCP and SSDP."""

    drop: set[PacketKind] = field(default_factory=set)
    """Kinds that are never answered."""
    drop_next: dict[PacketKind, int] = field(default_factory=dict)
    """How many of the next packets of a kind get lost."""
    results: dict[PacketKind, int] = field(default_factory=dict)
    """NAT-PMP or PCP result code that every request of a kind is refused with."""
    cut: dict[PacketKind, int] = field(default_factory=dict)
    """How many bytes of a NAT-PMP or PCP answer to a kind arrive."""
    answer_from: str | None = None
    """NAT-PMP and PCP answers leave from this address, and from any port (CARP)."""

    def drops(self, kind: PacketKind) -> bool:
        """Tell whether this packet gets lost."""
        if left := self.drop_next.get(kind, 0):
            self.drop_next[kind] = left - 1
            return True
        return kind in self.drop


@dataclass(slots=True)
class PcpFaults:
    """What miniupnpd does otherwise than RFC 6887 has it."""

    ignore_prefer_failure: bool = False
    """Assign another port also where the client would rather have none."""
    second_mapping: bool = False
    """Map once more where a client suggests another port than the one it has."""


@dataclass(slots=True)
class SearchFaults:
    """Faults of the answer to a search."""

    location_host: str | None = None
    """LOCATION names this host instead of the router."""


@dataclass(slots=True)
class HttpFaults:
    """Faults of the HTTP server, by page."""

    status: dict[Page, int] = field(default_factory=dict)
    """Status that is answered, with an HTML page, without looking at the request."""
    hang: set[Page] = field(default_factory=set)
    """Pages that take the request and never answer."""
    content_type: dict[Page, str] = field(default_factory=dict)
    framing: dict[Page, Framing] = field(default_factory=dict)


@dataclass(slots=True)
class SoapFaults:
    """Faults of the SOAP actions, by action name."""

    refuse: dict[str, int] = field(default_factory=dict)
    """UPnPError code that an action is refused with."""


@dataclass(slots=True)
class EventFaults:
    """Faults of the events (GENA)."""

    refuse: int | None = None
    """Status that every SUBSCRIBE is refused with, new or renewal."""
    granted: str | None = None
    """What SUBSCRIBE is answered as TIMEOUT, if not what was asked for."""
    skip: int = 0
    """How many of the next events get lost on their way."""
    silent: bool = False
    """Take subscriptions and never send an event."""


@dataclass(slots=True)
class MappingFaults:
    """Faults of the mapping itself, whatever protocol asked for it."""

    forget: bool = False
    """Report success and map nothing."""
    permanent_only: bool = False
    """UPnP refuses every lease but 0 with 725 OnlyPermanentLeasesSupported."""
    assign_port: int | None = None
    """Assign this external port where the protocol lets the router choose."""
    dead_forward: bool = False
    """Keep entries listed and renewable, but carry no connection."""


@dataclass(slots=True)
class Faults:
    """All fault switches; every one is off at first and can be combined freely."""

    packets: PacketFaults = field(default_factory=PacketFaults)
    pcp: PcpFaults = field(default_factory=PcpFaults)
    search: SearchFaults = field(default_factory=SearchFaults)
    http: HttpFaults = field(default_factory=HttpFaults)
    soap: SoapFaults = field(default_factory=SoapFaults)
    events: EventFaults = field(default_factory=EventFaults)
    mapping: MappingFaults = field(default_factory=MappingFaults)

    def set(self, changes: Mapping[str, Any]) -> None:
        """Set switches from a nested mapping as it comes out of JSON."""
        _set(self, changes)


def _set(switches: Any, changes: Mapping[str, Any]) -> None:
    """Set the named fields, going into groups of switches."""
    known = {switch.name for switch in fields(switches)}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"Unknown fault: {name}")
        current = getattr(switches, name)
        if is_dataclass(current):
            _set(current, value)
        else:
            setattr(switches, name, set(value) if isinstance(current, set) else value)
