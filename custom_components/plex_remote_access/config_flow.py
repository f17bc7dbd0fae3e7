"""Config flow."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigFlowResult, FlowType
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN
from homeassistant.core import callback
import voluptuous as vol

from .clients import is_on_lan, write_settings
from .const import CONF_TRY_NOW, DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry
from .core_plex import CoreServer, async_core_servers
from .discovery import async_search
from .discovery_flow import DiscoveryFlow
from .errors import translation_key
from .finding import FindingFlow
from .forms import (
    CONF_SERVER,
    MANUAL_SCHEMA,
    RECONFIGURE_SCHEMA,
    TOKEN_HELP,
    TOKEN_SCHEMA,
    Choice,
    remote_access_schema,
    server_schema,
    suggest,
)
from .options_flow import PlexRemoteAccessOptionsFlow
from .plex import AccountServer, FoundServer, PlexError
from .trial import TriedServer, async_try


class PlexRemoteAccessConfigFlow(FindingFlow, DiscoveryFlow, domain=DOMAIN):
    """Add a Plex server. Nothing is changed on it but what the owner enters."""

    # What was found out by other means than the form: it need not be entered.
    _token: str | None = None
    _servers: dict[str, AccountServer]

    # What was connected to, and whether remote access is to be turned on at once.
    _server: TriedServer
    _try_now = False

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
        """Ask how the server is to be found; meanwhile look for one."""
        self._address = {}
        self._look_around()
        known = ["core_plex"] if self._core_servers() else []
        return self.async_show_menu(
            step_id="user", menu_options=["plex_account", *known, "manual"]
        )

    async def async_step_core_plex(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a server that the Plex integration knows."""
        servers = self._core_servers()
        if user_input is None and len(servers) != 1:
            return self.async_show_form(
                step_id="core_plex",
                data_schema=server_schema(
                    {key: server.name for key, server in servers.items()}
                ),
            )
        key = user_input[CONF_SERVER] if user_input else next(iter(servers))
        return await self._use(servers[key].data, key)

    async def async_step_manual(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for address and token, and try them."""
        errors: dict[str, str] = {}
        if user_input is not None and await self._try(
            _fill_in(user_input, {CONF_TOKEN: self._token or ""}), errors
        ):
            return await self._proceed()
        return self._show_manual(user_input or self._address, errors)

    @override
    async def async_use_account(
        self, servers: dict[str, AccountServer]
    ) -> ConfigFlowResult:
        """Take the server that all this is about, or the only one, or ask which."""
        if self.source == SOURCE_REAUTH or self.unique_id is not None:
            server = servers.get(self._expected)
            if server is None:
                return self._show_token_form({"base": "not_in_account"})
            if self.source == SOURCE_REAUTH:
                return await self.async_step_reauth_confirm({CONF_TOKEN: server.token})
            return self.async_find(server)
        configured = self._async_current_ids(include_ignore=False)
        self._servers = {
            key: server for key, server in servers.items() if key not in configured
        }
        if not self._servers:
            reason = "all_configured" if servers else "no_servers"
            return self.async_abort(reason=reason)
        if len(self._servers) == 1:
            return self.async_find(*self._servers.values())
        return await self.async_step_server()

    async def async_step_server(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which of the account's servers it is to be."""
        if user_input is not None:
            return self.async_find(self._servers[user_input[CONF_SERVER]])
        return self.async_show_form(
            step_id="server",
            data_schema=server_schema(
                {key: server.name for key, server in self._servers.items()}
            ),
        )

    @override
    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a token of the server that was found, or have its owner sign in."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if not user_input.get(CONF_TOKEN):
                if known := self._core_servers().get(self._expected):
                    return await self._use(known.data, self._expected)
                return await self.async_step_plex_account()
            if await self._try({**self._address, **user_input}, errors, self._expected):
                return await self._proceed()
        return self._show_token_form(errors)

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin because the server does not accept the token any more."""
        known = async_core_servers(self.hass).get(self._expected)
        if known and known.data[CONF_TOKEN] != entry_data[CONF_TOKEN]:
            token = {CONF_TOKEN: known.data[CONF_TOKEN]}
            if await self._try({**entry_data, **token}, {}, self._expected):
                return self._update(self._get_reauth_entry())
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another token, or have the owner sign in."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            if not user_input.get(CONF_TOKEN):
                return await self.async_step_plex_account()
            if await self._try({**entry.data, **user_input}, errors, self._expected):
                return self._update(entry)
        return self._show_token_form(errors)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another address of the same server."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None and await self._try(
            _fill_in(user_input, entry.data), errors, entry.unique_id
        ):
            return self._update(entry)
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

    async def _try(
        self,
        address: Mapping[str, Any],
        errors: dict[str, str],
        expected: str | None = None,
    ) -> bool:
        """Connect to what was entered, or note what is wrong with it."""
        if server := await async_try(self.hass, address, errors, expected):
            self._server = server
        return not errors

    @callback
    def _update(self, entry: PlexRemoteAccessConfigEntry) -> ConfigFlowResult:
        """Have the entry use the address and the token that were just tried."""
        return self.async_update_reload_and_abort(entry, data=self._server.data)

    async def async_step_remote_access(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who opens the port, and for the server's settings."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                choice = Choice.read(user_input, self._server.preferences)
                await write_settings(self.hass, self._server.data, choice.change)
            except vol.Invalid as err:
                errors[str(err.path[0])] = err.msg
            except PlexError as err:
                errors["base"] = translation_key(err)
            else:
                self._try_now = user_input.get(CONF_TRY_NOW, False)
                return self.async_create_entry(
                    title=self._server.name,
                    data=self._server.data,
                    options=choice.options,
                )
        return self.async_show_form(
            step_id="remote_access",
            data_schema=self.add_suggested_values_to_schema(
                remote_access_schema(self._server.preferences, self._server.proposal),
                user_input or suggest(self._server.preferences),
            ),
            errors=errors,
            description_placeholders={"server": self._server.name},
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Turn remote access on if that was asked for; it needs an entry."""
        if self._try_now:
            flow = await self.hass.config_entries.options.async_init(
                result["result"].entry_id, data={CONF_TRY_NOW: True}
            )
            result["next_flow"] = (FlowType.OPTIONS_FLOW, flow["flow_id"])
        return result

    @property
    def _expected(self) -> str:
        """Return the machineIdentifier of the server that all this is about."""
        if self.source == SOURCE_REAUTH:
            return str(self._get_reauth_entry().unique_id)
        return str(self.unique_id)

    @property
    @override
    def step_with_token(self) -> str:
        """Return the step where a token is entered by hand."""
        if self.source == SOURCE_REAUTH:
            return "reauth_confirm"
        return "manual" if self.unique_id is None else "discovery_confirm"

    @callback
    def _look_around(self) -> None:
        """Have the form hold the address of a server that is found meanwhile."""

        def found(server: FoundServer) -> None:
            if server.machine_identifier not in self._async_current_ids():
                self._address = {CONF_HOST: server.host, CONF_PORT: server.port}

        self.hass.async_create_background_task(
            async_search(self.hass, found), f"{DOMAIN} search"
        )

    @callback
    def _core_servers(self) -> dict[str, CoreServer]:
        """Return what the Plex integration knows and is not set up yet."""
        configured = self._async_current_ids(include_ignore=False)
        return {
            key: server
            for key, server in async_core_servers(self.hass).items()
            if key not in configured
        }

    @override
    async def async_use_server(
        self, server: AccountServer, data: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Go on with a server of the account, or ask where it is in the network."""
        if data:
            return await self._use(data, server.machine_identifier)
        self._token = server.token
        for way in server.connections:
            if not way.relay and await is_on_lan(way.address):
                self._address = {CONF_HOST: way.address, CONF_PORT: way.port}
                break
        return self._show_manual(self._address, {"base": "not_at_home"})

    async def _use(
        self, data: Mapping[str, Any], machine_identifier: str
    ) -> ConfigFlowResult:
        """Go on with an address and a token, or have their owner put them right."""
        errors: dict[str, str] = {}
        if await self._try(data, errors, machine_identifier):
            return await self._proceed()
        self._token = data[CONF_TOKEN]
        return self._show_manual(_without_token(data), errors)

    async def _proceed(self) -> ConfigFlowResult:
        """Go on with the server that was just connected to."""
        # A form that somebody left open elsewhere is no reason to refuse.
        await self.async_set_unique_id(
            self._server.machine_identifier, raise_on_progress=False
        )
        self._abort_if_unique_id_configured()
        return await self.async_step_remote_access()

    @callback
    def _show_manual(
        self, values: Mapping[str, Any], errors: dict[str, str]
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="manual",
            data_schema=self.add_suggested_values_to_schema(
                RECONFIGURE_SCHEMA if self._token else MANUAL_SCHEMA, values
            ),
            errors=errors,
            description_placeholders={"token_help": TOKEN_HELP},
        )

    @callback
    def _show_token_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        reauth = self.source == SOURCE_REAUTH
        return self.async_show_form(
            step_id=self.step_with_token,
            data_schema=TOKEN_SCHEMA,
            # The form has no other field.
            errors={
                field if field == CONF_TOKEN else "base": key
                for field, key in errors.items()
            },
            description_placeholders={
                "server": self._get_reauth_entry().title if reauth else self._name,
                "host": "" if reauth else self._address[CONF_HOST],
                "token_help": TOKEN_HELP,
            },
        )


def _fill_in(user_input: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered, with what is known where the token was left out."""
    entered = user_input if user_input.get(CONF_TOKEN) else _without_token(user_input)
    return {**known, **entered}


def _without_token(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != CONF_TOKEN}
