"""Router simulator: NAT-PMP, PCP and UPnP IGD with a table and real TCP forwards."""

from .faults import Faults, Framing, Page
from .leases import LeasePolicy
from .records import PacketKind
from .router import Router
from .table import Entry, Origin, Protocol

__all__ = [
    "Entry",
    "Faults",
    "Framing",
    "LeasePolicy",
    "Origin",
    "PacketKind",
    "Page",
    "Protocol",
    "Router",
]
