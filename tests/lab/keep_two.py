"""Keep two ports open in one keeper, as Home Assistant does for two servers.

Run in a host of the lab, from the folder of the repository: `keep_two.py PORT PORT`.
SIGUSR1 closes the first one.
"""

import asyncio
import signal
import sys

import aiohttp

from custom_components.plex_remote_access.portmap import Keeper, KeptPort, Place, Router


def _keep(keeper: Keeper, number: int) -> KeptPort:
    place = Place(
        host="127.0.0.1",
        port=number,
        description=f"Plex Remote Access ({number})",
        nonce=f"server {number}".ljust(12).encode()[:12],
    )
    return keeper.keep(place, changed=lambda: None)


async def main(numbers: list[int]) -> None:
    """Open the ports and keep them until ended."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked.set)
    async with aiohttp.ClientSession() as session:
        keeper = Keeper(Router(session))
        ports = [_keep(keeper, number) for number in numbers]
        for number, port in zip(numbers, ports, strict=True):
            await port.open(number)
            keeper.add(port)
        keeping = asyncio.create_task(keeper.run())
        print("open", flush=True)
        await asked.wait()
        await ports[0].close()
        print("closed", flush=True)
        await keeping


if __name__ == "__main__":
    asyncio.run(main([int(number) for number in sys.argv[1:]]))
