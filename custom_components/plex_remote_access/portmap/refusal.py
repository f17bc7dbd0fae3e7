"""What the error codes of UPnP mean for a mapping.

WANIPConnection:2, section 2.5, and what routers send instead.
"""

from typing import Final

from .connection import Connection
from .model import PortMapError, Reason
from .soap import SoapFault
from .table import Entry

# For routers without leases: 725 is the right answer, 402 and private codes, also
# below zero, are seen instead (https://github.com/tailscale/tailscale/issues/15223,
# https://github.com/qbittorrent/qBittorrent/issues/12610).
_NO_LEASES: Final = frozenset({402, 600, 601, 725})
# From here on each vendor has its own (UPnP Device Architecture 1.1, 3.2.2).
_PRIVATE: Final = 800
# Well-known ports are refused in many ways.
BAD_PORT: Final = frozenset({600, 601, 606})
ACTION_FAILED: Final = 501
USED_BY_ROUTER: Final = 729
CONFLICT: Final = frozenset({ACTION_FAILED, 718, USED_BY_ROUTER})
SAME_PORT: Final = 724
TOO_LONG: Final = 605
_NOT_AUTHORIZED: Final = 606
_FULL: Final = frozenset({603, 728})


def is_about_lease(fault: SoapFault) -> bool:
    """Tell whether another lease may be what the router wants."""
    return fault.code in _NO_LEASES or not 0 <= fault.code < _PRIVATE


def taken(port: int, entry: Entry | None, fault: SoapFault) -> PortMapError:
    """Say who holds a port."""
    if entry is None:
        own = fault.code == USED_BY_ROUTER
        reason = Reason.PORT_USED_BY_ROUTER if own else Reason.PORT_TAKEN
        return PortMapError(reason, f"Port {port}: {fault}")
    return PortMapError(
        Reason.PORT_TAKEN,
        f"Port {port} leads to {entry.client}:{entry.port} ({entry.description})",
    )


def refusal(
    fault: SoapFault, connection: Connection, *, other_host: bool
) -> PortMapError:
    """Say why a router refuses for good, a mapping to another host than ours or not."""
    if fault.code in _FULL:
        return PortMapError(Reason.TABLE_FULL, str(fault))
    if fault.code == _NOT_AUTHORIZED:
        if connection.is_fritz_box:
            return PortMapError(Reason.DEVICE_PERMISSION, str(fault))
        if other_host:
            return PortMapError(Reason.REFUSED_FOR_OTHER_HOST, str(fault))
    return PortMapError(Reason.REFUSED, str(fault))
