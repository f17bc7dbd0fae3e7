"""HTTP as both sides of Plex are asked: bounded, and with errors of this package."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from .errors import (
    PlexCertificateError,
    PlexConnectionError,
    PlexRefusedError,
    PlexResponseError,
)

# Answers come from memory; a server that needs longer is busy starting or gone.
REQUEST_TIMEOUT: Final = 10
# The full list of settings is about 60 KiB.
MAX_BODY: Final = 2 * 1024 * 1024
# Why a request is a bad one is said in a line.
_MAX_REASON: Final = 1024


def headers_of(client_identifier: str) -> dict[str, str]:
    """Return the headers that tell who asks."""
    return {
        "Accept": "application/json",
        "X-Plex-Client-Identifier": client_identifier,
        "X-Plex-Product": "Home Assistant",
    }


async def request(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    headers: Mapping[str, str],
    raise_for_status: Callable[[int, bytes], None],
    params: Mapping[str, str] | None = None,
    timeout: float = REQUEST_TIMEOUT,
    certificate_name: str | None = None,
) -> bytes:
    """Send one request and return the body of a good answer.

    `raise_for_status` is given the status, and why if the request is called a bad one.
    Redirects are not followed, so a token in the headers reaches no other host.
    """
    with translated_errors():
        async with (
            asyncio.timeout(timeout),
            session.request(
                method,
                url,
                params=params,
                headers=headers,
                allow_redirects=False,
                server_hostname=certificate_name,
            ) as response,
        ):
            told = b""
            if response.status == HTTPStatus.BAD_REQUEST:
                told = await response.content.read(_MAX_REASON)
            raise_for_status(response.status, told)
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY:
                    raise PlexResponseError("The answer is too long")
            return bytes(body)


def without_redirects(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return a session with the same connections that never follows a redirect.

    For websockets there is no other way to have it so, and with each redirect goes
    the token. To be closed after use; the connections stay the caller's.
    """
    return aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_refuse_redirect,),
    )


async def _refuse_redirect(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise PlexResponseError(f"HTTP status {response.status}: it is elsewhere")
    return response


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what the HTTP client raises into errors of this package.

    Texts name no address: those of the HTTP client may.
    """
    try:
        yield
    except TimeoutError as err:
        raise PlexConnectionError("No answer in time") from err
    except aiohttp.ClientConnectorCertificateError as err:
        raise PlexCertificateError("The certificate is not valid") from err
    except aiohttp.ClientConnectorError as err:
        refused = isinstance(err.os_error, ConnectionRefusedError)
        kind = PlexRefusedError if refused else PlexConnectionError
        raise kind(type(err.os_error).__name__) from err
    except aiohttp.ClientError as err:
        raise PlexConnectionError(type(err).__name__) from err
