"""How long it takes to say that no router answers: milliseconds on one line."""

import asyncio
from time import perf_counter

import aiohttp

from custom_components.plex_remote_access.portmap import PortMapError, Reason, Router
from tests.lab import LAN_ADDRESS


async def main() -> None:
    """Ask for a mapping where nobody grants one."""
    async with aiohttp.ClientSession() as session:
        started = perf_counter()
        router = Router(session)
        target = await router.find_target(LAN_ADDRESS, 32400, "benchmark", bytes(12))
        try:
            await router.map(target, 32400)
        except PortMapError as err:
            if err.reason is not Reason.NO_ROUTER:
                raise
            print((perf_counter() - started) * 1000)


if __name__ == "__main__":
    asyncio.run(main())
