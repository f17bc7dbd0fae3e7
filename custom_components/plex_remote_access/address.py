"""Finding the way to a server of an account within the local network."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant

from .clients import create_server, is_on_lan
from .plex import AccountServer, PlexError

# Some ways lead nowhere, such as the addresses of containers; the others answer soon.
_PATIENCE: Final = 5
# What a better way is given once another one has answered.
_HEAD_START: Final = 1


async def async_find_address(
    hass: HomeAssistant, server: AccountServer, *, proven: bool = False
) -> dict[str, Any] | None:
    """Return the best way to a server that the server itself answers, with its token.

    All are tried at once, without the token. What leads over the Internet is left out:
    it would be closed together with remote access. `proven` are those where the
    server shows its certificate: anybody can answer in its name.
    """
    attempts = {
        hass.async_create_task(
            async_leads_to(
                hass, way, server.machine_identifier, name if proven else None
            ),
            eager_start=True,
        ): way
        for way, name in _ways(server)
        if way[CONF_SSL] or not proven
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


async def async_leads_to(
    hass: HomeAssistant,
    way: Mapping[str, Any],
    machine_identifier: str,
    certificate_name: str | None = None,
) -> bool:
    """Tell whether this very server answers, from within the network."""
    if not await is_on_lan(way[CONF_HOST]):
        return False
    if certificate_name is not None:
        way = {**way, CONF_VERIFY_SSL: True}
    try:
        server = await create_server(hass, way)
        identity = await server.identity(certificate_name=certificate_name)
    except PlexError:
        return False
    return identity.machine_identifier == machine_identifier


def _ways(server: AccountServer) -> Iterator[tuple[dict[str, Any], str]]:
    """Return what an entry would hold for each way, the best one first.

    The certificate is for the name that plex.tv gives the server, which comes along.
    Routers that protect against DNS rebinding do not look that name up, so the address
    comes next.
    """
    near = [
        (connection, str(connection.url.host))
        for connection in server.connections
        if not connection.relay
    ]
    ends = [(name, way.url.port or way.port, True, True, name) for way, name in near]
    ends += [(way.address, way.port, True, False, name) for way, name in near]
    ends += [(way.address, way.port, False, False, name) for way, name in near]
    for host, port, ssl, verify_ssl, name in dict.fromkeys(ends):
        way = {
            CONF_HOST: host,
            CONF_PORT: port,
            CONF_SSL: ssl,
            CONF_VERIFY_SSL: verify_ssl,
            CONF_TOKEN: server.token,
        }
        yield way, name
