"""Asking the web server of a router, with bounds on what it can make us do.

Answers are limited in time and size, and never redirected. What the HTTP library
refuses to read is asked for once more and read without its strictness.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
import re
from typing import Final

import aiohttp
from yarl import URL

from . import const
from .model import PortMapError, Reason

# Some routers fail on a kept connection, few gain from one.
_HEADERS: Final = {"Connection": "close", "Accept-Encoding": "identity"}
_CHUNKED: Final = re.compile(
    rb"^transfer-encoding\s*:\s*chunked", re.IGNORECASE | re.MULTILINE
)
# The end of what routers are asked for: a description, or the answer to an action.
_COMPLETE: Final = re.compile(rb"</(?:\w+:)?(?:root|Envelope)>\s*\Z", re.IGNORECASE)
_LAST: Final = 64


class LostError(PortMapError):
    """Nobody serves this address any more: no connection, or one that broke off.

    Many routers choose a new port at each start.
    """


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. Types are not looked at: routers send any, or none."""

    status: int
    body: bytes


async def request(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    timeout: float,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Page:
    """Send one request. Raises PortMapError, LostError where nobody serves it."""
    sent = {**_HEADERS, **(headers or {})}
    body = bytearray()
    status = 0
    try:
        async with asyncio.timeout(timeout):
            for again in (True, False):
                try:
                    async with session.request(
                        method, url, data=data, headers=sent, allow_redirects=False
                    ) as response:
                        status = response.status
                        content, silence = response.content, None
                        while chunk := await _read(content.readany(), silence):
                            body += chunk
                            _check_length(body)
                            # Some promise more than that, and do not hang up.
                            complete = _COMPLETE.search(body[-_LAST:])
                            silence = const.SILENCE if complete else None
                    break
                except aiohttp.ClientResponseError:
                    # A head that is not by the rules, or a length that is not the
                    # body's: https://github.com/home-assistant/core/issues/148739
                    return await _ask_plainly(method, URL(url), data or b"", sent)
                except aiohttp.ClientConnectorError:
                    raise
                except aiohttp.ServerDisconnectedError, aiohttp.ClientOSError:
                    # Some hang up on a good request, but not on the next one:
                    # https://github.com/home-assistant/core/issues/65673
                    if not again:
                        raise
    except (TimeoutError, aiohttp.ClientPayloadError) as err:
        # The length is wrong, or the router hung up: what came may be enough.
        if not body:
            raise PortMapError(Reason.NO_ROUTER, "The router took too long") from err
    except (aiohttp.ClientError, OSError) as err:
        raise LostError(Reason.NO_ROUTER, type(err).__name__) from err
    return Page(status, bytes(body))


async def _ask_plainly(
    method: str, url: URL, data: bytes, headers: Mapping[str, str]
) -> Page:
    """Ask once more and take whatever comes until the router falls silent."""
    lines = [
        f"{method} {url.raw_path_qs} HTTP/1.1",
        f"Host: {url.authority}",
        *(f"{name}: {value}" for name, value in headers.items()),
        *([f"Content-Length: {len(data)}"] if data else []),
    ]
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        answer = bytearray()
        silence: float | None = None
        while chunk := await _read(reader.read(const.MAX_BODY), silence):
            answer += chunk
            _check_length(answer)
            silence = const.SILENCE
    finally:
        writer.transport.abort()
    return parse_page(bytes(answer))


async def _read(reading: Awaitable[bytes], silence: float | None) -> bytes:
    """Return what comes next; nothing at the end, or after so long a silence."""
    try:
        async with asyncio.timeout(silence):
            return await reading
    except TimeoutError:
        return b""


def parse_page(answer: bytes) -> Page:
    """Read status and body of an answer, whatever its headers say of length or type."""
    head, body = _split(answer)
    words = head.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise PortMapError(Reason.FAILED, "The router speaks no HTTP")
    if _CHUNKED.search(head):
        body = _join_chunks(body)
    return Page(int(words[1][:3]), body)


def _split(answer: bytes) -> tuple[bytes, bytes]:
    """Part head and body at the first empty line, however lines end."""
    ends = [
        (position, position + len(end))
        for end in (b"\r\n\r\n", b"\n\n", b"\n\r\n")
        if (position := answer.find(end)) >= 0
    ]
    head_end, body_start = min(ends, default=(len(answer), len(answer)))
    return answer[:head_end], answer[body_start:]


def _join_chunks(body: bytes) -> bytes:
    """Put chunks together; what is no chunk ends them."""
    joined = bytearray()
    while body:
        size, _, rest = body.partition(b"\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            break
        if length <= 0:
            break
        joined += rest[:length]
        body = rest[length:].lstrip(b"\r\n")
    return bytes(joined)


def _check_length(body: bytearray) -> None:
    if len(body) > const.MAX_BODY:
        raise PortMapError(Reason.FAILED, "The router's answer is too long")
