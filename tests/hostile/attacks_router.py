"""Attacks from the side of the router: by it, or by a neighbour in its place."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from unittest.mock import Mock

import aiohttp
from yarl import URL

from custom_components.plex_remote_access.portmap import PortMapError
from custom_components.plex_remote_access.portmap.announcements import listen
from custom_components.plex_remote_access.portmap.callback import CallbackServer
from custom_components.plex_remote_access.portmap.discovery import find_services
from custom_components.plex_remote_access.portmap.igd import (
    fetch_services,
    parse_description,
)
from custom_components.plex_remote_access.portmap.natpmp import NatPmpMapper
from custom_components.plex_remote_access.portmap.pcp import PcpMapper
from custom_components.plex_remote_access.portmap.soap import call
from tests.portmap.common import LOOPBACK, ROUTE, TARGET
from tests.portmap.responder import responding
from tests.portmap.scripted import SERVICE, ScriptedGateway
from tests.simulators.router.datagram import bound_socket

from .raw import flood, redirect, serving

FLOOD = 10_000


def session() -> aiohttp.ClientSession:
    """Return a session that leaves no thread behind."""
    resolver = aiohttp.ThreadedResolver()
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=resolver))


async def _search(gateway: ScriptedGateway) -> int:
    """Search the router, find none, and return how often a web server was asked."""
    async with session() as client:
        try:
            await find_services(client, ROUTE, gateway.ssdp_port)
        except PortMapError:
            return len(gateway.requests)
    raise AssertionError("took an attacker for a router")


async def answers(locations: Iterable[str]) -> int:
    """Answer a search with descriptions all over the place."""
    async with ScriptedGateway() as gateway:
        gateway.description = b"<root/>"
        gateway.answers_to = b"ST: upnp:rootdevice"
        gateway.packets = [
            gateway.packet(location.format(port=gateway.port)) for location in locations
        ]
        return await _search(gateway)


async def answers_of_strangers() -> int:
    """Answer in the name of the router, from another network."""
    async with ScriptedGateway() as gateway:
        with bound_socket("127.0.0.2", 0) as stranger:
            trusted, gateway.answers_from = gateway.answers_from, stranger
            try:
                return await _search(gateway)
            finally:
                gateway.answers_from = trusted


async def body(parts: Iterable[bytes], pause: float = 0) -> int:
    """Be asked for a description and for an action, and answer both with this."""
    async with serving(parts, pause) as server, session() as client:
        url = f"http://127.0.0.1:{server.port}/"
        with suppress(PortMapError):
            await fetch_services(client, URL(url))
        if not pause:
            with suppress(PortMapError):
                await call(client, url, SERVICE, "GetStatusInfo", {})
        return len(server.requests)


async def redirects(hops: int) -> int:
    """Lead from one place to the next, and in the end to somebody else."""
    async with serving(()) as victim, session() as client:
        async with serving(()) as last:
            last.parts = redirect(f"http://127.0.0.1:{victim.port}/{hops}")
            with suppress(PortMapError):
                await fetch_services(client, URL(f"http://127.0.0.1:{last.port}/"))
        assert victim.requests == []
        return len(last.requests)


async def description(content: bytes) -> int:
    """Describe oneself in a way that is hard to read, and name files and hosts."""
    async with serving(()) as victim:
        url = URL("http://127.0.0.1:1/")
        with suppress(PortMapError):
            content = content.replace(b"VICTIM", b"127.0.0.1:%d" % victim.port)
            assert len(parse_description(content, url)) <= 8
        await asyncio.sleep(0.05)
        return len(victim.requests)


async def packets(replies: Iterable[bytes], source: str = "127.0.0.1") -> int:
    """Answer each request for a mapping with lies, as many as there are."""
    lies = list(replies)
    async with responding() as router, responding(source) as liar:
        router.answer_through = liar.transport if source != "127.0.0.1" else None
        router.reply = lambda _: lies
        for mapper in (
            PcpMapper(ROUTE, LOOPBACK, router.port),
            NatPmpMapper(ROUTE, LOOPBACK, router.port),
        ):
            with suppress(PortMapError):
                await mapper.map(TARGET, 32400)
                raise AssertionError("took a lie for a mapping")
        return len(router.received)


async def announcements(source: str) -> int:
    """Announce a restart of the router again and again, from anywhere."""
    heard = Mock()
    with bound_socket("", 0) as sock, bound_socket("", 0) as other:
        port, old_port = sock.getsockname()[1], other.getsockname()[1]
    async with listen(ROUTE, heard, port=port, old_port=old_port):
        await flood([bytes.fromhex("0080000000000000c6336407")] * FLOOD, port, source)
        await asyncio.sleep(0.05)
    return heard.call_count


async def events(sources: Iterable[str], request: bytes) -> int:
    """Send events to where the router sends them; a good one is counted."""
    notified = Mock(return_value=HTTPStatus.OK)

    async def send(source: str, port: int) -> None:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(source, 0)
            )
            writer.write(request)
            await reader.read()
            writer.transport.abort()

    async with CallbackServer(LOOPBACK, LOOPBACK, notified) as server:
        await asyncio.gather(*(send(source, server.port) for source in sources))
    return notified.call_count
