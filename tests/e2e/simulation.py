"""A home on the loopback interface: a Plex server behind a router, for development."""

import asyncio
from typing import Final

from tests.simulators.plex import DirectOutside, PlexServer
from tests.simulators.plextv import until_stopped
from tests.simulators.router import Router

from .integration import Server

LOOPBACK: Final = "127.0.0.1"
NATPMP_PORT: Final = 5351
SSDP_PORT: Final = 1900

# Where router and plex.tv say that the home is; its ports are really open on loopback.
PUBLIC_ADDRESS: Final = "198.51.100.7"

SERVER: Final = Server(
    name="Den",
    host=LOOPBACK,
    port=32400,
    token="owner-token",
    machine_identifier="d" * 40,
)


async def _run() -> None:
    """Run both until asked to end; they share a process to share the way outside."""
    router = Router(
        host=LOOPBACK,
        wan_address=PUBLIC_ADDRESS,
        natpmp_port=NATPMP_PORT,
        ssdp_port=SSDP_PORT,
        real_ports=True,
        control=True,
    )
    plex = PlexServer(
        host=SERVER.host,
        port=SERVER.port,
        token=SERVER.token,
        friendly_name=SERVER.name,
        machine_identifier=SERVER.machine_identifier,
        outside=DirectOutside(PUBLIC_ADDRESS, router.dial),
        control=True,
    )
    async with router, plex:
        await until_stopped()


if __name__ == "__main__":
    asyncio.run(_run())
