"""Noticing that a server has moved; its owner is asked where it cannot prove that."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback

from .address import async_find_address, async_leads_to
from .clients import create_plex_tv, create_server
from .const import DOMAIN
from .plex import PlexError, PlexStartingError


async def async_moved_to(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any] | None:
    """Return where the server of an entry certainly is if it has left its address.

    What was discovered is but the occasion to look: anybody can claim to be the
    server, and would be given the token. plex.tv knows where it was last, and which
    certificate it has to show there.
    """
    machine_identifier = str(entry.unique_id)
    if await async_leads_to(hass, entry.data, machine_identifier):
        return None
    token = {CONF_TOKEN: entry.data[CONF_TOKEN]}
    try:
        servers = await (await create_plex_tv(hass)).servers(token[CONF_TOKEN])
    except PlexError:
        return None
    for server in servers:
        if server.machine_identifier == machine_identifier:
            found = await async_find_address(hass, server, proven=True)
            return found and {**found, **token}
    return None


async def async_has_left(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Tell whether the server of an entry is not at its address any more.

    One that is still starting is there, and so is one whose certificate has expired.
    """
    server = await create_server(hass, {**entry.data, CONF_VERIFY_SSL: False})
    try:
        identity = await server.identity()
    except PlexStartingError:
        return False
    except PlexError:
        return True
    return identity.machine_identifier != entry.unique_id


def at_other_address(entry: ConfigEntry, address: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry would hold if its server was at another address.

    What was encrypted stays so.
    """
    return {
        **entry.data,
        **address,
        CONF_SSL: address[CONF_SSL] or entry.data[CONF_SSL],
    }


def move_id(entry: ConfigEntry, address: Mapping[str, Any]) -> str:
    """Return the id of the question whether a server has moved to an address.

    Not that of the server: whoever ignores the question keeps the server.
    """
    return f"{entry.unique_id} at {address[CONF_HOST]}:{address[CONF_PORT]}"


@callback
def async_forget_moves(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the question back whether a server has moved."""
    for flow in hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, include_uninitialized=True
    ):
        unique_id = flow["context"].get("unique_id") or ""
        if unique_id.startswith(f"{entry.unique_id} at "):
            hass.config_entries.flow.async_abort(flow["flow_id"])
