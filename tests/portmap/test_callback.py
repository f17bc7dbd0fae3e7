"""What the router delivers is taken, and what others send is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
import socket
from unittest.mock import Mock, call, patch
from urllib.parse import urlsplit

import aiohttp
import pytest

from custom_components.plex_remote_access.portmap.callback import CallbackServer
from custom_components.plex_remote_access.portmap.gena import Subscription
from custom_components.plex_remote_access.portmap.schedule import Signal
from tests.common import become
from tests.simulators.router import Router
from tests.simulators.router.http_server import HttpServer, Response
from tests.simulators.router.records import HttpRequest

from .common import LOOPBACK, PACKAGE
from .subscriber import running

PATIENCE = 2


class Caller:
    """Somebody who knows where the router sends its events."""

    def __init__(self, callback: str, sid: str) -> None:
        """Know callback and subscription."""
        url = urlsplit(callback)
        self.port = url.port or 0
        self.path = url.path
        self.sid = sid

    def notification(
        self,
        *,
        method: str = "NOTIFY",
        path: str = "",
        sid: str = "",
        sequence: str = "1",
        length: str = "4",
        body: bytes = b"<e/>",
    ) -> bytes:
        """Return a notification, a good one unless told otherwise."""
        head = (
            f"{method} {path or self.path} HTTP/1.1\r\n"
            f"HOST: 127.0.0.1:{self.port}\r\n"
            "NT: upnp:event\r\nNTS: upnp:propchange\r\n"
            f"SID: {sid or self.sid}\r\nSEQ: {sequence}\r\n"
            f"CONTENT-LENGTH: {length}\r\n\r\n"
        )
        return head.encode() + body

    @asynccontextmanager
    async def connect(
        self, source: str = "127.0.0.1"
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Connect from an address."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(source, 0)
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def send(self, packet: bytes, source: str = "127.0.0.1") -> bytes:
        """Send something and return the status line of the answer, if there is one."""
        async with self.connect(source) as (reader, writer):
            writer.write(packet)
            return await hung_up(reader)


async def hung_up(reader: asyncio.StreamReader) -> bytes:
    """Wait for the end of a connection, and return the first line that came."""
    answer = b""
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionError):
            answer = await reader.read()
    return answer.partition(b"\r\n")[0]


@pytest.fixture
def caller(subscribed: None, router: Router) -> Caller:
    """Somebody who knows everything, after the first event."""
    ((sid, callback),) = [
        (subscriber.sid, subscriber.callback)
        for subscriber in router._events._subscribers.values()
    ]
    return Caller(callback, sid)


async def test_event(caller: Caller, changed: Mock) -> None:
    """An event of the router counts, whatever is in it."""
    assert await caller.send(caller.notification()) == b"HTTP/1.1 200 OK"
    changed.assert_called_once_with(Signal.EVENT)


@pytest.mark.parametrize(
    ("length", "body", "signal"),
    [
        pytest.param("4", b"<e/>", Signal.REPEATED_EVENT, id="the-same"),
        pytest.param("4", b"<f/>", Signal.EVENT, id="something-else"),
        pytest.param("0", b"", Signal.EVENT, id="length-not-told"),
    ],
)
async def test_next_event(
    caller: Caller, changed: Mock, length: str, body: bytes, signal: Signal
) -> None:
    """An event that repeats the one before is told from one with news."""
    await caller.send(caller.notification(length=length, body=b"<e/>"))
    await caller.send(caller.notification(sequence="2", length=length, body=body))

    assert changed.call_args_list == [call(Signal.EVENT), call(signal)]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"path": "/"}, b"404 Not Found"),
        ({"path": "/other"}, b"404 Not Found"),
        ({"sid": "uuid:other"}, b"412 Precondition Failed"),
        ({"sequence": "one"}, b"400 Bad Request"),
        ({"sequence": "-1"}, b"400 Bad Request"),
        ({"sequence": "9" * 5000}, b"400 Bad Request"),
        ({"length": "four"}, b"400 Bad Request"),
        ({"method": "GET"}, b"405 Method Not Allowed"),
        ({"length": str(256 * 1024 + 1)}, b"413 Content Too Large"),
    ],
    ids=[
        "root",
        "wrong-path",
        "wrong-sid",
        "no-sequence",
        "negative-sequence",
        "endless-sequence",
        "no-length",
        "no-notify",
        "huge-body",
    ],
)
async def test_refused(
    caller: Caller,
    changed: Mock,
    subscription: Subscription,
    change: dict[str, str],
    status: bytes,
) -> None:
    """What is not for us is refused, and changes nothing."""
    answer = await caller.send(caller.notification(**change))  # type: ignore[arg-type]
    assert answer == b"HTTP/1.1 " + status
    changed.assert_not_called()
    assert subscription.active
    assert await caller.send(caller.notification()) == b"HTTP/1.1 200 OK"
    changed.assert_called_once_with(Signal.EVENT)


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"\r\n\r\n", id="empty"),
        pytest.param(b"\xff\xfe\0\r\n\r\n", id="noise"),
        pytest.param(b"NOTIFY\r\n\r\n", id="no-target"),
        pytest.param(b"NOTIFY / HTTP/1.1\r\n:::\r\n\r\n", id="no-headers"),
        pytest.param(b"NOTIFY / HTTP/1.1\r\nX: " + b"x" * 20000, id="endless-header"),
    ],
)
async def test_no_request(caller: Caller, changed: Mock, packet: bytes) -> None:
    """Garbage ends with its connection."""
    await caller.send(packet)
    assert await caller.send(caller.notification()) == b"HTTP/1.1 200 OK"
    changed.assert_called_once_with(Signal.EVENT)


async def test_stranger(caller: Caller, changed: Mock) -> None:
    """A neighbour who knows everything gets no answer."""
    assert await caller.send(caller.notification(), "127.0.0.2") == b""
    changed.assert_not_called()


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(0, id="says-nothing"),
        pytest.param(10, id="stops-in-the-head"),
        pytest.param(-1, id="stops-in-the-body"),
    ],
)
@patch(f"{PACKAGE}.const.CALLBACK_PATIENCE", 0.1)
async def test_slow_caller(caller: Caller, changed: Mock, end: int) -> None:
    """Who does not finish in time is hung up on."""
    assert await caller.send(caller.notification()[:end]) == b""
    changed.assert_not_called()


async def test_unfinished(caller: Caller, changed: Mock) -> None:
    """An event that breaks off does not count."""
    async with caller.connect() as (reader, writer):
        writer.write(caller.notification(length="100"))
        writer.write_eof()
        assert await hung_up(reader) == b""
    changed.assert_not_called()


async def test_too_many(caller: Caller, changed: Mock) -> None:
    """Nobody can hold more than eight connections; afterwards there is room again."""
    async with AsyncExitStack() as held:
        for _ in range(8):
            await held.enter_async_context(caller.connect())
        assert await caller.send(caller.notification()) == b""
    changed.assert_not_called()
    await asyncio.sleep(0.05)
    assert await caller.send(caller.notification()) == b"HTTP/1.1 200 OK"


async def test_strangers_take_no_room(caller: Caller, changed: Mock) -> None:
    """However many connections neighbours open, the router gets through."""
    async with AsyncExitStack() as held:
        for _ in range(20):
            await held.enter_async_context(caller.connect("127.0.0.2"))
        assert await caller.send(caller.notification()) == b"HTTP/1.1 200 OK"
    changed.assert_called_once_with(Signal.EVENT)


async def test_caller_at_the_end(
    subscription: Subscription, router: Router, changed: Mock
) -> None:
    """Whoever is connected does not hold up the end."""
    async with AsyncExitStack() as held:
        async with running(subscription), asyncio.timeout(PATIENCE):
            await become(lambda: subscription.active, True)
            caller = Caller(router.subscribers[0], "")
            reader, _ = await held.enter_async_context(caller.connect())
            await asyncio.sleep(0.01)
        assert await hung_up(reader) == b""


async def test_event_before_the_answer(
    session: aiohttp.ClientSession, changed: Mock
) -> None:
    """The first events may come before the router has told the subscription's name."""
    answers = []

    async def answer(request: HttpRequest) -> Response:
        if request.method == "UNSUBSCRIBE":
            return Response()
        caller = Caller(request.headers["callback"].strip("<>"), "uuid:1")
        answers.append(await caller.send(caller.notification(sequence="0")))
        answers.append(await caller.send(caller.notification(sequence="1")))
        return Response(headers={"SID": "uuid:1"})

    server = HttpServer(answer)
    port = await server.start("127.0.0.1", 0)
    subscription = Subscription(
        session,
        f"http://127.0.0.1:{port}/events",
        source=LOOPBACK,
        gateway=LOOPBACK,
        changed=changed,
    )
    async with running(subscription):
        await become(lambda: subscription.active, True)
    assert answers == [b"HTTP/1.1 200 OK"] * 2
    changed.assert_called_once_with(Signal.EVENT)
    await server.stop()


async def test_caller_in_the_very_moment_of_the_end(
    socket_enabled: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever was let in just before is hung up on, and nothing is said of it."""
    with socket.socket() as caller:
        async with CallbackServer(LOOPBACK, LOOPBACK, Mock()) as callback:
            caller.connect(("127.0.0.1", callback.port))
            # The loop hears of it, and has not made a connection of it yet.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)

    assert "Error on transport creation" not in caplog.text
