"""Requests from inside the lab, and what became of them."""

from dataclasses import dataclass
from enum import StrEnum
import json
from pathlib import Path
import sys
from typing import Any

from .namespaces import PATIENCE, Namespaces
from .topology import Host

CLIENTS = Path(__file__).parent / "clients"


class Connection(StrEnum):
    """What became of an attempt to connect."""

    OPEN = "open"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer to an HTTP request, whatever its status."""

    status: int
    headers: dict[str, str]
    body: str


def connect(
    namespaces: Namespaces, host: Host, address: str, port: int, timeout: float
) -> Connection:
    """Try to connect to a TCP port."""
    return Connection(
        _run(namespaces, host, timeout, "connect.py", address, str(port), str(timeout))
    )


def http_get(
    namespaces: Namespaces, host: Host, url: str, timeout: float
) -> HttpResponse:
    """Fetch a URL; no answer is a `LabError`."""
    return HttpResponse(
        **_run(namespaces, host, timeout, "http_get.py", url, str(timeout))
    )


def udp_request(
    namespaces: Namespaces,
    host: Host,
    address: str,
    port: int,
    request: bytes,
    timeout: float,
) -> bytes | None:
    """Send a datagram and wait for one answer."""
    answer = _run(
        namespaces,
        host,
        timeout,
        "udp_request.py",
        address,
        str(port),
        request.hex(),
        str(timeout),
    )
    return None if answer is None else bytes.fromhex(answer)


def _run(
    namespaces: Namespaces, host: Host, timeout: float, client: str, *arguments: str
) -> Any:
    """Run a client, which needs nothing but the standard library."""
    result = namespaces.run(
        host,
        sys.executable,
        "-IS",
        CLIENTS / client,
        *arguments,
        timeout=timeout + PATIENCE,
    )
    return json.loads(result.stdout)
