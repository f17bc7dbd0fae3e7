"""Attacks in the router's own name: news of it, over and over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from unittest.mock import AsyncMock, Mock, patch

from homeassistant.components import ssdp
from homeassistant.helpers.service_info.ssdp import SsdpServiceInfo

from custom_components.plex_remote_access.portmap import Ports, Router
from custom_components.plex_remote_access.routers import RouterCare
from tests.portmap.common import LOOPBACK, PLACE
from tests.simulators.router import Router as SimulatedRouter
from tests.simulators.router.datagram import bound_socket

from .attacks_router import FLOOD, session
from .raw import flood

_GATEWAY = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
# The flood comes in pieces, so that it does not end before it has an effect.
_PIECES = 20
_PAUSE = 0.2

type Hear = Callable[[SsdpServiceInfo, ssdp.SsdpChange], None]


@asynccontextmanager
async def _kept_port(
    simulated: SimulatedRouter, announcements: int
) -> AsyncIterator[Hear]:
    """Keep a port open; yields what Home Assistant calls with what it hears."""
    ports = Ports(
        pcp=simulated.natpmp_port,
        ssdp=simulated.ssdp_port,
        announcements=announcements,
    )
    tasks: list[asyncio.Task[None]] = []

    def run(care: Coroutine[None, None, None], _name: str) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(care))
        return tasks[-1]

    hass = Mock(async_create_background_task=run)
    register = AsyncMock(return_value=Mock())
    async with session() as client:
        with patch.object(ssdp, "async_register_callback", register):
            care = RouterCare(hass, Router(client, gateway=LOOPBACK, ports=ports))
            port = care.keeper.keep(PLACE, changed=Mock())
            leave = care.async_look_after(port)
            await port.open(32400)
            # The first looks are no effect of the attack.
            await asyncio.sleep(1)
        try:
            yield register.await_args_list[0].args[1]
        finally:
            leave()
            await asyncio.wait(tasks)
            await port.stop()


def _asked(simulated: SimulatedRouter) -> int:
    """Return how often the router was asked for something."""
    return len(simulated.datagrams) + len(simulated.http_requests)


async def announcements(packet: bytes, *, udp: bool) -> int:
    """Announce by NAT-PMP or PCP, from its own address, that the router began anew."""
    with bound_socket("", 0) as sock:
        heard_at = sock.getsockname()[1]
    async with (
        SimulatedRouter(pcp=udp, nat_pmp=udp) as simulated,
        _kept_port(simulated, heard_at),
    ):
        before = _asked(simulated)
        for _ in range(_PIECES):
            await flood([packet] * (FLOOD // _PIECES), heard_at)
            await asyncio.sleep(_PAUSE)
        assert len(simulated.table) == 1
        return _asked(simulated) - before


async def advertisements(name: str, change: ssdp.SsdpChange, *, udp: bool) -> int:
    """Advertise by SSDP that the router began anew, or goes by another name."""
    with bound_socket("", 0) as sock:
        heard_at = sock.getsockname()[1]
    async with (
        SimulatedRouter(pcp=udp, nat_pmp=udp) as simulated,
        _kept_port(simulated, heard_at) as hear,
    ):
        before = _asked(simulated)
        for number in range(FLOOD):
            hear(
                SsdpServiceInfo(
                    ssdp_usn=name.format(number=number),
                    ssdp_st=_GATEWAY,
                    ssdp_location=f"http://127.0.0.1/{number:01000}",
                    ssdp_headers={"BOOTID.UPNP.ORG": str(number)},
                    upnp={},
                ),
                change,
            )
            if not number % (FLOOD // _PIECES):
                await asyncio.sleep(_PAUSE)
        assert len(simulated.table) == 1
        return _asked(simulated) - before
