"""What a Plex server tells those who listen: websocket and event source."""

import asyncio
from collections.abc import Callable, Sequence
import json

from aiohttp import ClientConnectionResetError, WSCloseCode, web

from .faults import Faults, Timing
from .wire import PROTOCOL, Attributes

type _Filter = Callable[[str], bool]

_NOISE: tuple[tuple[str, str, Attributes], ...] = (
    ("playing", "PlaySessionStateNotification", {"sessionKey": "1", "state": "paused"}),
    ("timeline", "TimelineEntry", {"itemID": "9", "type": 1, "state": 5}),
    ("activity", "ActivityNotification", {"event": "updated", "uuid": "0-1"}),
    ("progress", "ProgressNotification", {"message": "Scanning"}),
    (
        "backgroundProcessingQueue",
        "BackgroundProcessingQueueEventNotification",
        {"queueID": 1, "event": "queueRegenerated"},
    ),
    ("status", "StatusNotification", {"title": "Library scan complete"}),
    ("somethingNew", "SomethingNewNotification", {"value": True}),
)
_NO_CONTAINER = '{"type":"playing"}'
_BROKEN = '{"NotificationContainer":{"type":"reach'
_BINARY = b"\x00\xff\x00"


def _filter(request: web.Request) -> _Filter:
    """Return which types of notifications the client asked for."""
    value = request.query.get("filters", request.query.get("filter"))
    if value is None:
        return lambda type_: type_ != "log"
    names = {name for name in value.removeprefix("-").split(",") if name}
    if value.startswith("-"):
        return lambda type_: type_ not in names
    return lambda type_: not names or type_ in names


class Notifications:
    """Everybody who listens, and what they are told."""

    def __init__(self, faults: Faults, timing: Timing) -> None:
        """Begin with nobody."""
        self._faults = faults
        self._timing = timing
        self._sockets: dict[web.WebSocketResponse, _Filter] = {}
        self._transports: dict[web.WebSocketResponse, asyncio.ReadTransport] = {}
        self._streams: dict[asyncio.Queue[bytes | None], _Filter] = {}

    @property
    def listeners(self) -> int:
        """Return how many are listening."""
        return len(self._sockets) + len(self._streams)

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket until either side closes it."""
        socket = web.WebSocketResponse(
            heartbeat=self._timing.websocket_ping, timeout=0.5
        )
        await socket.prepare(request)
        self._sockets[socket] = _filter(request)
        assert isinstance(request.transport, asyncio.ReadTransport)
        self._transports[socket] = request.transport
        try:
            async for _ in socket:
                pass
        finally:
            self._sockets.pop(socket, None)
            del self._transports[socket]
        return socket

    async def event_source(self, request: web.Request) -> web.StreamResponse:
        """Serve one event stream until either side closes it."""
        headers = {**PROTOCOL, "Content-Type": "text/event-stream"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._streams[queue] = _filter(request)
        try:
            while (event := await self._next(queue)) is not None:
                await response.write(event)
        except ClientConnectionResetError:
            pass
        finally:
            self._streams.pop(queue, None)
        return response

    async def _next(self, queue: asyncio.Queue[bytes | None]) -> bytes | None:
        """Return the next event of a stream, a ping when there is none for long."""
        try:
            async with asyncio.timeout(self._timing.event_source_ping):
                return await queue.get()
        except TimeoutError:
            return b"event: ping\ndata: {}\n\n"

    async def send(self, type_: str, key: str, items: Sequence[Attributes]) -> None:
        """Tell everybody."""
        if self._faults.noise:
            await self.send_noise()
        await self._tell(type_, key, items)
        if self._faults.noise:
            await self.send_noise()

    async def send_noise(self) -> None:
        """Tell everybody things that nobody asked for, well formed and not."""
        for type_, key, item in _NOISE:
            await self._tell(type_, key, [item])
        for frame in (_NO_CONTAINER, _BROKEN, _BINARY):
            await self._broadcast(list(self._sockets), frame)

    async def _tell(self, type_: str, key: str, items: Sequence[Attributes]) -> None:
        """Tell everybody who asked for this type."""
        container = {"type": type_, "size": len(items), key: list(items)}
        frame = json.dumps({"NotificationContainer": container})
        sockets = [socket for socket, wants in self._sockets.items() if wants(type_)]
        await self._broadcast(sockets, frame)
        for queue, wants in self._streams.items():
            # An event carries one object, where a frame carries a list.
            for item in items if wants(type_) else ():
                data = json.dumps({key: item})
                queue.put_nowait(f"event: {type_}\ndata: {data}\n\n".encode())

    async def _broadcast(
        self, sockets: Sequence[web.WebSocketResponse], frame: str | bytes
    ) -> None:
        """Send one frame to some sockets, whether or not they are still there."""
        for socket in sockets:
            try:
                if isinstance(frame, bytes):
                    await socket.send_bytes(frame)
                else:
                    await socket.send_str(frame)
            except ClientConnectionResetError:
                self._sockets.pop(socket, None)

    def fall_silent(self) -> None:
        """Neither hear nor tell anything more on the sockets that are open.

        So it is after a router in between has lost its state.
        """
        for socket in self._sockets:
            self._transports[socket].pause_reading()
        self._sockets.clear()

    async def close(self) -> None:
        """Send everybody away."""
        for queue in self._streams:
            queue.put_nowait(None)
        sockets = list(self._sockets)
        self._sockets.clear()
        await asyncio.gather(*(s.close(code=WSCloseCode.GOING_AWAY) for s in sockets))
