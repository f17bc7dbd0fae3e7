"""What is undone when the owner removes a server from Home Assistant."""

from homeassistant.core import HomeAssistant

from .clients import create_server
from .const import CONF_PORT_MAPPING, LOGGER
from .coordinator import PlexRemoteAccessConfigEntry
from .memory import Memory, MemoryStore
from .plan import PortMapping
from .plex import PlexError
from .refusals import async_forget_refusals
from .router_switch import RouterSwitch, RouterSwitchError
from .routers import async_get_router_care
from .snapshot import ends_at


async def async_withdraw(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> None:
    """Close the port and give the server its earlier port settings back.

    Nothing can stop a removal: what could not be undone is told in the log, once.
    """
    async_forget_refusals(hass, entry.entry_id)
    store = MemoryStore(hass, entry)
    memory = await store.async_recall(PortMapping(entry.options[CONF_PORT_MAPPING]))
    await store.async_forget(memory)
    await _close(hass, entry, memory)
    if memory.linked is not None:
        try:
            await RouterSwitch(hass, memory.linked).turn(on=False)
        except RouterSwitchError as err:
            LOGGER.warning("%s: %s", entry.title, err)
    if memory.original is not None:
        try:
            server = await create_server(hass, entry.data, entry.unique_id)
            await server.set_preferences(memory.original)
        except PlexError as err:
            LOGGER.warning(
                "%s did not get its earlier port settings back: %s", entry.title, err
            )


async def _close(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry, memory: Memory
) -> None:
    care = async_get_router_care(hass, entry.options)
    kept = care.async_keep(entry, memory.nonce, changed=lambda: None)
    kept.adopt(memory.mapping, memory.leaving, unsure=memory.unsure)
    if memory.mapping is None and not kept.still_open:
        return
    await kept.close()
    for mapping in kept.leaving:
        end = ends_at(mapping)
        LOGGER.warning(
            "The router could not be made to close port %s: it may stay open %s",
            mapping.external_port,
            f"until {end:%Y-%m-%d %H:%M} UTC" if end else "until you close it there",
        )
