"""Home Assistant's REST and WebSocket APIs, as blocking calls."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
import json
from typing import Any, Final, Self
import urllib.error
import urllib.parse
import urllib.request

import aiohttp

_TIMEOUT: Final = 30


# Whatever proxy the machine has for the Internet, Home Assistant is not behind it.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class RefusedError(Exception):
    """Home Assistant refused a request."""


class Client:
    """Somebody who talks to Home Assistant."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Talk with the rights of a token."""
        self.url = url
        self.token = token

    @classmethod
    def onboard(cls, url: str, username: str, password: str) -> Self:
        """Make the owner's account, and return somebody with a token that stays."""
        stranger = cls(url)
        client_id = f"{url}/"
        code = stranger.post(
            "/api/onboarding/users",
            client_id=client_id,
            name=username.title(),
            username=username,
            password=password,
            language="en",
        )["auth_code"]
        form = urllib.parse.urlencode(
            {"grant_type": "authorization_code", "code": code, "client_id": client_id}
        )
        token = stranger._request("POST", "/auth/token", form.encode(), {})
        owner = cls(url, token["access_token"])
        return cls(
            url,
            owner.command(
                "auth/long_lived_access_token", client_name="Tests", lifespan=365
            ),
        )

    def get(self, path: str) -> Any:
        """Read something."""
        return self._request("GET", path, None, {})

    def post(self, path: str, **body: Any) -> Any:
        """Send something."""
        return self._request(
            "POST",
            path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )

    def delete(self, path: str) -> Any:
        """Remove something."""
        return self._request("DELETE", path, None, {})

    def command(self, kind: str, **fields: Any) -> Any:
        """Send one WebSocket command and return its result."""
        return _in_thread(self._command({"type": kind, **fields}))

    def events(self, kind: str, seconds: float) -> list[Any]:
        """Subscribe to something, and return what is told for a while."""
        return _in_thread(self._events({"type": kind}, seconds))

    async def _command(self, message: Mapping[str, Any]) -> Any:
        """Send one command over a connection of its own."""
        async with asyncio.timeout(_TIMEOUT), self._connected(message) as (_, result):
            return result

    async def _events(self, message: Mapping[str, Any], seconds: float) -> list[Any]:
        """Send one command over a connection of its own, and keep on listening."""
        events = []
        async with asyncio.timeout(_TIMEOUT), self._connected(message) as (socket, _):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        told = await socket.receive_json()
                        # Several at once come as a list.
                        events += told if isinstance(told, list) else [told]
        return [event["event"] for event in events]

    @asynccontextmanager
    async def _connected(
        self, message: Mapping[str, Any]
    ) -> AsyncGenerator[tuple[aiohttp.ClientWebSocketResponse, Any]]:
        """Return a new connection and the result of its first command."""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.url}/api/websocket") as socket,
        ):
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            if (answer := await socket.receive_json())["type"] != "auth_ok":
                raise RefusedError(answer["message"])
            await socket.send_json({"id": 1, **message})
            answer = await socket.receive_json()
            if not answer["success"]:
                raise RefusedError(answer["error"]["message"])
            yield socket, answer["result"]

    def _request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Any:
        """Send one request; anything but a success raises."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with _OPENER.open(request, timeout=_TIMEOUT) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")
            raise RefusedError(f"{method} {path}: {error.code} {reason}") from error


def _in_thread[T](talk: Coroutine[Any, Any, T]) -> T:
    """Run something in a thread, as a browser may keep this thread's event loop."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(partial(asyncio.run, talk)).result()
