"""Servers that were found in the network, as steps of the config flow."""

from abc import abstractmethod
import asyncio
from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.helpers.typing import DiscoveryInfoType
import voluptuous as vol

from .address import async_leads_to, async_look_at
from .const import DOMAIN
from .discovery import MAX_PROPOSALS, async_may_look
from .moved import async_has_left, async_moved_to, at_other_address, move_id
from .sign_in import SignInFlow

# How often to see whether a server that seems to have moved is back.
LOOK_BACK: Final = 60


class DiscoveryFlow(SignInFlow):
    """A flow that can begin because a server was found."""

    # Where it was found, without a token.
    _address: Mapping[str, Any]
    _name: str
    # Whose server seems to be there now, if it is one that is set up already.
    _moved: ConfigEntry
    _looking_back: asyncio.Task[None] | None = None

    @abstractmethod
    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a token of the server that was found, or have its owner sign in."""

    @override
    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """Begin because a server has announced itself."""
        return await self._begin_with(
            discovery_info.host,
            discovery_info.port,
            discovery_info.name.removesuffix(f".{discovery_info.type}"),
        )

    @override
    async def async_step_integration_discovery(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Begin because a server has answered our search."""
        return await self._begin_with(
            discovery_info[CONF_HOST],
            discovery_info[CONF_PORT],
            discovery_info[CONF_NAME],
        )

    async def _begin_with(
        self, host: str, port: int | None, name: str | None
    ) -> ConfigFlowResult:
        """Propose a server that was found; who it is, it has to tell itself."""
        found = None
        if port and async_may_look(self.hass, host):
            found = await async_look_at(self.hass, host, port)
        if found is None:
            return self.async_abort(reason="cannot_connect")
        machine_identifier, self._address = found
        entry = await self.async_set_unique_id(machine_identifier)
        # Of a server that is ignored nothing is known.
        if entry and entry.data:
            updates = await async_moved_to(self.hass, entry)
            if updates is None and await self._has_moved(entry):
                self._abort_if_too_many()
                self._moved = entry
                await self.async_set_unique_id(move_id(entry, self._address))
                self._abort_if_unique_id_configured()
                self.context["title_placeholders"] = {"name": entry.title}
                self._looking_back = self.hass.async_create_background_task(
                    self._look_back(), f"{DOMAIN} look back"
                )
                return await self.async_step_moved_confirm()
            self._abort_if_unique_id_configured(updates=updates)
        self._abort_if_unique_id_configured()
        self._abort_if_too_many()
        self._name = name or host
        self.context["title_placeholders"] = {"name": self._name}
        return await self.async_step_discovery_confirm()

    @callback
    def _abort_if_too_many(self) -> None:
        """Bother the owner with no more than a home may have."""
        if len(self._async_in_progress()) >= MAX_PROPOSALS:
            raise AbortFlow("already_in_progress")

    async def async_step_moved_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether a server is where it, or somebody in its name, now answers."""
        entry = self._moved
        if user_input is None:
            self._set_confirm_only()
            return self.async_show_form(
                step_id="moved_confirm",
                data_schema=vol.Schema({}),
                description_placeholders={
                    "server": entry.title,
                    "host": self._address[CONF_HOST],
                },
            )
        # Meanwhile either may have gone, or come back.
        if not await self._has_moved(entry):
            return self.async_abort(reason="not_moved")
        return self.async_update_reload_and_abort(
            entry,
            data=at_other_address(entry, self._address),
            reason="moved",
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Look no more whether a server is back."""
        super().async_remove()
        if self._looking_back is not None:
            self._looking_back.cancel()

    async def _look_back(self) -> None:
        """Take the question back once the server answers where it was."""
        has_left = True
        while has_left:
            await asyncio.sleep(LOOK_BACK)
            has_left = await async_has_left(self.hass, self._moved)
        self.hass.config_entries.flow.async_abort(self.flow_id)

    async def _has_moved(self, entry: ConfigEntry) -> bool:
        """Tell whether a server that is set up answers here, and there no longer."""
        here = at_other_address(entry, self._address)
        return (
            entry.disabled_by is None
            and any(here[key] != entry.data[key] for key in (CONF_HOST, CONF_PORT))
            and await async_has_left(self.hass, entry)
            and await async_leads_to(self.hass, here, str(entry.unique_id))
        )
