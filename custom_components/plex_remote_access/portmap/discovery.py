"""Finding the router's service that maps ports."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import aiohttp
from yarl import URL

from . import const, ssdp
from .http import LostError
from .igd import Service, description_urls, fetch_services
from .model import PortMapError, Reason
from .route import Route
from .ssdp import Answer
from .xml import HostileError

_SILENCE: Final = "No answer to the search"


class UnreadableError(PortMapError):
    """The router has a description, and we cannot read it."""

    def __init__(self, error: PortMapError, url: URL) -> None:
        """Keep where it is, for somebody who can."""
        super().__init__(error.reason, error.detail)
        self.url: Final = url


async def find_services(
    session: aiohttp.ClientSession,
    route: Route,
    port: int,
    heard: Callable[[], None] = lambda: None,
) -> list[Service]:
    """Search and read descriptions; return the services of the best device.

    The first answer counts if it is the router's own. `heard` is called when there is
    a router, which may still be slow. Raises PortMapError, UnreadableError if only the
    reading failed.
    """
    try:
        async with ssdp.search(route, port) as answers:
            return await _first_services(session, route, answers, heard)
    except OSError as err:
        raise PortMapError(Reason.NO_ROUTER, f"No way to search ({err})") from err


async def _first_services(
    session: aiohttp.ClientSession,
    route: Route,
    answers: asyncio.Queue[Answer],
    heard: Callable[[], None],
) -> list[Service]:
    """Return the services of the first neighbour that turns out to have some.

    Descriptions are read side by side: a device that hangs hides no other.
    """
    failure = PortMapError(Reason.NO_ROUTER, _SILENCE)
    tasks: set[asyncio.Task[Answer | list[Service]]] = set()
    others: list[Service] = []
    own: set[asyncio.Task[Answer | list[Service]]] = set()
    loop = asyncio.get_running_loop()
    end = loop.time() + const.PATIENCE
    try:
        tasks.add(asyncio.create_task(answers.get()))
        while (left := end - loop.time()) > 0:
            done, _ = await asyncio.wait(
                tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                try:
                    result = task.result()
                except PortMapError as err:
                    if not isinstance(failure, UnreadableError):
                        failure = err
                    continue
                if isinstance(result, Answer):
                    tasks.add(asyncio.create_task(answers.get()))
                    if urls := description_urls(result, route):
                        reading = asyncio.create_task(_read_first(session, route, urls))
                        tasks.add(reading)
                        if result.responder == route.gateway:
                            if not own:
                                # Slow to answer, it is slow to describe itself as well.
                                patience = const.PATIENCE - const.SEARCH_ALL
                                end = max(end, loop.time() + patience)
                                heard()
                            own.add(reading)
                        elif not own:
                            shared = urls[0].with_host(str(route.gateway))
                            tasks.add(asyncio.create_task(_read_maybe(session, shared)))
                elif result and (
                    task in own or URL(result[0].control_url).host == str(route.gateway)
                ):
                    return result
                elif result:
                    # Another router on the link, where a mapping may open nothing.
                    others = others or result
                    if not own:
                        end = min(end, loop.time() + const.GRACE_OF_OURS)
                    heard()
            tasks -= done
    finally:
        for task in tasks:
            task.cancel()
        # Also the outcome of those that came too late is looked at.
        await asyncio.gather(*tasks, return_exceptions=True)
    if others:
        return others
    raise failure


async def _read_first(
    session: aiohttp.ClientSession, route: Route, urls: list[URL]
) -> list[Service]:
    """Read the first description that somebody serves."""
    for url in urls[:-1]:
        with suppress(LostError):
            return await _read(session, route, url)
    return await _read(session, route, urls[-1])


async def _read_maybe(session: aiohttp.ClientSession, url: URL) -> list[Service]:
    """Read what a neighbour describes at the router's address, should it be there.

    Two that share the address of the router answer from one of their own:
    https://github.com/tailscale/tailscale/issues/5502
    """
    with suppress(PortMapError):
        return await fetch_services(session, url)
    return []


async def _read(
    session: aiohttp.ClientSession, route: Route, url: URL
) -> list[Service]:
    """Read a description. Nobody else is given that of a neighbour, or a hostile one."""
    try:
        return await fetch_services(session, url)
    except HostileError:
        raise
    except PortMapError as err:
        if err.reason is Reason.FAILED and url.host == str(route.gateway):
            raise UnreadableError(err, url) from err
        raise
