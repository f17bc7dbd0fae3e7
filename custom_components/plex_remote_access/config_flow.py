"""Config flow and options flow."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
import math
from typing import Any, Self, override

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio
import voluptuous as vol
from yarl import URL

from .clients import create_server, is_on_lan
from .const import (
    CONF_ADVANCED,
    CONF_MANUAL_PORT,
    CONF_PORT_MAPPING,
    CONF_PREFERRED_PORT,
    CONF_ROUTER,
    CONF_STREAM_LIMIT,
    CONF_UPLOAD_SPEED,
    DEFAULT_PORT,
    DOMAIN,
    KBPS_PER_MBPS,
    LOGGER,
)
from .coordinator import PlexRemoteAccessConfigEntry
from .errors import translation_key
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

# No limits in the selector: what it refuses is not explained in the form.
_NUMBER = NumberSelector(NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any"))
_TEXT = TextSelector(TextSelectorConfig(autocomplete="off"))

TOKEN_HELP = (
    "https://support.plex.tv/articles/"
    "204059436-finding-an-authentication-token-x-plex-token/"
)

MANUAL_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_HOST): _TEXT,
        vol.Required(CONF_PORT, default=DEFAULT_PORT): _NUMBER,
        vol.Required(CONF_SSL, default=False): BooleanSelector(),
        vol.Required(CONF_VERIFY_SSL, default=False): BooleanSelector(),
        vol.Required(probatio.Secret(CONF_TOKEN)): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What was entered in the last step: options of ours, settings of the server."""

    options: dict[str, Any]
    change: PreferenceChange

    @classmethod
    def read(cls, user_input: dict[str, Any], preferences: Preferences) -> Self:
        """Read the form. Only settings that differ from the server's are changed.

        Raises vol.Invalid with the field as path and the error's key as message.
        """
        advanced = user_input.get(CONF_ADVANCED, {})
        options: dict[str, Any] = {CONF_PORT_MAPPING: user_input[CONF_PORT_MAPPING]}
        if router := advanced.get(CONF_ROUTER, "").strip():
            options[CONF_ROUTER] = _router(router)
        if (preferred := advanced.get(CONF_PREFERRED_PORT)) is not None:
            options[CONF_PREFERRED_PORT] = _port(preferred, "base")
        speed = user_input.get(CONF_UPLOAD_SPEED)
        if speed is not None and not (speed >= 0 and math.isfinite(speed)):
            raise vol.Invalid("invalid_speed", [CONF_UPLOAD_SPEED])
        limit = user_input.get(CONF_STREAM_LIMIT)
        change = PreferenceChange(
            manual_port=_port(
                user_input.get(CONF_MANUAL_PORT, preferences.manual_port),
                CONF_MANUAL_PORT,
            ),
            upload_rate=None if speed is None else round(speed * KBPS_PER_MBPS),
            stream_rate=None if limit is None else int(limit),
        )
        return cls(options=options, change=change.against(preferences))


class PlexRemoteAccessConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add a Plex server. Nothing is changed on it but what the owner enters."""

    _data: dict[str, Any]
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
        if user_input is not None:
            try:
                data = await _read_server(user_input)
                machine_identifier = await self._connect(data)
            except vol.Invalid as err:
                errors[str(err.path[0])] = err.msg
            except PlexError as err:
                key = translation_key(err)
                errors[_FIELDS.get(key, CONF_HOST)] = key
            except Exception:  # noqa: BLE001 - the form must survive whatever comes
                LOGGER.exception("Unexpected error while connecting")
                errors["base"] = "unknown"
            else:
                # A form that somebody left open elsewhere is no reason to refuse.
                await self.async_set_unique_id(
                    machine_identifier, raise_on_progress=False
                )
                self._abort_if_unique_id_configured()
                return await self.async_step_remote_access()
        return self.async_show_form(
            step_id="manual",
            data_schema=self.add_suggested_values_to_schema(MANUAL_SCHEMA, user_input),
            errors=errors,
            description_placeholders={"token_help": TOKEN_HELP},
        )

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
                _remote_access_schema(self._preferences, self._proposal),
                user_input or _suggest(self._preferences),
            ),
            errors=errors,
            description_placeholders={"server": self._name},
        )

    async def _connect(self, data: dict[str, Any]) -> str:
        """Find out which server this is and whether we are its owner."""
        server = await create_server(self.hass, data)
        identity = await server.identity()
        name = await server.name()
        self._preferences = await server.preferences()
        self._proposal = propose_mode(self._preferences, await server.account())
        self._data = data
        self._name = name or data[CONF_HOST]
        return identity.machine_identifier


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
                _remote_access_schema(
                    self._preferences, entry.options[CONF_PORT_MAPPING]
                ),
                user_input
                or {
                    **_suggest(self._preferences),
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


async def _read_server(user_input: dict[str, Any]) -> dict[str, Any]:
    """Read the address. Raises vol.Invalid as Choice.read does."""
    host = user_input[CONF_HOST].strip()
    try:
        valid = bool(URL.build(scheme="http", host=host).host)
    except ValueError:
        valid = False
    if not valid:
        raise vol.Invalid("invalid_host", [CONF_HOST])
    if not await is_on_lan(host):
        # Switching remote access off would cut us off as well.
        raise vol.Invalid("public_address", [CONF_HOST])
    return {
        **user_input,
        CONF_HOST: host,
        CONF_PORT: _port(user_input[CONF_PORT], CONF_PORT),
        CONF_TOKEN: user_input[CONF_TOKEN].strip(),
    }


def _port(value: float, field: str) -> int:
    if not 1 <= value <= 65535 or value != int(value):
        raise vol.Invalid("invalid_port", [field])
    return int(value)


def _router(value: str) -> str:
    try:
        return str(IPv4Address(value))
    except AddressValueError as err:
        raise vol.Invalid("invalid_router", ["base"]) from err


def _remote_access_schema(preferences: Preferences, mode: str) -> vol.Schema:
    """Return the form for the settings that this server has."""
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_PORT_MAPPING, default=mode): SelectSelector(
            SelectSelectorConfig(
                options=list(PortMapping),
                translation_key=CONF_PORT_MAPPING,
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Optional(CONF_MANUAL_PORT): _NUMBER,
    }
    if preferences.upload_rate is not None:
        fields[vol.Optional(CONF_UPLOAD_SPEED)] = NumberSelector(
            NumberSelectorConfig(
                mode=NumberSelectorMode.BOX, step="any", unit_of_measurement="Mbps"
            )
        )
    if preferences.stream_rate is not None:
        fields[vol.Optional(CONF_STREAM_LIMIT)] = SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=str(rate), label=label)
                    for rate, label in preferences.stream_choices.items()
                ],
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
    fields[vol.Optional(CONF_ADVANCED, default={})] = section(
        vol.Schema(
            {
                vol.Optional(CONF_ROUTER): _TEXT,
                vol.Optional(CONF_PREFERRED_PORT): _NUMBER,
            }
        ),
        {"collapsed": True},
    )
    return vol.Schema(fields)


def _suggest(preferences: Preferences) -> dict[str, Any]:
    """Return the form as it is when nobody has changed anything."""
    suggested: dict[str, Any] = {CONF_MANUAL_PORT: preferences.manual_port}
    if preferences.upload_rate is not None:
        suggested[CONF_UPLOAD_SPEED] = preferences.upload_rate / KBPS_PER_MBPS
    if preferences.stream_rate is not None:
        suggested[CONF_STREAM_LIMIT] = str(preferences.stream_rate)
    return suggested
