"""Many Plex servers and a router, in a process of their own: JSON on one line."""

import asyncio
import json
import signal
import sys

from tests.simulators.plex import DirectOutside, PlexServer
from tests.simulators.plextv import until_stopped
from tests.simulators.router import Router


async def main(count: int) -> None:
    """Run them until the process is asked to end; SIGUSR1 restarts the router."""
    async with Router() as router:
        outside = DirectOutside(router.wan_address, router.dial)
        servers = [
            PlexServer(
                machine_identifier=f"{number:040x}",
                friendly_name=f"Server {number}",
                outside=outside,
                lan_address="127.0.0.1",
            )
            for number in range(count)
        ]
        for server in servers:
            await server.__aenter__()
        told = {
            "pcp": router.natpmp_port,
            "ssdp": router.ssdp_port,
            "servers": [[server.port, server.token] for server in servers],
        }
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, router.restart)
        print(json.dumps(told), flush=True)
        await until_stopped()
        for server in servers:
            await server.__aexit__(None, None, None)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
