"""Map a port by PCP and another one to the same server by UPnP, then close the first.

Run in a host of the lab, from the folder of the repository: `move_to_upnp.py PORT PORT`.
"""

import asyncio
import sys

import aiohttp

from custom_components.plex_remote_access.portmap import Router


async def main(first: int, second: int) -> None:
    """Do so, and tell when it is done."""
    async with aiohttp.ClientSession() as session:
        router = Router(session)
        target = await router.find_target(
            "127.0.0.1", 32400, "Plex Remote Access (move)", bytes(range(12))
        )
        pcp, *_, upnp = router.mappers(target)
        mapping = await pcp.map(target, first)
        await upnp.map(target, second)
        await router.release(mapping)
        print("moved", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
