"""Subscribing to the events of a service of the router (GENA).

UPnP Device Architecture 1.1, section 4. The services that map ports tell a change of
the address, of the connection, and of the table by anyone.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from http import HTTPStatus
from ipaddress import IPv4Address
import logging
import math
import re
import secrets
from typing import Final

import aiohttp

from . import const
from .callback import CallbackServer, Notification
from .schedule import Signal

_TIMEOUT: Final = re.compile(r"second-(\d{1,9})", re.ASCII | re.IGNORECASE)

_LOGGER = logging.getLogger(__name__)


class Subscription:
    """The events of one service, as long as somebody runs it.

    An event carries no truth: it only says that something is different. Where the
    router restarts at another port, a new subscription to the new address is needed.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        event_url: str,
        *,
        source: IPv4Address,
        gateway: IPv4Address,
        changed: Callable[[Signal], None],
    ) -> None:
        """Prepare for events of the router at `gateway` sent to us at `source`."""
        self._session = session
        self._event_url = event_url
        self._source = source
        self._gateway = gateway
        self._changed = changed
        self._from_source = False
        self._held = False
        self._path = ""
        self._subscription_id = ""
        self._expected = 0
        self._content = b""
        self._missed = asyncio.Event()

    @property
    def active(self) -> bool:
        """Tell whether events get here, so that looking more seldom will do.

        The first one comes with the subscription; a firewall may keep it off.
        """
        return self._held and self._expected > 0

    async def run(self) -> None:
        """Be subscribed until cancelled."""
        loop = asyncio.get_running_loop()
        wait = const.GENA_RETRY
        before = -math.inf
        while True:
            began = loop.time()
            held = await self._attempt()
            if held and loop.time() - before >= const.GENA_RETRY:
                wait = const.GENA_RETRY
            else:
                await asyncio.sleep(wait)
                wait = min(2 * wait, const.GENA_RETRY_MAX)
            before = began

    async def _attempt(self) -> bool:
        """Subscribe and renew until that fails; tell whether it went well at first.

        Each attempt has a path of its own, which is what lets the events in that come
        before the answer that names the subscription.
        """
        self._path = f"/{secrets.token_urlsafe()}"
        self._subscription_id = ""
        self._expected = 0
        self._missed.clear()
        try:
            async with CallbackServer(
                self._source, self._gateway, self._notified
            ) as server:
                granted = await self._subscribe(server.port)
                if granted is None:
                    return False
                await self._hold(granted)
                return True
        except OSError as err:
            _LOGGER.debug("Cannot listen for events of the router: %s", err)
            return False

    async def _hold(self, granted: float) -> None:
        """Renew in time until that fails or an event got lost."""
        self._held = True
        renewed: float | None = granted
        try:
            while renewed and not await self._misses_within(renewed / 2):
                renewed = await self._renew()
        finally:
            self._held = False
            await self._unsubscribe()

    async def _misses_within(self, seconds: float) -> bool:
        """Wait; tell whether an event got lost meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                return await self._missed.wait()
        except TimeoutError:
            return False

    def _notified(self, notification: Notification) -> HTTPStatus:
        """Take an event, and tell the router what we think of it."""
        if notification.path != self._path:
            return HTTPStatus.NOT_FOUND
        if self._subscription_id not in {"", notification.subscription_id}:
            return HTTPStatus.PRECONDITION_FAILED
        sequence, expected = notification.sequence, self._expected
        self._expected = sequence + 1
        # Where the length is not told, it is not read, and nobody knows.
        repeated = bool(notification.content) and notification.content == self._content
        # The first one may already tell a change that is announced by the next.
        self._content = notification.content if sequence else b""
        if sequence != expected:
            # To subscribe anew is what the standard wants then.
            self._missed.set()
        elif not sequence:
            # What everything is like now, not what has changed.
            return HTTPStatus.OK
        self._changed(Signal.REPEATED_EVENT if repeated else Signal.EVENT)
        return HTTPStatus.OK

    async def _subscribe(self, port: int) -> float | None:
        """Subscribe and return for how long; None if the router does not want to."""
        headers = {
            "CALLBACK": f"<http://{self._source}:{port}{self._path}>",
            "NT": "upnp:event",
            "TIMEOUT": f"Second-{const.GENA_TIMEOUT}",
        }
        response = await self._ask("SUBSCRIBE", headers)
        if (
            response is not None
            and response.status == HTTPStatus.PRECONDITION_FAILED
            and not self._from_source
        ):
            # Routers demand that the callback is to the address that asks; on a host
            # with several, a connection may come from another one:
            # https://github.com/home-assistant/core/issues/125462
            self._from_source = True
            response = await self._ask("SUBSCRIBE", headers)
        if response is None or response.status != HTTPStatus.OK:
            return None
        name = response.headers.get("SID", "")
        # What cannot be said back in a header is no name.
        if not (name and name.isascii() and name.isprintable()):
            return None
        self._subscription_id = name
        return granted_timeout(response.headers.get("TIMEOUT", ""))

    async def _renew(self) -> float | None:
        """Renew and return for how long; None if the subscription is lost."""
        response = await self._ask(
            "SUBSCRIBE",
            {
                "SID": self._subscription_id,
                "TIMEOUT": f"Second-{const.GENA_TIMEOUT}",
            },
        )
        if response is None:
            return None
        if response.status == HTTPStatus.PRECONDITION_FAILED:
            # It does not know us any more: it was restarted.
            self._subscription_id = ""
            self._changed(Signal.EVENT)
        if response.status != HTTPStatus.OK:
            return None
        return granted_timeout(response.headers.get("TIMEOUT", ""))

    async def _unsubscribe(self) -> None:
        """Tell the router that nobody listens any more, if there is time for it."""
        if not self._subscription_id:
            return
        try:
            async with asyncio.timeout(const.GENA_GOODBYE):
                await self._ask("UNSUBSCRIBE", {"SID": self._subscription_id})
        except TimeoutError:
            return

    async def _ask(
        self, method: str, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse | None:
        """Send a request; only status and headers of the answer are read."""
        try:
            async with (
                asyncio.timeout(const.DESCRIPTION_TIMEOUT),
                self._connections() as session,
                session.request(
                    method,
                    self._event_url,
                    headers={"Connection": "close", **headers},
                    allow_redirects=False,
                ) as response,
            ):
                _LOGGER.debug("%s %s: %s", method, self._event_url, response.status)
                return response
        except (TimeoutError, aiohttp.ClientError) as err:
            _LOGGER.debug("%s %s: %r", method, self._event_url, err)
            return None

    def _connections(self) -> AbstractAsyncContextManager[aiohttp.ClientSession]:
        """Return the session to ask with, one of our own where the source matters."""
        if not self._from_source:
            return nullcontext(self._session)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                local_addr=(str(self._source), 0),
                force_close=True,
                resolver=aiohttp.ThreadedResolver(),
            )
        )


def granted_timeout(header: str) -> float:
    """Read for how long a subscription was granted; what is absurd does not count."""
    match = _TIMEOUT.fullmatch(header.strip())
    if match is None:
        return const.GENA_TIMEOUT
    return min(max(int(match[1]), const.GENA_TIMEOUT_MIN), const.MAX_LIFETIME)
