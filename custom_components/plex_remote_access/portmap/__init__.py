"""Port mapper: asks routers to let connections in, free of Home Assistant."""

from .model import Mapping, Method, PortMapError, Reason, Target, is_public
from .route import is_this_host, source_address
from .router import Ports, Router

__all__ = [
    "Mapping",
    "Method",
    "PortMapError",
    "Ports",
    "Reason",
    "Router",
    "Target",
    "is_public",
    "is_this_host",
    "source_address",
]
