"""What is undone when the owner removes a server from Home Assistant."""

from homeassistant.core import HomeAssistant

from .clients import create_server
from .const import LOGGER
from .coordinator import PlexRemoteAccessConfigEntry
from .memory import Memory, MemoryStore
from .plex import PlexError
from .portmap import Mapping, PortMapError, Router
from .router_switch import RouterSwitch, RouterSwitchError
from .routers import create_router
from .snapshot import ends_at


async def async_withdraw(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> None:
    """Close the port and give the server its earlier port settings back.

    Nothing can stop a removal: what could not be undone is told in the log, once.
    """
    store = MemoryStore(hass, entry.entry_id)
    if (data := await store.async_load()) is None:
        return
    memory = Memory.from_dict(data)
    await store.async_remove()
    router = create_router(hass, entry.options)
    for mapping in (memory.mapping, *memory.leaving):
        if mapping is not None:
            await _close(router, mapping)
    if memory.linked is not None:
        try:
            await RouterSwitch(hass, memory.linked).turn(on=False)
        except RouterSwitchError as err:
            LOGGER.warning("%s: %s", entry.title, err)
    if memory.original is not None:
        try:
            server = await create_server(hass, entry.data)
            await server.set_preferences(memory.original)
        except PlexError as err:
            LOGGER.warning(
                "%s did not get its earlier port settings back: %s", entry.title, err
            )


async def _close(router: Router, mapping: Mapping) -> None:
    try:
        await router.release(mapping)
    except PortMapError as err:
        end = ends_at(mapping)
        LOGGER.warning(
            "The router could not be made to close port %s (%s): it may stay open %s",
            mapping.external_port,
            err,
            f"until {end:%Y-%m-%d %H:%M} UTC" if end else "until you close it there",
        )
