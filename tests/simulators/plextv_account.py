"""Signing in to plex.tv, and the devices of an account."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
import secrets
from typing import Any

from aiohttp import web

_SIGN_IN_PAGE = """<!doctype html><title>Sign in to Plex</title>
<h1>Sign in to Plex</h1><button>Allow</button>
<script>
const asked = new URLSearchParams(location.hash.replace(/^#[!]?[?]?/, ""));
document.querySelector("button").onclick = async () => {
  await fetch("/confirm?code=" + encodeURIComponent(asked.get("code")), {method: "POST"});
  if (asked.get("forwardUrl")) location.href = asked.get("forwardUrl");
  else document.querySelector("h1").textContent = "Signed in";
};
</script>"""


@dataclass
class Pin:
    """What a client has asked a person to confirm."""

    id: int
    code: str
    client_identifier: str
    expires_at: datetime
    confirmed: bool = False
    polls: list[datetime] = field(default_factory=list)


def device(
    machine_identifier: str, *connections: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    """Return how plex.tv lists a server of the account."""
    return {
        "name": "Den",
        "product": "Plex Media Server",
        "productVersion": "1.41.5.9522-a96edc606",
        "provides": "server",
        "clientIdentifier": machine_identifier,
        "accessToken": "account-token",
        "owned": True,
        "publicAddress": "198.51.100.7",
        "relay": True,
        "presence": True,
        "httpsRequired": False,
        "connections": list(connections),
        **changes,
    }


def connection(address: str, port: int, **changes: Any) -> dict[str, Any]:
    """Return how plex.tv lists a way to a server."""
    name = f"{address.replace('.', '-')}.5f3c9a1e7d2b4860f1e2d3c4b5a69788.plex.direct"
    return {
        "protocol": "https",
        "address": address,
        "port": port,
        "uri": f"https://{name}:{port}",
        "local": True,
        "relay": False,
        "IPv6": False,
        **changes,
    }


class PlexTvAccount:
    """One account, and everybody who wants to sign in to it."""

    def __init__(self, token: str = "account-token") -> None:
        """Begin without devices."""
        self.token = token
        self.devices: list[dict[str, Any]] = []
        self.pins: dict[int, Pin] = {}
        # How long a PIN is good for, and what is answered instead of an answer.
        self.lifetime = timedelta(seconds=1800)
        self.status: int | None = None
        self.polls_refused = 0
        # Whether somebody presses "Allow" as soon as the page is there.
        self.eager = False
        self._numbers = count(564964751)

    def confirm(self) -> None:
        """Press "Allow" for whoever waits."""
        for pin in self.pins.values():
            pin.confirmed = True

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the account."""
        return [
            web.post("/api/v2/pins", self._create),
            web.get("/api/v2/pins/{id}", self._poll),
            web.get("/api/v2/resources", self._resources),
            web.get("/api/v2/user", self._user),
            web.get("/auth", self._page),
            web.post("/confirm", self._confirm),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        client = self._client(request)
        if request.query.get("strong") != "true":
            raise _refused(400, 1000, "Only strong PINs lead to the page")
        pin = Pin(
            id=next(self._numbers),
            code=secrets.token_hex(12),
            client_identifier=client,
            expires_at=datetime.now(UTC) + self.lifetime,
            confirmed=self.eager,
        )
        self.pins[pin.id] = pin
        return web.json_response(self._describe(pin), status=201)

    async def _poll(self, request: web.Request) -> web.Response:
        client = self._client(request)
        pin = self.pins.get(int(request.match_info["id"]))
        now = datetime.now(UTC)
        if pin is None or pin.client_identifier != client or pin.expires_at <= now:
            raise _refused(404, 1020, "Code not found or expired")
        recently = bool(pin.polls) and now - pin.polls[-1] < timedelta(seconds=0.9)
        pin.polls.append(now)
        if recently:
            self.polls_refused += 1
            raise _refused(429, 1003, "API rate limit exceeded")
        return web.json_response(self._describe(pin))

    async def _resources(self, request: web.Request) -> web.Response:
        self._client(request)
        self._authenticate(request)
        return web.json_response(self.devices)

    async def _user(self, request: web.Request) -> web.Response:
        self._client(request)
        self._authenticate(request)
        return web.json_response({"id": 1, "username": "ann"})

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=_SIGN_IN_PAGE, content_type="text/html")

    async def _confirm(self, request: web.Request) -> web.Response:
        for pin in self.pins.values():
            pin.confirmed |= pin.code == request.query["code"]
        return web.Response()

    def _client(self, request: web.Request) -> str:
        """Return who asks; whoever does not say so is refused."""
        if self.status is not None:
            raise _refused(self.status, 1999, "Out of order")
        client = request.headers.get("X-Plex-Client-Identifier")
        if client is None:
            raise _refused(400, 1000, "X-Plex-Client-Identifier is missing")
        return client

    def _authenticate(self, request: web.Request) -> None:
        if request.headers.get("X-Plex-Token") != self.token:
            raise _refused(401, 1001, "User could not be authenticated")

    def _describe(self, pin: Pin) -> dict[str, Any]:
        left = pin.expires_at - datetime.now(UTC)
        return {
            "id": pin.id,
            "code": pin.code,
            "product": "Home Assistant",
            "trusted": False,
            "clientIdentifier": pin.client_identifier,
            "expiresIn": int(left.total_seconds()),
            "expiresAt": pin.expires_at.isoformat(),
            "authToken": self.token if pin.confirmed else None,
            "newRegistration": None,
        }


def _refused(status: int, code: int, message: str) -> web.HTTPException:
    """Return an error in the form of plex.tv."""
    body = web.json_response(
        {"errors": [{"code": code, "message": message, "status": status}]}
    )
    error = web.HTTPException(text=body.text, content_type="application/json")
    error.set_status(status)
    return error
