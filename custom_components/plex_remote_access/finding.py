"""Finding a server of an account in the network, as steps of the config flow."""

from abc import abstractmethod
import asyncio
from typing import Any

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.core import callback

from .address import async_find_address
from .const import DOMAIN
from .plex import AccountServer


class FindingFlow(ConfigFlow):
    """A flow that can look for a server, and shows meanwhile that this takes a while."""

    _sought: AccountServer
    _finding: asyncio.Task[dict[str, Any] | None]

    @abstractmethod
    async def async_use_server(
        self, server: AccountServer, data: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Go on with what leads to a server, None if nothing does."""

    @callback
    def async_find(self, server: AccountServer) -> ConfigFlowResult:
        """Look for a server; all ways to it are tried."""
        self._sought = server
        self._finding = self.hass.async_create_background_task(
            async_find_address(self.hass, server), f"{DOMAIN} finding"
        )
        return self._show_finding()

    async def async_step_finding(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Wait for the first way that leads to it."""
        if self._finding.done():
            return self.async_show_progress_done(next_step_id="found")
        return self._show_finding()

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with what was found."""
        return await self.async_use_server(self._sought, self._finding.result())

    @callback
    def _show_finding(self) -> ConfigFlowResult:
        return self.async_show_progress(
            step_id="finding",
            progress_action="finding",
            progress_task=self._finding,
            description_placeholders={"server": self._sought.name},
        )
