"""The server that a config entry, or a form, describes."""

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
from .plex import PlexServer
from .portmap import PortMapError, is_public, resolve


async def create_server(hass: HomeAssistant, data: Mapping[str, Any]) -> PlexServer:
    """Create the client for the server that an entry, or a form, describes."""
    instance = uuid.UUID(await instance_id.async_get(hass))
    return PlexServer(
        async_get_clientsession(hass, verify_ssl=data[CONF_VERIFY_SSL]),
        URL.build(
            scheme="https" if data[CONF_SSL] else "http",
            host=data[CONF_HOST],
            port=data[CONF_PORT],
        ),
        data[CONF_TOKEN],
        # The same at each start, as the server lists its clients; not the id itself.
        str(uuid.uuid5(instance, DOMAIN)),
    )


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
