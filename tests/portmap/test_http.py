"""Tests of asking web servers of routers that do not keep to the rules of HTTP."""

import asyncio
from collections.abc import AsyncIterator
from unittest.mock import patch

import aiohttp
from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.portmap import PortMapError
from custom_components.plex_remote_access.portmap.http import (
    LostError,
    Page,
    parse_page,
    request,
)

from .common import PACKAGE


class RawServer:
    """Sends the same bytes to whoever has asked; a silence in between is `b""`."""

    def __init__(self) -> None:
        """Say nothing yet."""
        self.parts: tuple[bytes, ...] = ()
        self.hangs_up = True
        self.asked: list[bytes] = []
        self.url = ""

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request."""
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            for part in self.parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
            if not self.hangs_up:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[RawServer]:
    """A web server that says what a test wants it to say."""
    raw = RawServer()
    listening = await asyncio.start_server(raw.answer, "127.0.0.1", 0)
    raw.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/d?x=1"
    async with listening:
        yield raw


async def get(session: aiohttp.ClientSession, server: RawServer) -> Page:
    """Ask it."""
    return await request(session, "GET", server.url, timeout=2)


BAD_HEADER = b"HTTP/1.1 200 OK\r\nServer : x\r\n no colon\r\n\0: 1\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((BAD_HEADER, b"\r\n<root/>"), id="bad-header"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n<root/>",),
            id="quirk-48-length-that-is-no-number",
        ),
        pytest.param(
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n",
                b"<root/>",
            ),
            id="quirk-48-two-lengths",
        ),
        pytest.param(
            (b"HTTP/1.1 200 OK\nServer : x\n\0: 1\n\n<ro", b"ot/>"), id="bare-lines"
        ),
        pytest.param(
            (BAD_HEADER, b"Transfer-Encoding: chunked\r\n\r\n3\r\n<ro\r\n"),
            id="chunks",
        ),
    ],
)
async def test_head_that_is_not_by_the_rules(
    session: aiohttp.ClientSession, server: RawServer, parts: tuple[bytes, ...]
) -> None:
    """It is asked again, and what it says is taken as it is."""
    server.parts = parts

    page = await get(session, server)

    assert page.status == 200
    assert page.body in (b"<root/>", b"<ro")
    assert server.asked[-1].startswith(b"GET /d?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")


async def test_silence_ends_an_answer_without_an_end(
    session: aiohttp.ClientSession, server: RawServer
) -> None:
    """Some routers neither tell the length nor hang up."""
    server.parts = (BAD_HEADER, b"\r\n<root/>")
    server.hangs_up = False

    with patch(f"{PACKAGE}.const.SILENCE", 0.2):
        assert (await get(session, server)).body == b"<root/>"


async def test_arguments_are_sent_again(
    session: aiohttp.ClientSession, server: RawServer
) -> None:
    """The second question has the same body as the first."""
    server.parts = (BAD_HEADER, b"\r\nok")

    page = await request(
        session,
        "POST",
        server.url,
        timeout=2,
        data=b"<add/>",
        headers={"SOAPAction": '"urn:x#Add"'},
    )

    assert page == Page(200, b"ok")
    assert len(server.asked) == 2
    assert b'SOAPAction: "urn:x#Add"' in server.asked[1]
    assert b"Content-Length: 6" in server.asked[1]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<root/>",), id="9"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n<root/>",),
            id="unfinished-chunks",
        ),
    ],
)
async def test_what_came_is_enough_quirk_48(
    session: aiohttp.ClientSession, server: RawServer, parts: tuple[bytes, ...]
) -> None:
    """A router that promises more than it sends has sent all it has."""
    server.parts = parts

    assert (await get(session, server)).body == b"<root/>"


async def test_length_that_never_comes_quirk_52(
    session: aiohttp.ClientSession, server: RawServer
) -> None:
    """A router may promise more, and wait: all that matters has come."""
    body = b"<root><device/></root>\r\n"
    server.parts = (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", body)
    server.hangs_up = False

    async with asyncio.timeout(1.5):
        assert (await get(session, server)).body == body


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="endless"),
        pytest.param(BAD_HEADER + b"\r\n", id="endless-and-bad"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", id="compressed"
        ),
    ],
)
async def test_too_long(
    session: aiohttp.ClientSession, server: RawServer, head: bytes
) -> None:
    """Nobody fills the memory."""
    server.parts = (head, *[b"x" * 65536] * 6)

    with pytest.raises(PortMapError):
        await get(session, server)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"220 welcome\r\n\r\n",), id="another-protocol"),
        pytest.param((b"\0\1\2",), id="noise"),
        pytest.param((), id="nothing"),
    ],
)
async def test_no_web_server(
    session: aiohttp.ClientSession, server: RawServer, parts: tuple[bytes, ...]
) -> None:
    """It is an error that the caller expects."""
    server.parts = parts

    with pytest.raises(PortMapError):
        await get(session, server)


async def test_nobody_there(
    session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    """The address may have been given up."""
    with pytest.raises(LostError):
        await request(session, "GET", f"http://127.0.0.1:{unused_tcp_port}/", timeout=2)


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        (b"HTTP/1.1 500 Oh\r\n\r\nno", Page(500, b"no")),
        (b"HTTP/1.0 200\n\r\nyes", Page(200, b"yes")),
        (b"HTTP/1.1 200 OK\r\nserver: x", Page(200, b"")),
        (
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"3;x=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            ),
            Page(200, b"abcde"),
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n3\r\nabc\r\n<x>\r\n",
            Page(200, b"abc"),
        ),
    ],
    ids=["status", "mixed-lines", "no-body", "chunks", "chunks-that-break-off"],
)
def test_parse(answer: bytes, page: Page) -> None:
    """Status and body are what matters."""
    assert parse_page(answer) == page


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(noise: bytes, head: bool) -> None:
    """Whatever comes is a page or an expected error."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" * head + noise
    try:
        page = parse_page(answer)
    except PortMapError:
        return
    assert len(page.body) <= len(answer)
