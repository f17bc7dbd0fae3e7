"""Attacks from the side of Plex: a broken server, or one that is none."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
import json
from unittest.mock import patch

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from custom_components.plex_remote_access.plex import (
    FoundServer,
    PlexError,
    PlexServer,
    gdm,
    listen,
    search,
)
from tests.portmap.responder import responding

from .attacks_router import FLOOD, session
from .raw import redirect, serving

TOKEN = "s3cret"


async def body(parts: Iterable[bytes], pause: float = 0) -> int:
    """Answer everything with this."""
    questions = (PlexServer.identity, PlexServer.account, PlexServer.preferences)
    async with serving(parts, pause) as server, session() as client:
        plex = PlexServer(client, URL(f"http://127.0.0.1:{server.port}"), TOKEN, "us")
        for ask in questions[: 1 if pause else 3]:
            with suppress(PlexError):
                await ask(plex)
        return len(server.requests)


async def elsewhere() -> int:
    """Lead every question to somebody who collects tokens."""
    async with serving(()) as thief, serving(()) as server, session() as client:
        server.parts = redirect(f"http://127.0.0.1:{thief.port}/")
        plex = PlexServer(client, URL(f"http://127.0.0.1:{server.port}"), TOKEN, "us")
        for ask in (PlexServer.account, PlexServer.refresh_reachability):
            with suppress(PlexError):
                await ask(plex)
        with suppress(PlexError):
            async with plex.notifications():
                raise AssertionError("took a redirect for news")
        assert thief.requests == []
        return len(server.requests)


async def _listen_to(tell: Handler) -> int:
    """Listen for a second to a server; return how often it was connected."""
    connected: list[bool] = []
    app = web.Application()
    app.router.add_get("/{path:.*}", tell)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = URL(f"http://127.0.0.1:{runner.addresses[0][1]}")
    async with session() as client:
        plex = PlexServer(client, url, TOKEN, "us")
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await listen(plex, lambda: None, connected.append)
    await runner.cleanup()
    return connected.count(True)


async def news(frames: Iterable[str]) -> int:
    """Tell news that are too much."""

    async def tell(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        with suppress(ConnectionError):
            for frame in frames:
                await socket.send_str(frame)
            await socket.receive()
        return socket

    return await _listen_to(tell)


async def endless_news() -> int:
    """Announce a piece of news of 100 MB, and begin to send it."""

    async def tell(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        transport = request.transport
        assert transport is not None
        transport.write(b"\x81\x7f" + (10**8).to_bytes(8))
        for _ in range(1600):
            if transport.is_closing():
                break
            transport.write(bytes(65536))
            await asyncio.sleep(0.001)
        return socket

    return await _listen_to(tell)


async def found_servers() -> int:
    """Answer one search with ten thousand servers."""
    servers: list[FoundServer] = []
    async with responding() as liar:
        liar.reply = lambda _: [
            b"HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nPort: 32400\r\n"
            b"Resource-Identifier: %d\r\n\r\n" % number
            for number in range(FLOOD)
        ]
        with patch.object(gdm, "GROUP", ("127.0.0.1", liar.port)):
            await search("127.0.0.1", servers.append)
    assert servers
    return len(servers)


def settings(value: object) -> bytes:
    """Return a list of settings that are not what they should be."""
    names = (
        "PublishServerOnPlexOnlineKey",
        "ManualPortMappingPort",
        "WanTotalMaxUploadRate",
        "WanPerStreamMaxUploadRate",
    )
    listed = [{"id": name, "value": value, "enumValues": value} for name in names]
    return json.dumps({"MediaContainer": {"Setting": listed}}).encode()
