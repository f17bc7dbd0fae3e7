"""A home that may lose its power: one Home Assistant after the other, on one disk."""

from contextlib import AsyncExitStack
from copy import deepcopy
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.plex_remote_access.const import DOMAIN


def same(entry: MockConfigEntry, *, anew: bool = False) -> MockConfigEntry:
    """Return a server as it is found after a start, or as it is added once more."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=entry.title,
        unique_id=entry.unique_id,
        data=entry.data,
        options=entry.options,
        entry_id=None if anew else entry.entry_id,
    )


class Home:
    """What runs Home Assistant, and what is left of it on disk."""

    hass: HomeAssistant
    entry: MockConfigEntry

    def __init__(self, disk: dict[str, Any]) -> None:
        """Have nothing run yet."""
        self._disk = disk
        self._stack = AsyncExitStack()

    async def begin(self, entry: MockConfigEntry) -> None:
        """Start, with one server."""
        stack = AsyncExitStack()
        self.hass = await stack.enter_async_context(async_test_home_assistant())
        self._stack = stack
        frame.async_setup(self.hass)
        # Have it load the integration.
        self.hass.data.pop(DATA_CUSTOM_COMPONENTS)
        await async_setup_component(self.hass, "homeassistant", {})
        await self.add(entry)

    async def add(self, entry: MockConfigEntry) -> None:
        """Add a server."""
        self.entry = entry
        entry.add_to_hass(self.hass)
        await self.hass.config_entries.async_setup(entry.entry_id)
        await self.hass.async_block_till_done()

    def on_disk(self) -> dict[str, Any]:
        """Return what a start would find now."""
        return deepcopy(self._disk)

    def restore(self, disk: dict[str, Any]) -> None:
        """Have a start find this."""
        self._disk.clear()
        self._disk |= disk

    async def end(self) -> None:
        """Stop, and let go of everything."""
        if self.entry.state.recoverable:
            await self.hass.config_entries.async_unload(self.entry.entry_id)
        await self.hass.async_stop(force=True)
        await self._stack.aclose()
