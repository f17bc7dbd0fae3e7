"""Finding the way to a server of an account within the local network."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant

from .clients import create_plex_tv, create_server, is_on_lan
from .plex import AccountServer, PlexError

# Some ways lead nowhere, such as the addresses of containers; the others answer soon.
_PATIENCE: Final = 5
# What a better way is given once another one has answered.
_HEAD_START: Final = 1


async def async_find_address(
    hass: HomeAssistant, server: AccountServer
) -> dict[str, Any] | None:
    """Return the best way to a server that the server itself answers, with its token.

    All are tried at once, without the token. What leads over the Internet is left out:
    it would be closed together with remote access.
    """
    attempts = {
        hass.async_create_task(
            _leads_to(hass, way, server.machine_identifier), eager_start=True
        ): way
        for way in _ways(server)
    }
    waiting = list(attempts)
    deadline = hass.loop.time() + _PATIENCE
    best = None
    try:
        while waiting and (patience := deadline - hass.loop.time()) > 0:
            await asyncio.wait(
                waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            good = next((one for one in waiting if one.done() and one.result()), None)
            if good is not None:
                best = good
                deadline = min(deadline, hass.loop.time() + _HEAD_START)
                # Worse ones are of no interest any more.
                waiting = waiting[: waiting.index(good)]
            waiting = [one for one in waiting if not one.done()]
    finally:
        for attempt in attempts:
            attempt.cancel()
    return attempts[best] if best else None


async def async_moved_to(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any] | None:
    """Return where the server of an entry is if it has left its address.

    What was discovered is but the occasion to look: anybody can claim to be the
    server, and would be given the token. plex.tv knows where it really is.
    """
    machine_identifier = str(entry.unique_id)
    if not entry.data or await _leads_to(hass, entry.data, machine_identifier):
        return None
    token = {CONF_TOKEN: entry.data[CONF_TOKEN]}
    try:
        servers = await (await create_plex_tv(hass)).servers(token[CONF_TOKEN])
    except PlexError:
        return None
    for server in servers:
        if server.machine_identifier == machine_identifier:
            found = await async_find_address(hass, server)
            return found and {**found, **token}
    return None


async def async_look_at(
    hass: HomeAssistant, host: str, port: int
) -> tuple[str, dict[str, Any]] | None:
    """Return which server answers at an address within the network, and how."""
    if not await is_on_lan(host):
        return None
    for ssl in (False, True):
        data = {
            CONF_HOST: host,
            CONF_PORT: port,
            CONF_SSL: ssl,
            CONF_VERIFY_SSL: False,
        }
        try:
            identity = await (await create_server(hass, data)).identity()
        except PlexError:
            continue
        return identity.machine_identifier, data
    return None


def _ways(server: AccountServer) -> Iterator[dict[str, Any]]:
    """Return what an entry would hold for each way, the best one first.

    The certificate is for the name that plex.tv gives the server. Routers that protect
    against DNS rebinding do not look that name up, so the address comes next, where
    the certificate proves nothing.
    """
    near = [connection for connection in server.connections if not connection.relay]
    ends = [(str(way.url.host), way.url.port or way.port, True, True) for way in near]
    ends += [(way.address, way.port, True, False) for way in near]
    ends += [(way.address, way.port, False, False) for way in near]
    for host, port, ssl, verify_ssl in dict.fromkeys(ends):
        yield {
            CONF_HOST: host,
            CONF_PORT: port,
            CONF_SSL: ssl,
            CONF_VERIFY_SSL: verify_ssl,
            CONF_TOKEN: server.token,
        }


async def _leads_to(
    hass: HomeAssistant, way: Mapping[str, Any], machine_identifier: str
) -> bool:
    """Tell whether this very server answers, from within the network."""
    if not await is_on_lan(way[CONF_HOST]):
        return False
    try:
        identity = await (await create_server(hass, way)).identity()
    except PlexError:
        return False
    return identity.machine_identifier == machine_identifier
