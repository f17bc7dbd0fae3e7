"""What every request has to pass before it is answered."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

from aiohttp import web

from .account import Access, Role
from .faults import Endpoint, EndpointFault, Faults
from .records import Records
from .wire import error

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
# These are answered long before they end.
_STREAMS = {Endpoint.WEBSOCKET: 101, Endpoint.EVENT_SOURCE: 200}


class Phase(StrEnum):
    """How far the start of the server has got."""

    DOWN = "down"
    # Everything answers 503.
    BOOTING = "booting"
    # Answers come, with a ``startState``.
    STARTING = "starting"
    RUNNING = "running"


def refuse(status: int, *, page: bool = False) -> web.Response:
    """Return the error page of a status."""
    return error(status, _REASONS.get(status, "Error"), page=page)


class Gate:
    """Records requests and turns away those that are not to be answered."""

    def __init__(self, access: Access, faults: Faults, records: Records) -> None:
        """Begin with a server that is down."""
        self.phase = Phase.DOWN
        self._access = access
        self._faults = faults
        self._records = records

    def guard(self, endpoint: Endpoint, needs: Role, handler: Handler) -> Handler:
        """Put a handler behind the gate."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            record = self._records.add(endpoint, request)
            response: web.StreamResponse | None = await self._turn_away(
                endpoint, needs, request
            )
            if response is None:
                record.status = _STREAMS.get(endpoint)
                response = await handler(request)
            record.status = record.status or response.status
            return response

        return guarded

    async def _turn_away(
        self, endpoint: Endpoint, needs: Role, request: web.Request
    ) -> web.Response | None:
        """Return why a request is not answered, None if it is."""
        if self.phase is Phase.BOOTING and (
            endpoint is not Endpoint.IDENTITY or self._faults.identity_starting
        ):
            return refuse(503)
        fault = self._faults.endpoints.get(endpoint)
        if fault is not None and (refusal := await self._suffer(fault, request)):
            return refusal
        role = self._access.role(request)
        if needs > Role.ANYBODY and role is Role.ANYBODY:
            return refuse(401, page=request.path == "/")
        if needs > role and not self._partly_readable(endpoint):
            return refuse(403)
        return None

    def _partly_readable(self, endpoint: Endpoint) -> bool:
        """Return whether a shared user gets to see a part of the owner's."""
        return endpoint is Endpoint.PREFS and self._faults.shared_user_reads_preferences

    async def _suffer(
        self, fault: EndpointFault, request: web.Request
    ) -> web.Response | None:
        """Misbehave; return the error to answer with, if any."""
        if fault.remaining is not None:
            if fault.remaining <= 0:
                return None
            fault.remaining -= 1
        await asyncio.sleep(fault.delay)
        if fault.hang:
            # Ends by the client giving up, or the server being stopped.
            await asyncio.Event().wait()
        if fault.hang_up and request.transport is not None:
            request.transport.abort()
        if fault.status is None:
            return None
        return refuse(fault.status)
