"""Print what the product hears from the router: a word for each signal.

Run in a host of the lab, from the folder of the repository.
"""

import asyncio
from functools import partial
from ipaddress import IPv4Address
import sys

import aiohttp

from custom_components.plex_remote_access.portmap import natpmp
from custom_components.plex_remote_access.portmap.announcements import listen
from custom_components.plex_remote_access.portmap.gena import Subscription
from custom_components.plex_remote_access.portmap.route import find_route


async def main(gateway: str, event_url: str) -> None:
    """Listen until ended."""
    route = await find_route(IPv4Address(gateway))
    assert route is not None
    async with (
        aiohttp.ClientSession() as session,
        listen(route, partial(print, "announcement", flush=True), old_port=natpmp.PORT),
    ):
        subscription = Subscription(
            session,
            event_url,
            source=route.source,
            gateway=route.gateway,
            changed=lambda _: print("event", flush=True),
        )
        running = asyncio.create_task(subscription.run())
        while not subscription.active:
            await asyncio.sleep(0.01)
        print("listening", flush=True)
        await running


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
