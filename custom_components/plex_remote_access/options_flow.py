"""Options flow: the last step of the config flow, once more."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
import voluptuous as vol

from .clients import create_server, write_settings
from .const import CONF_ADVANCED, CONF_PORT_MAPPING, CONF_TRY_NOW
from .coordinator import PlexRemoteAccessConfigEntry
from .errors import translation_key
from .forms import Choice, remote_access_schema, suggest
from .opening import OpeningFlow
from .plex import PlexError, PreferenceChange, Preferences


class PlexRemoteAccessOptionsFlow(OpeningFlow):
    """Change who opens the port, and the server's settings."""

    _preferences: Preferences

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin with the form; after a first set-up, with what was asked for there."""
        if self.init_data == {CONF_TRY_NOW: True}:
            return self.begin_opening(dict(self.config_entry.options))
        if resumed := self.resume_opening():
            return resumed
        return await self.async_step_remote_access(user_input)

    async def async_step_remote_access(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who opens the port, and for the server's settings."""
        entry: PlexRemoteAccessConfigEntry = self.config_entry
        errors: dict[str, str] = {}
        try:
            server = await create_server(self.hass, entry.data, entry.unique_id)
            self._preferences = await server.preferences()
            if user_input is not None:
                choice = Choice.read(user_input, self._preferences)
                await self._apply(choice.change)
                if user_input.get(CONF_TRY_NOW):
                    return self.begin_opening(choice.options)
                return self.async_create_entry(data=choice.options)
        except vol.Invalid as err:
            errors[str(err.path[0])] = err.msg
        except PlexError as err:
            if user_input is None:
                return self.async_abort(reason=translation_key(err))
            errors["base"] = translation_key(err)
        return self.async_show_form(
            step_id="remote_access",
            data_schema=self.add_suggested_values_to_schema(
                remote_access_schema(
                    self._preferences, entry.options[CONF_PORT_MAPPING]
                ),
                user_input
                or {
                    **suggest(self._preferences),
                    CONF_ADVANCED: entry.options,
                },
            ),
            errors=errors,
            description_placeholders={"server": entry.title},
        )

    async def _apply(self, change: PreferenceChange) -> None:
        """Write settings; through the coordinator, so that our mapping follows."""
        entry: PlexRemoteAccessConfigEntry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            await write_settings(self.hass, entry.data, change)
            return
        if change:
            await entry.runtime_data.async_write(change)
