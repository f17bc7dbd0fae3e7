"""GENA: subscriptions to events and their delivery (UPnP Device Architecture 1.1).

As miniupnpd does it: the address at once, the table some time after the change, and
one event after the other for each subscriber.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
import re
from urllib.parse import urlsplit
import uuid

from .gateway import Gateway
from .http_server import XML, Response
from .records import HttpRequest

DEFAULT_TIMEOUT = 1800
# miniupnpd waits so long for further changes.
TABLE_DELAY = 0.1
PATIENCE = 2.0
NAMESPACE = "urn:schemas-upnp-org:event-1-0"


@dataclass(kw_only=True, eq=False)
class Subscriber:
    """Somebody who wants events; `expires` is a time on the router's clock."""

    callback: str
    expires: float
    sid: str = field(default_factory=lambda: f"uuid:{uuid.uuid4()}")
    sequence: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Events:
    """The event URLs."""

    def __init__(self, gateway: Gateway) -> None:
        """Serve the gateway."""
        self.answers: list[bytes] = []
        self._gateway = gateway
        self._subscribers: dict[str, Subscriber] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._updates = 0

    @property
    def callbacks(self) -> list[str]:
        """Return where events are sent to."""
        self._expire()
        return [subscriber.callback for subscriber in self._subscribers.values()]

    def answer(self, request: HttpRequest) -> Response:
        """Answer a request as miniupnpd does."""
        self._expire()
        match request.method:
            case "SUBSCRIBE" if refuse := self._gateway.faults.events.refuse:
                return Response(refuse)
            case "SUBSCRIBE" if "sid" in request.headers:
                return self._renew(request)
            case "SUBSCRIBE":
                return self._subscribe(request)
            case "UNSUBSCRIBE":
                return self._unsubscribe(request)
        return Response(HTTPStatus.METHOD_NOT_ALLOWED)

    def forget(self) -> None:
        """Lose all subscribers, who are not told."""
        self._subscribers.clear()

    def wan_changed(self) -> None:
        """Tell the address and whether there is a connection."""
        self._notify(self._wan())

    def table_changed(self) -> None:
        """Tell that the table is another one, soon."""
        self._updates += 1
        if self._timer is None and self._subscribers:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(TABLE_DELAY, self._tell_table)

    async def stop(self) -> None:
        """Send nothing any more."""
        self.forget()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for delivery in self._deliveries:
            delivery.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    def _subscribe(self, request: HttpRequest) -> Response:
        """Take a new subscriber; the callback has to lead back to who asks."""
        callback = request.headers.get("callback", "").strip("<>")
        if (
            request.headers.get("nt") != "upnp:event"
            or urlsplit(callback).scheme != "http"
            or urlsplit(callback).hostname != request.source
        ):
            return Response(HTTPStatus.PRECONDITION_FAILED)
        timeout = _timeout(request)
        subscriber = Subscriber(
            callback=callback, expires=self._gateway.clock.now() + timeout
        )
        self._subscribers[subscriber.sid] = subscriber
        self._send(subscriber, {**self._wan(), **self._table()})
        return self._granted(subscriber, timeout)

    def _renew(self, request: HttpRequest) -> Response:
        """Extend a subscription."""
        if "callback" in request.headers or "nt" in request.headers:
            return Response(HTTPStatus.BAD_REQUEST)
        subscriber = self._subscribers.get(request.headers["sid"])
        if subscriber is None:
            return Response(HTTPStatus.PRECONDITION_FAILED)
        timeout = _timeout(request)
        subscriber.expires = self._gateway.clock.now() + timeout
        return self._granted(subscriber, timeout)

    def _unsubscribe(self, request: HttpRequest) -> Response:
        """End a subscription."""
        sid = request.headers.get("sid", "")
        if self._subscribers.pop(sid, None) is None:
            return Response(HTTPStatus.PRECONDITION_FAILED)
        return Response()

    def _granted(self, subscriber: Subscriber, timeout: int) -> Response:
        """Answer a success."""
        headers = {"SID": subscriber.sid, "TIMEOUT": f"Second-{timeout}"}
        if (granted := self._gateway.faults.events.granted) is not None:
            headers["TIMEOUT"] = granted
        return Response(headers=headers)

    def _expire(self) -> None:
        """Forget who did not renew."""
        now = self._gateway.clock.now()
        self._subscribers = {
            sid: subscriber
            for sid, subscriber in self._subscribers.items()
            if subscriber.expires > now
        }

    def _wan(self) -> dict[str, str]:
        """Return the state of the WAN."""
        address = self._gateway.wan_address
        return {
            "ConnectionStatus": "Connected" if address else "Disconnected",
            "ExternalIPAddress": address or "0.0.0.0",
        }

    def _table(self) -> dict[str, str]:
        """Return the state of the table."""
        return {
            "PortMappingNumberOfEntries": str(len(self._gateway.table)),
            "SystemUpdateID": str(self._updates),
        }

    def _tell_table(self) -> None:
        """Tell what the table is like now."""
        self._timer = None
        self._notify(self._table())

    def _notify(self, variables: Mapping[str, str]) -> None:
        """Send an event to all subscribers."""
        self._expire()
        for subscriber in self._subscribers.values():
            self._send(subscriber, variables)

    def _send(self, subscriber: Subscriber, variables: Mapping[str, str]) -> None:
        """Send an event, or lose it."""
        faults = self._gateway.faults.events
        if faults.silent:
            return
        sequence = subscriber.sequence
        subscriber.sequence += 1
        if faults.skip:
            faults.skip -= 1
            return
        delivery = asyncio.create_task(self._deliver(subscriber, sequence, variables))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)

    async def _deliver(
        self, subscriber: Subscriber, sequence: int, variables: Mapping[str, str]
    ) -> None:
        """Deliver an event when it is its turn; who does not listen misses it."""
        callback = urlsplit(subscriber.callback)
        packet = notification(subscriber, sequence, variables)
        async with subscriber.turn:
            try:
                async with asyncio.timeout(PATIENCE):
                    reader, writer = await asyncio.open_connection(
                        callback.hostname,
                        callback.port or 80,
                        local_addr=(self._gateway.host, 0),
                    )
                    try:
                        writer.write(packet)
                        self.answers.append(await reader.read())
                    finally:
                        writer.transport.abort()
            except OSError:
                return


def notification(
    subscriber: Subscriber, sequence: int, variables: Mapping[str, str]
) -> bytes:
    """Return an event."""
    callback = urlsplit(subscriber.callback)
    properties = "".join(
        f"<e:property><{name}>{value}</{name}></e:property>"
        for name, value in variables.items()
    )
    body = f'<e:propertyset xmlns:e="{NAMESPACE}">{properties}</e:propertyset>'
    lines = [
        f"NOTIFY {callback.path} HTTP/1.1",
        f"Host: {callback.netloc}",
        f"Content-Type: {XML}",
        f"Content-Length: {len(body)}",
        "NT: upnp:event",
        "NTS: upnp:propchange",
        f"SID: {subscriber.sid}",
        f"SEQ: {sequence}",
        "Connection: close",
        "Cache-Control: no-cache",
    ]
    return "\r\n".join([*lines, "", body]).encode()


def _timeout(request: HttpRequest) -> int:
    """Return for how long somebody wants to be subscribed."""
    match = re.fullmatch(r"Second-(\d+)", request.headers.get("timeout", ""))
    return int(match[1]) if match else DEFAULT_TIMEOUT
