"""How much a keeper takes with some ports open: KiB on one line."""

import asyncio
import gc
import sys
import tracemalloc

import aiohttp

from custom_components.plex_remote_access.portmap import Keeper, Place, Router
from tests.lab import LAN_ADDRESS


async def main(count: int) -> None:
    """Open the ports, and look at what was allocated for it."""
    async with aiohttp.ClientSession() as session:
        router = Router(session)
        # What is there once for all, such as the connection to the router.
        keeper = Keeper(router)
        await _open(keeper, 39999)
        gc.collect()
        tracemalloc.start()
        for number in range(count):
            await _open(keeper, 40000 + number)
        gc.collect()
        print(tracemalloc.get_traced_memory()[0] / 1024)


async def _open(keeper: Keeper, port: int) -> None:
    kept = keeper.keep(
        Place(host=LAN_ADDRESS, port=port, description="benchmark", nonce=bytes(12)),
        changed=lambda: None,
    )
    await kept.open(port)
    if kept.mapping is None:
        raise RuntimeError("The port was not opened")
    keeper.add(kept)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
