"""Conversation with one Plex Media Server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from yarl import URL

from .errors import (
    PlexAuthenticationError,
    PlexConnectionError,
    PlexForbiddenError,
    PlexProbeError,
    PlexResponseError,
    PlexStartingError,
    PlexStrangerError,
    PlexTroubleError,
    PlexWriteError,
)
from .form import form_of
from .http import (
    MAX_BODY,
    REQUEST_TIMEOUT,
    headers_of,
    request,
    translated_errors,
    without_redirects,
)
from .model import Account, Identity, PreferenceChange, Preferences
from .wire import (
    Container,
    format_change,
    has_remote_streams,
    parse_account,
    parse_container,
    parse_identity,
    parse_preferences,
)

# Older servers ask plex.tv before they answer; 8 s were seen.
REFRESH_TIMEOUT: Final = 30
# A connection that died silently is noticed within this.
HEARTBEAT: Final = 15


class PlexServer:
    """One Plex Media Server at one address.

    The session is the caller's; nothing here closes it. The token travels in a
    header only and redirects are not followed, so it reaches no other host.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        token: str | None,
        client_identifier: str,
        machine_identifier: str | None = None,
    ) -> None:
        """Remember where the server is, as whom we speak, and which server it is.

        Addresses change hands. After each interruption a server that has to be a
        certain one is asked who it is before it is shown the token.
        """
        self.url: Final = url
        self.forms: Final[dict[str, dict[str, Any]]] = {}
        """In which form each endpoint answered last."""
        self._session = session
        self._headers = headers_of(client_identifier)
        self._token = token
        self._machine_identifier = machine_identifier
        self._is_recognised = False

    async def identity(self, *, certificate_name: str | None = None) -> Identity:
        """Ask which server this is. Needs no token, and sends none.

        Anybody can say this. It is proven by a certificate for a name that plex.tv
        gives to this server alone, also where that name cannot be looked up.
        """
        body = await self._request(
            "GET", "/identity", authenticated=False, certificate_name=certificate_name
        )
        identity = parse_identity(self._read("/identity", body))
        self._is_recognised = identity.machine_identifier == self._machine_identifier
        return identity

    async def name(self) -> str | None:
        """Ask for the friendly name.

        Raises PlexStartingError while the server says that it is not done starting.
        """
        container = await self._get("/")
        if container.get("startState"):
            raise PlexStartingError("The server is still starting")
        name = container.get("friendlyName")
        return name if isinstance(name, str) and name else None

    async def account(self) -> Account:
        """Ask for the state of Remote Access; the server answers from memory."""
        return parse_account(await self._get("/myplex/account"))

    async def preferences(self) -> Preferences:
        """Ask for the settings.

        Raises PlexForbiddenError where the list lacks the Remote Access switch,
        which is how some servers treat a token that is not the owner's.
        """
        preferences = parse_preferences(await self._get("/:/prefs"))
        if preferences is None:
            raise PlexForbiddenError("The server does not show its settings")
        return preferences

    async def set_preferences(self, change: PreferenceChange) -> Preferences:
        """Write settings in one request and return what the server has afterwards.

        Raises PlexWriteError if the server refuses or does not keep the values.
        """
        try:
            await self._request("PUT", "/:/prefs", params=format_change(change))
        except PlexResponseError as err:
            raise PlexWriteError(f"The server refused the change: {err}") from err
        preferences = await self.preferences()
        if change.against(preferences):
            raise PlexWriteError("The server kept the old value")
        return preferences

    async def refresh_reachability(self) -> None:
        """Have plex.tv probe the server from outside.

        Expensive for plex.tv, which limits it: only ever call this because a person
        asked, or once after an own change. The verdict arrives later. Raises
        PlexProbeError where the server does not do it, or not so often.
        """
        try:
            await self._request(
                "PUT", "/myplex/refreshReachability", timeout=REFRESH_TIMEOUT
            )
        except (PlexForbiddenError, PlexResponseError) as err:
            raise PlexProbeError(f"No probe: {err}") from err

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the stream of news. Raises PlexError if there is none."""
        await self._recognise()
        async with without_redirects(self._session) as session:
            try:
                stream = await self._open_stream(session, "/:/websockets/notifications")
            except PlexResponseError:
                # The name of the official documentation.
                stream = await self._open_stream(session, "/:/websocket/notifications")
            try:
                async with stream:
                    yield stream
            finally:
                self._is_recognised = False

    async def streams_to_outside(self) -> bool:
        """Tell whether somebody outside the local network streams right now."""
        return has_remote_streams(await self._get("/status/sessions"))

    async def _recognise(self) -> None:
        if self._machine_identifier is None or self._is_recognised:
            return
        await self.identity()
        if not self._is_recognised:
            raise PlexStrangerError("Another server answers at this address")

    async def _open_stream(
        self, session: aiohttp.ClientSession, path: str
    ) -> aiohttp.ClientWebSocketResponse:
        with translated_errors():
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT):
                    return await session.ws_connect(
                        self.url.with_path(path),
                        headers=self._authenticated_headers(),
                        heartbeat=HEARTBEAT,
                        max_msg_size=MAX_BODY,
                        timeout=aiohttp.ClientWSTimeout(ws_close=1),
                    )
            except aiohttp.WSServerHandshakeError as err:
                _raise_for_status(err.status, b"", path=path)
                raise PlexResponseError("No websocket") from err

    async def _get(self, path: str) -> Container:
        return self._read(path, await self._request("GET", path))

    def _read(self, path: str, body: bytes) -> Container:
        container = parse_container(body)
        self.forms[path] = form_of(body, container)
        return container

    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        authenticated: bool = True,
        timeout: float = REQUEST_TIMEOUT,
        certificate_name: str | None = None,
    ) -> bytes:
        if authenticated:
            await self._recognise()
        try:
            return await request(
                self._session,
                method,
                # Built by hand: joining would read '/:/prefs' as another scheme.
                self.url.with_path(path),
                params=params,
                headers=self._authenticated_headers()
                if authenticated
                else self._headers,
                raise_for_status=partial(_raise_for_status, path=path),
                timeout=timeout,
                certificate_name=certificate_name,
            )
        except PlexConnectionError:
            self._is_recognised = False
            raise

    def _authenticated_headers(self) -> dict[str, str]:
        if not self._token:
            return self._headers
        return {**self._headers, "X-Plex-Token": self._token}


def _raise_for_status(status: int, told: bytes, *, path: str) -> None:
    """Translate every status but 2xx."""
    match status:
        case status if 200 <= status < 300:
            return
        case HTTPStatus.UNAUTHORIZED:
            raise PlexAuthenticationError("The server does not know the token")
        case HTTPStatus.FORBIDDEN:
            raise PlexForbiddenError("The token is not the owner's")
        case HTTPStatus.SERVICE_UNAVAILABLE:
            raise PlexStartingError("The server is still starting")
        case HTTPStatus.BAD_REQUEST if b"starting up" in told:
            raise PlexStartingError("The server is still starting")
        case status if status >= 500:
            raise PlexTroubleError(f"HTTP status {status} for {path}")
        case _:
            raise PlexResponseError(f"HTTP status {status} for {path}")
