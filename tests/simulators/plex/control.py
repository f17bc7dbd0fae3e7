"""Steering a simulator that runs as a process of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .faults import Endpoint, EndpointFault, PreferenceEvents, ReachabilityEvents
from .wire import AccountRoot, Booleans

if TYPE_CHECKING:
    from .server import PlexServer

PATH = "/__control__"

_ENUMS: dict[str, type[StrEnum]] = {
    "reachability_events": ReachabilityEvents,
    "preference_events": PreferenceEvents,
    "booleans": Booleans,
    "account_root": AccountRoot,
}
_SETS = {"ignored_preferences", "missing_preferences"}


def _value(name: str, value: Any) -> Any:
    """Return a value from JSON as the field of that name has it."""
    if name in _ENUMS:
        return _ENUMS[name](value)
    if name in _SETS:
        return set(value)
    if name == "endpoints":
        return {
            Endpoint(endpoint): EndpointFault(**fault)
            for endpoint, fault in value.items()
        }
    return value


def _assign(target: Any, values: Mapping[str, Any]) -> None:
    """Set fields of a dataclass, all or none."""
    known = {field.name for field in fields(target)}
    if unknown := values.keys() - known:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    parsed = {name: _value(name, value) for name, value in values.items()}
    for name, value in parsed.items():
        setattr(target, name, value)


class Control:
    """Looks at the server and changes it."""

    def __init__(self, server: PlexServer) -> None:
        """Set the server to be steered."""
        self._server = server
        self._restart: asyncio.Task[None] | None = None
        self._calls: dict[str, Callable[[], Awaitable[object]]] = {
            "restart": self._restart_later,
            "revoke_token": server.revoke_token,
            "sign_out": server.sign_out,
            "lose_sign_in": server.lose_sign_in,
            "sign_in": server.sign_in,
            "recheck": server.recheck,
            "settled": server.settled,
            "send_noise": server.notifications.send_noise,
            "reset_records": self._reset_records,
        }

    async def get(self, _request: web.Request) -> web.Response:
        """Answer the state and what was recorded."""
        return self._state()

    async def post(self, request: web.Request) -> web.Response:
        """Change what the body names, then answer as GET does."""
        body = await request.json()
        server = self._server
        try:
            _assign(server.faults, body.get("faults", {}))
            _assign(server.timing, body.get("timing", {}))
            _assign(server.form, body.get("form", {}))
            await server.set_preferences(
                {
                    id_: server.preferences.parse(id_, str(value).lower())
                    if isinstance(value, bool)
                    else server.preferences.parse(id_, str(value))
                    for id_, value in body.get("preferences", {}).items()
                }
            )
            if "token" in body:
                server.access.token = body["token"]
            if "call" in body:
                await self._calls[body["call"]]()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
            return web.json_response({"error": repr(error)}, status=400)
        return self._state()

    def _state(self) -> web.Response:
        """Return everything that a test looks at."""
        server = self._server
        publication = server.publication
        return web.json_response(
            {
                "state": {
                    "phase": server.phase,
                    "mapping_state": publication.state,
                    "mapping_error": publication.error,
                    "public_address": publication.public_address,
                    "public_port": publication.public_port,
                    "sign_in_state": server.account.sign_in_state,
                    "machine_identifier": server.machine_identifier,
                    "token": server.token,
                    "listeners": server.notifications.listeners,
                },
                "preferences": server.preferences.changed(),
                "counts": server.records.counts,
                "requests": [record.as_dict() for record in server.requests],
            }
        )

    async def _restart_later(self) -> None:
        """Restart once this request is answered."""

        async def restart() -> None:
            await asyncio.sleep(0.05)
            await self._server.restart()

        self._restart = asyncio.create_task(restart())

    async def _reset_records(self) -> None:
        """Forget the requests so far."""
        self._server.records.reset()

    async def close(self, _app: web.Application) -> None:
        """Let no restart come after the end."""
        if self._restart is not None:
            self._restart.cancel()
            await asyncio.wait([self._restart])


def control_routes(control: Control) -> list[web.RouteDef]:
    """Return the routes to steer by."""
    return [web.get(PATH, control.get), web.post(PATH, control.post)]
