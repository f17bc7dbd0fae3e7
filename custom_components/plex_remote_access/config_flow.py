"""Config flow and options flow."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from .clients import create_server
from .const import CONF_ADVANCED, CONF_PORT_MAPPING, DOMAIN, LOGGER
from .coordinator import PlexRemoteAccessConfigEntry
from .errors import translation_key
from .forms import (
    MANUAL_SCHEMA,
    RECONFIGURE_SCHEMA,
    TOKEN_HELP,
    TOKEN_SCHEMA,
    Choice,
    read_address,
    remote_access_schema,
    suggest,
)
from .plan import PortMapping, propose_mode
from .plex import PlexError, PreferenceChange, Preferences

# At which field of the form an error is shown; the rest concerns the host.
_FIELDS = {
    "connection_refused": CONF_PORT,
    "invalid_certificate": CONF_VERIFY_SSL,
    "invalid_auth": CONF_TOKEN,
    "not_owner": CONF_TOKEN,
    "server_starting": "base",
}


class PlexRemoteAccessConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add a Plex server. Nothing is changed on it but what the owner enters."""

    _data: dict[str, Any]
    _machine_identifier: str
    _name: str
    _preferences: Preferences
    _proposal: PortMapping

    @staticmethod
    @callback
    @override
    def async_get_options_flow(
        config_entry: PlexRemoteAccessConfigEntry,
    ) -> PlexRemoteAccessOptionsFlow:
        """Return the options flow."""
        return PlexRemoteAccessOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how the server is to be found."""
        return self.async_show_menu(step_id="user", menu_options=["manual"])

    async def async_step_manual(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for address and token, and try them."""
        errors: dict[str, str] = {}
        if user_input is not None and await self._try(user_input, errors):
            # A form that somebody left open elsewhere is no reason to refuse.
            await self.async_set_unique_id(
                self._machine_identifier, raise_on_progress=False
            )
            self._abort_if_unique_id_configured()
            return await self.async_step_remote_access()
        return self.async_show_form(
            step_id="manual",
            data_schema=self.add_suggested_values_to_schema(MANUAL_SCHEMA, user_input),
            errors=errors,
            description_placeholders={"token_help": TOKEN_HELP},
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin because the server does not accept the token any more."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another token."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None and await self._try(
            {**entry.data, **user_input}, errors
        ):
            return await self._update(entry)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=TOKEN_SCHEMA,
            # The form has no other field.
            errors={
                field if field == CONF_TOKEN else "base": key
                for field, key in errors.items()
            },
            description_placeholders={
                "server": entry.title,
                "token_help": TOKEN_HELP,
            },
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another address of the same server."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None and await self._try(
            {**entry.data, **user_input}, errors
        ):
            return await self._update(entry)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                RECONFIGURE_SCHEMA, user_input or _without_token(entry.data)
            ),
            errors=errors,
            description_placeholders={
                "server": entry.title,
                "token_help": TOKEN_HELP,
            },
        )

    async def _try(self, address: Mapping[str, Any], errors: dict[str, str]) -> bool:
        """Connect to what was entered, or note what is wrong with it."""
        try:
            data = await read_address(address)
            await self._connect(data)
        except vol.Invalid as err:
            errors[str(err.path[0])] = err.msg
        except PlexError as err:
            key = translation_key(err)
            errors[_FIELDS.get(key, CONF_HOST)] = key
        except Exception:  # noqa: BLE001 - the form must survive whatever comes
            LOGGER.exception("Unexpected error while connecting")
            errors["base"] = "unknown"
        return not errors

    async def _update(self, entry: PlexRemoteAccessConfigEntry) -> ConfigFlowResult:
        """Have the entry use the address and the token that were just tried."""
        await self.async_set_unique_id(self._machine_identifier)
        self._abort_if_unique_id_mismatch()
        return self.async_update_reload_and_abort(entry, data=self._data)

    async def async_step_remote_access(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who opens the port, and for the server's settings."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                choice = Choice.read(user_input, self._preferences)
                await _write(self.hass, self._data, choice.change)
            except vol.Invalid as err:
                errors[str(err.path[0])] = err.msg
            except PlexError as err:
                errors["base"] = translation_key(err)
            else:
                return self.async_create_entry(
                    title=self._name, data=self._data, options=choice.options
                )
        return self.async_show_form(
            step_id="remote_access",
            data_schema=self.add_suggested_values_to_schema(
                remote_access_schema(self._preferences, self._proposal),
                user_input or suggest(self._preferences),
            ),
            errors=errors,
            description_placeholders={"server": self._name},
        )

    async def _connect(self, data: dict[str, Any]) -> None:
        """Find out which server this is and whether we are its owner."""
        server = await create_server(self.hass, data)
        identity = await server.identity()
        name = await server.name()
        self._preferences = await server.preferences()
        self._proposal = propose_mode(self._preferences, await server.account())
        self._data = data
        self._machine_identifier = identity.machine_identifier
        self._name = name or data[CONF_HOST]


class PlexRemoteAccessOptionsFlow(OptionsFlowWithReload):
    """Change who opens the port, and the server's settings."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin with the only step."""
        return await self.async_step_remote_access(user_input)

    async def async_step_remote_access(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who opens the port, and for the server's settings."""
        entry: PlexRemoteAccessConfigEntry = self.config_entry
        errors: dict[str, str] = {}
        try:
            server = await create_server(self.hass, entry.data)
            self._preferences = await server.preferences()
            if user_input is not None:
                choice = Choice.read(user_input, self._preferences)
                await self._apply(choice.change)
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
            await _write(self.hass, entry.data, change)
            return
        if change:
            await entry.runtime_data.async_write(change)


async def _write(
    hass: HomeAssistant, data: Mapping[str, Any], change: PreferenceChange
) -> None:
    if change:
        await (await create_server(hass, data)).set_preferences(change)


def _without_token(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != CONF_TOKEN}
