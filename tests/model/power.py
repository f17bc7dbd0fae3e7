"""A home without power: nobody hears anything of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.simulators.plex import Endpoint, EndpointFault
from tests.simulators.router import PacketKind, Page

from .world import World


@asynccontextmanager
async def without_power(world: World) -> AsyncIterator[None]:
    """Have nothing that is still said reach the server or the router."""
    packets, http = world.router.faults.packets, world.router.faults.http
    endpoints = world.plex.faults.endpoints
    drop, hang, before = packets.drop, http.hang, dict(endpoints)
    packets.drop, http.hang = set(PacketKind), set(Page)
    endpoints.update(dict.fromkeys(Endpoint, EndpointFault(hang_up=True)))
    for act in world.acts:
        act.cancel()
    await asyncio.gather(*world.acts, return_exceptions=True)
    world.acts.clear()
    yield
    packets.drop, http.hang = drop, hang
    endpoints.clear()
    endpoints.update(before)
