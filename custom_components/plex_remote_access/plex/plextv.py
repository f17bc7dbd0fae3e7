"""Conversation with plex.tv: signing in, and the servers of an account."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
import json
from typing import Any, Final

import aiohttp
from yarl import URL

from .errors import (
    PlexAuthenticationError,
    PlexConnectionError,
    PlexResponseError,
    PlexSignInExpiredError,
    PlexTvError,
)
from .http import headers_of, request
from .wire import read_boolean, read_port, read_text

PLEX_TV: Final = URL("https://plex.tv")
SIGN_IN_PAGE: Final = URL("https://app.plex.tv/auth")

# At two questions a second plex.tv refused the third: Ombi-app/Ombi#5233.
POLL_INTERVAL: Final = 2.0
MIN_POLL_INTERVAL: Final = 1.0
# What is often said of the strong kind; plex.tv tells it of each.
_PIN_LIFETIME: Final = 1800


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """What plex.tv asks a person to confirm on its own page."""

    id: int
    code: str
    # Seconds until plex.tv forgets it.
    lifetime: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """One way to a server, as plex.tv lists it."""

    url: URL
    address: str
    port: int
    relay: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountServer:
    """A server that belongs to the account itself."""

    machine_identifier: str
    name: str
    token: str
    connections: tuple[Connection, ...]


class PlexTv:
    """plex.tv, asked in the name of one client."""

    def __init__(
        self, session: aiohttp.ClientSession, url: URL, client_identifier: str
    ) -> None:
        """Remember where plex.tv is and as whom we speak."""
        self._session = session
        self._url = url
        self._client_identifier = client_identifier
        self._headers = headers_of(client_identifier)

    async def create_pin(self) -> Pin:
        """Ask for something that a person can confirm."""
        answer = await self._request("POST", "/api/v2/pins", {"strong": "true"})
        if not isinstance(answer, dict):
            raise PlexTvError("The answer is not a PIN")
        number, code = answer.get("id"), read_text(answer.get("code"))
        if not isinstance(number, int) or code is None:
            raise PlexTvError("The answer is not a PIN")
        lifetime = answer.get("expiresIn")
        return Pin(
            id=number,
            code=code,
            lifetime=min(lifetime, _PIN_LIFETIME)
            if isinstance(lifetime, int)
            else _PIN_LIFETIME,
        )

    def sign_in_page(self, pin: Pin, forward_url: URL | None) -> URL:
        """Return the page on which the PIN is confirmed, and where it leads then."""
        parameters = {
            "clientID": self._client_identifier,
            "code": pin.code,
            "context[device][product]": self._headers["X-Plex-Product"],
        }
        if forward_url is not None:
            parameters["forwardUrl"] = str(forward_url)
        query = URL.build(query=parameters).raw_query_string
        return URL(f"{SIGN_IN_PAGE}#?{query}", encoded=True)

    async def wait_for_token(self, pin: Pin, wake: asyncio.Event) -> str:
        """Wait until the PIN is confirmed and return the account's token.

        `wake` has it asked at once. Whatever else goes wrong meanwhile is tried again;
        raises PlexSignInExpiredError when plex.tv does not know the PIN any more.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + pin.lifetime
        while loop.time() < end:
            try:
                if token := await self._token(pin):
                    return token
            except PlexTvError:
                # It is busy or cannot be reached: the person is still signing in.
                pass
            await asyncio.sleep(MIN_POLL_INTERVAL)
            try:
                async with asyncio.timeout(POLL_INTERVAL - MIN_POLL_INTERVAL):
                    await wake.wait()
            except TimeoutError:
                continue
            wake.clear()
        raise PlexSignInExpiredError("Nobody confirmed in time")

    async def servers(self, token: str) -> list[AccountServer]:
        """Return the account's own servers; those shared with it are left out.

        Raises PlexAuthenticationError if plex.tv does not know the token.
        """
        answer = await self._request(
            "GET", "/api/v2/resources", {"includeHttps": "1"}, token=token
        )
        if not isinstance(answer, list):
            raise PlexTvError("The answer is not a list of devices")
        servers = (_server(item) for item in answer if isinstance(item, dict))
        return [server for server in servers if server is not None]

    async def _token(self, pin: Pin) -> str | None:
        answer = await self._request("GET", f"/api/v2/pins/{pin.id}")
        return read_text(answer.get("authToken")) if isinstance(answer, dict) else None

    async def _request(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        *,
        token: str | None = None,
    ) -> Any:
        headers = {**self._headers, "X-Plex-Token": token} if token else self._headers
        try:
            return json.loads(
                await request(
                    self._session,
                    method,
                    self._url.with_path(path),
                    params=params,
                    headers=headers,
                    raise_for_status=_raise_for_status,
                )
            )
        except (PlexConnectionError, PlexResponseError) as err:
            raise PlexTvError(str(err)) from err
        except (ValueError, RecursionError) as err:
            raise PlexTvError("The answer is not JSON") from err


def _raise_for_status(status: int, _told: bytes) -> None:
    match status:
        case status if 200 <= status < 300:
            return
        case HTTPStatus.NOT_FOUND:
            raise PlexSignInExpiredError("plex.tv does not know the PIN any more")
        # 422 is another way of saying that the token is not valid.
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.UNPROCESSABLE_ENTITY:
            raise PlexAuthenticationError("plex.tv does not know the token")
        case _:
            raise PlexTvError(f"HTTP status {status}")


def _server(item: dict[str, Any]) -> AccountServer | None:
    """Return a device that is a server of the account itself."""
    provides = (read_text(item.get("provides")) or "").split(",")
    machine_identifier = read_text(item.get("clientIdentifier"))
    token = read_text(item.get("accessToken"))
    if (
        "server" not in provides
        or read_boolean(item.get("owned")) is not True
        or machine_identifier is None
        or token is None
    ):
        return None
    listed = item.get("connections")
    connections = (
        _connection(connection)
        for connection in (listed if isinstance(listed, list) else ())
        if isinstance(connection, dict)
    )
    return AccountServer(
        machine_identifier=machine_identifier,
        name=read_text(item.get("name")) or machine_identifier,
        token=token,
        connections=tuple(filter(None, connections)),
    )


def _connection(item: dict[str, Any]) -> Connection | None:
    address = read_text(item.get("address"))
    port = read_port(item.get("port"))
    try:
        url = URL(read_text(item.get("uri")) or "")
    except ValueError:
        return None
    if address is None or port is None or url.host is None:
        return None
    return Connection(
        url=url,
        address=address,
        port=port,
        relay=read_boolean(item.get("relay")) is True,
    )
