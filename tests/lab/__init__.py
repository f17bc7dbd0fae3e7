"""A small Internet with a real router, made of network namespaces.

`Lab` brings it up and takes it down again::

    with Lab(RouterOptions(secure_mode=True)) as lab:
        lab.witness.add(32400)
        assert lab.connect_from_wan(lab.wan_address, 32400) is Connection.OPEN
"""

from .firewall import PortForward, Protocol
from .lab import Lab
from .needs import missing_needs
from .options import RouterOptions
from .probe import Connection, HttpResponse
from .process import LabError, LabProcess
from .topology import (
    INTERNET_ADDRESS,
    LAN_ADDRESS,
    NAS_ADDRESS,
    ROUTER_ADDRESS,
    WAN_ADDRESS,
    Host,
)
from .witness import MappingRefusedError, TableEntry, Witness

__all__ = [
    "INTERNET_ADDRESS",
    "LAN_ADDRESS",
    "NAS_ADDRESS",
    "ROUTER_ADDRESS",
    "WAN_ADDRESS",
    "Connection",
    "Host",
    "HttpResponse",
    "Lab",
    "LabError",
    "LabProcess",
    "MappingRefusedError",
    "PortForward",
    "Protocol",
    "RouterOptions",
    "TableEntry",
    "Witness",
    "missing_needs",
]
