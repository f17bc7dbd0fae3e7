"""Port mapper: asks routers to let connections in, free of Home Assistant."""

from .keeper import Keeper
from .model import (
    Mapping,
    Method,
    Place,
    PortMapError,
    Reason,
    Target,
    is_public,
    random_port,
    why_not_public,
)
from .port import KeptPort
from .route import resolve
from .router import Ports, Router
from .schedule import Signal

__all__ = [
    "Keeper",
    "KeptPort",
    "Mapping",
    "Method",
    "Place",
    "PortMapError",
    "Ports",
    "Reason",
    "Router",
    "Signal",
    "Target",
    "is_public",
    "random_port",
    "resolve",
    "why_not_public",
]
