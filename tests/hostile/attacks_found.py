"""Attacks with servers that are announced: far too many, or one over and over."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from itertools import count, cycle
from unittest.mock import patch

from homeassistant import loader
from homeassistant.components import network
from homeassistant.config_entries import SOURCE_ZEROCONF
from homeassistant.core import HomeAssistant
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.plex_remote_access import discovery
from custom_components.plex_remote_access.const import DOMAIN
from custom_components.plex_remote_access.plex import gdm
from tests.names import Names
from tests.portmap.common import LOOPBACK
from tests.portmap.responder import responding

from .attacks_router import FLOOD
from .raw import OK, RawServer, serving

_KIND = "_plexmediasvr._tcp.local."
# How many wait for the owner at most.
_PROPOSALS = 16


class _Identities:
    """Says to be another server each time it is asked."""

    def __init__(self) -> None:
        """Begin with the first."""
        self._numbers = count()

    def __iter__(self) -> Iterator[bytes]:
        """Return the whole answer."""
        body = b'{"MediaContainer":{"machineIdentifier":"%040d","version":"1.41.0"}}'
        body %= next(self._numbers)
        yield OK + b"Content-Type: application/json\r\n"
        yield b"Content-Length: %d\r\n\r\n" % len(body) + body


@asynccontextmanager
async def _home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run Home Assistant, which finds the integration in this repository."""
    resolver = patch(
        "homeassistant.helpers.aiohttp_client._async_make_resolver",
        return_value=Names(),
    )
    async with async_test_home_assistant() as hass:
        del hass.data[loader.DATA_CUSTOM_COMPONENTS]
        # Nothing is to leave this machine.
        hass.config.components |= {"http", "network", "ssdp"}
        with resolver:
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)


async def _proposed(hass: HomeAssistant, servers: list[RawServer]) -> int:
    """Return how often servers were asked, once no more than a few are proposed."""
    await hass.async_block_till_done(wait_background_tasks=True)
    proposals = hass.config_entries.flow.async_progress()
    assert 0 < len(proposals) <= _PROPOSALS
    return sum(len(server.requests) for server in servers)


async def announced(hosts: int, *, name: str = "Fake {number}") -> int:
    """Announce thousands of servers, on some hosts; each answers as a new one."""
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(
                serving(_Identities(), host=f"127.0.1.{host}")
            )
            for host in range(1, hosts + 1)
        ]
        hass = await stack.enter_async_context(_home_assistant())
        for number, server in zip(range(FLOOD), cycle(servers)):
            address = ip_address(server.host)
            discovery_flow.async_create_flow(
                hass,
                DOMAIN,
                {"source": SOURCE_ZEROCONF},
                ZeroconfServiceInfo(
                    ip_address=address,
                    ip_addresses=[address],
                    hostname="fake.local.",
                    name=f"{name.format(number=number)}.{_KIND}",
                    port=server.port,
                    properties={"version": str(number)},
                    type=_KIND,
                ),
            )
            if not number % 50:
                await asyncio.sleep(0)
        return await _proposed(hass, servers)


async def answers_at_start() -> int:
    """Answer the search at the start of Home Assistant ten thousand times."""
    async with serving(_Identities()) as server, responding() as liar:
        liar.reply = lambda _: [
            b"HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nPort: %d\r\n"
            b"Resource-Identifier: %d\r\n\r\n" % (server.port, number)
            for number in range(FLOOD)
        ]
        async with _home_assistant() as hass:
            with (
                patch.object(gdm, "GROUP", ("127.0.0.1", liar.port)),
                patch.object(discovery, "search", gdm.search),
                patch.object(
                    network, "async_get_enabled_source_ips", return_value=[LOOPBACK]
                ),
            ):
                discovery.async_discover_at_start(hass)
                return await _proposed(hass, [server])
