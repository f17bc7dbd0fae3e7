"""Other routers on the link: two in a row are the usual cause of double NAT."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address

import aiohttp

from . import const, ssdp
from .igd import description_urls, fetch_services
from .model import PortMapError
from .route import Route
from .ssdp import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherRouter:
    """A neighbour that could map ports, but is not on our way to the Internet."""

    address: IPv4Address
    model: str


async def other_routers(
    session: aiohttp.ClientSession, route: Route, port: int = ssdp.PORT
) -> list[OtherRouter]:
    """Search as long as a device may take to answer, and read what answered.

    Takes NEIGHBOURS seconds at least: for people who look for a cause.
    """
    readings = list[asyncio.Task[OtherRouter | None]]()
    async with asyncio.TaskGroup() as group:
        with suppress(OSError, TimeoutError):
            async with (
                ssdp.search(route, port) as answers,
                asyncio.timeout(const.NEIGHBOURS),
            ):
                while True:
                    answer = await answers.get()
                    if answer.responder not in {route.gateway, route.source}:
                        reading = _read(session, route, answer)
                        readings.append(group.create_task(reading))
    found = [other for reading in readings if (other := reading.result())]
    return list({other.address: other for other in found}.values())


async def _read(
    session: aiohttp.ClientSession, route: Route, answer: Answer
) -> OtherRouter | None:
    """Read who answered; None for what is no router, or stands in for ours."""
    for url in description_urls(answer, route)[:1]:
        if url.host == str(route.gateway):
            continue
        with suppress(PortMapError):
            for service in await fetch_services(session, url):
                return OtherRouter(address=answer.responder, model=service.model)
    return None
