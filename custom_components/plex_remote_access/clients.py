"""The server that a config entry, or a form, describes; and plex.tv."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
import uuid

from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import instance_id
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from yarl import URL

from .const import DOMAIN
from .plex import PLEX_TV, PlexServer, PlexTv, PreferenceChange
from .portmap import PortMapError, is_public, resolve


async def create_server(
    hass: HomeAssistant, data: Mapping[str, Any], machine_identifier: str | None = None
) -> PlexServer:
    """Create the client for the server that an entry, or a form, describes.

    With a machineIdentifier no other server is shown the token.
    """
    return PlexServer(
        async_get_clientsession(hass, verify_ssl=data[CONF_VERIFY_SSL]),
        URL.build(
            scheme="https" if data[CONF_SSL] else "http",
            host=data[CONF_HOST],
            port=data[CONF_PORT],
        ),
        data.get(CONF_TOKEN),
        await _client_identifier(hass),
        machine_identifier,
    )


async def write_settings(
    hass: HomeAssistant, data: Mapping[str, Any], change: PreferenceChange
) -> None:
    """Write settings, if there are any to write."""
    if change:
        await (await create_server(hass, data)).set_preferences(change)


async def create_plex_tv(hass: HomeAssistant) -> PlexTv:
    """Create the client for plex.tv."""
    return PlexTv(
        async_get_clientsession(hass), PLEX_TV, await _client_identifier(hass)
    )


async def _client_identifier(hass: HomeAssistant) -> str:
    """Return what we are called by Plex, which lists its clients.

    The same at each start; not the id of this Home Assistant itself.
    """
    instance = uuid.UUID(await instance_id.async_get(hass))
    return str(uuid.uuid5(instance, DOMAIN))


async def is_on_lan(host: str) -> bool:
    """Tell whether a host is not out on the Internet.

    A name that leads nowhere counts as near: trying it explains itself better.
    """
    try:
        return not ip_address(host).is_global
    except ValueError:
        pass
    try:
        return not is_public(await resolve(host))
    except PortMapError:
        return True
