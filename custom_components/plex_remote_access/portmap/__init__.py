"""Port mapper: asks routers to let connections in, free of Home Assistant."""

from .keeper import Keeper
from .model import Mapping, Method, PortMapError, Reason, Target, is_public
from .route import resolve
from .router import Ports, Router

__all__ = [
    "Keeper",
    "Mapping",
    "Method",
    "PortMapError",
    "Ports",
    "Reason",
    "Router",
    "Target",
    "is_public",
    "resolve",
]
