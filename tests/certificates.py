"""Certificates of simulated Plex servers, and names to verify them by."""

from collections.abc import Iterator
from contextlib import contextmanager
import ssl
from unittest.mock import patch

from tests.simulators.plex import PlexServer

from .names import ADDRESSES


@contextmanager
def trust(plex: PlexServer) -> Iterator[None]:
    """Have Home Assistant trust whoever vouches for a server, and nobody else."""
    context = ssl.create_default_context(cadata=plex.authority_pem)
    with patch("homeassistant.util.ssl.client_context", return_value=context):
        yield


def direct_name(certificate_hash: str) -> str:
    """Return the name that plex.tv gives a server with a certificate."""
    return f"127-0-0-1.{certificate_hash}.plex.direct"


@contextmanager
def resolve(*names: str) -> Iterator[None]:
    """Have the name service know names of a server."""
    with patch.dict(ADDRESSES, dict.fromkeys(names, "127.0.0.1")):
        yield
