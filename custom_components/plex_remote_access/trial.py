"""Connecting to a server for the first time, as the forms do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow
import voluptuous as vol

from .clients import create_server
from .const import LOGGER
from .errors import translation_key
from .forms import read_address
from .plan import PortMapping, propose_mode
from .plex import PlexAuthenticationError, PlexError, PlexSignedOutError, Preferences

# At which field of the form an error is shown; the rest concerns the host.
_FIELDS: Final = {
    "connection_refused": CONF_PORT,
    "invalid_certificate": CONF_VERIFY_SSL,
    "invalid_auth": CONF_TOKEN,
    "not_owner": CONF_TOKEN,
    "server_starting": "base",
    "server_trouble": "base",
    "signed_out": "base",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedServer:
    """A server that was connected to, as its owner."""

    # What the entry holds.
    data: dict[str, Any]
    machine_identifier: str
    name: str
    preferences: Preferences
    proposal: PortMapping


async def async_try(
    hass: HomeAssistant,
    address: Mapping[str, Any],
    errors: dict[str, str],
    expected: str | None = None,
) -> TriedServer | None:
    """Connect to what was entered, or note what is wrong with it.

    Aborts the flow if a certain server is expected and another one answers, which is
    then not shown the token.
    """
    try:
        return await _connect(hass, await read_address(address), expected)
    except AbortFlow:
        raise
    except vol.Invalid as err:
        errors[str(err.path[0])] = err.msg
    except PlexError as err:
        key = translation_key(err)
        errors[_FIELDS.get(key, CONF_HOST)] = key
    except Exception:  # noqa: BLE001 - the form must survive whatever comes
        LOGGER.exception("Unexpected error while connecting")
        errors["base"] = "unknown"
    return None


async def _connect(
    hass: HomeAssistant, data: dict[str, Any], expected: str | None
) -> TriedServer:
    """Find out which server this is and whether we are its owner."""
    server = await create_server(hass, data)
    identity = await server.identity()
    if expected and identity.machine_identifier != expected:
        raise AbortFlow("unique_id_mismatch")
    try:
        name = await server.name()
    except PlexAuthenticationError as err:
        if identity.claimed is False:
            raise PlexSignedOutError("The server is not signed in") from err
        raise
    preferences = await server.preferences()
    return TriedServer(
        data=data,
        machine_identifier=identity.machine_identifier,
        name=name or data[CONF_HOST],
        preferences=preferences,
        proposal=propose_mode(preferences, await server.account()),
    )
