"""Servers that Home Assistant's own Plex integration knows.

Its entries are read, its code is not imported: that needs libraries which are only
there once it is set up.
"""

from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_URL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from yarl import URL

from .const import DOMAIN

_CORE_DOMAIN: Final = "plex"
_NAME: Final = "server"
_MACHINE_IDENTIFIER: Final = "server_id"
_CONFIG: Final = "server_config"


@dataclass(frozen=True, kw_only=True, slots=True)
class CoreServer:
    """A server as the other integration reaches it."""

    name: str
    # What an entry of ours would hold.
    data: dict[str, Any]


@callback
def async_core_servers(hass: HomeAssistant) -> dict[str, CoreServer]:
    """Return the servers that the other integration has a token for."""
    servers = {}
    for entry in hass.config_entries.async_entries(_CORE_DOMAIN, include_ignore=False):
        machine_identifier = entry.data.get(_MACHINE_IDENTIFIER)
        config = entry.data.get(_CONFIG, {})
        try:
            url = URL(config.get(CONF_URL) or "")
        except ValueError:
            continue
        if not machine_identifier or not url.host or not config.get(CONF_TOKEN):
            continue
        servers[machine_identifier] = CoreServer(
            name=entry.data.get(_NAME) or entry.title,
            data={
                CONF_HOST: url.host,
                CONF_PORT: url.port,
                CONF_SSL: url.scheme == "https",
                CONF_VERIFY_SSL: url.scheme == "https"
                and config.get(CONF_VERIFY_SSL, True),
                CONF_TOKEN: config[CONF_TOKEN],
            },
        )
    return servers


@callback
def async_follow_core_plex(hass: HomeAssistant) -> None:
    """Try the other integration's new token where ours is refused."""

    @callback
    def changed(change: ConfigEntryChange, core_entry: ConfigEntry) -> None:
        if core_entry.domain != _CORE_DOMAIN or change is ConfigEntryChange.REMOVED:
            return
        core = async_core_servers(hass)
        for entry in hass.config_entries.async_entries(DOMAIN):
            known = core.get(entry.unique_id or "")
            flows = list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))
            if flows and known and known.data[CONF_TOKEN] != entry.data[CONF_TOKEN]:
                for flow in flows:
                    hass.config_entries.flow.async_abort(flow["flow_id"])
                # It begins with that token.
                entry.async_start_reauth(hass)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)
