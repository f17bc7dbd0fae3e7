"""Control API for a router that runs as a process of its own.

GET /__control__ tells its state; POST takes {"call": NAME, "arguments": {...}} and
{"faults": {...}}, both optional, and tells the state after it.
"""

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
import json
from typing import TYPE_CHECKING, Any

from .faults import Faults
from .http_server import Response
from .records import HttpRequest
from .table import Entry

if TYPE_CHECKING:
    from .router import Router

CONTROL_PATH = "/__control__"


class ControlApi:
    """Lets another process look at the router and change it."""

    def __init__(self, router: Router) -> None:
        """Control the router."""
        self._router = router
        self._calls: dict[str, Callable[..., object]] = {
            "add_foreign": router.add_foreign,
            "advance": router.advance,
            "clear_faults": self._clear_faults,
            "clear_records": router.records.clear,
            "restart": router.restart,
            "set_wan_address": router.set_wan_address,
            "wan_down": router.wan_down,
        }

    def answer(self, request: HttpRequest) -> Response:
        """Answer a request."""
        try:
            if request.method == "POST":
                self._change(json.loads(request.body))
        except (ValueError, TypeError, KeyError) as err:
            return _json(HTTPStatus.BAD_REQUEST, {"error": repr(err)})
        return _json(HTTPStatus.OK, self._state())

    def _change(self, wanted: dict[str, Any]) -> None:
        """Set faults, then make the call."""
        self._router.faults.set(wanted.get("faults", {}))
        if "call" in wanted:
            self._calls[wanted["call"]](**wanted.get("arguments", {}))

    def _clear_faults(self) -> None:
        """Switch all faults off."""
        self._router.faults = Faults()

    def _state(self) -> dict[str, Any]:
        """Return everything worth knowing."""
        router = self._router
        return {
            "wan_address": router.wan_address,
            "epoch": router.epoch,
            "boot_id": router.boot_id,
            "description_url": router.description_url,
            "natpmp_port": router.natpmp_port,
            "ssdp_port": router.ssdp_port,
            "table": [self._entry(entry) for entry in router.table],
            "packets": router.packets,
            "soap_calls": [asdict(call) for call in router.soap_calls],
            "http_requests": [
                f"{request.method} {request.target}" for request in router.http_requests
            ],
            "faults": asdict(router.faults),
        }

    def _entry(self, entry: Entry) -> dict[str, Any]:
        """Return a table entry with its lease and where it is really open."""
        endpoint = self._router.forwards.endpoint(entry.external_port)
        return {
            "protocol": entry.protocol,
            "external_port": entry.external_port,
            "internal_client": entry.internal_client,
            "internal_port": entry.internal_port,
            "description": entry.description,
            "lease": self._router.table.remaining(entry),
            "origin": entry.origin,
            "nonce": entry.nonce.hex() if entry.nonce else None,
            "endpoint": endpoint,
        }


def _json(status: HTTPStatus, content: dict[str, Any]) -> Response:
    """Return a JSON answer; sets become lists."""
    body = json.dumps(content, default=sorted).encode()
    return Response(status, body, "application/json")
