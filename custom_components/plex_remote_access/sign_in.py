"""Signing in with Plex, as steps of the config flow."""

from abc import abstractmethod
import asyncio
from typing import Any, Final, override

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import http
from homeassistant.util.hass_dict import HassKey
from yarl import URL

from .clients import create_plex_tv
from .const import DOMAIN, LOGGER
from .plex import AccountServer, PlexError, PlexTv

_CALLBACK: Final = f"/api/{DOMAIN}/callback"
_FLOW_ID: Final = "flow_id"
# Where the frontend says at which address people see it.
_FRONTEND_BASE: Final = "HA-Frontend-Base"

# Of each flow that waits for its person to come back from Plex's page.
_RETURNED: HassKey[dict[str, asyncio.Event]] = HassKey(f"{DOMAIN}_returned")


class SignInFlow(ConfigFlow):
    """A flow that can have its owner sign in with Plex."""

    _plex_tv: PlexTv
    _page: URL
    _waiting: asyncio.Task[str] | None = None
    _asking: asyncio.Task[list[AccountServer]]

    @property
    @abstractmethod
    def step_with_token(self) -> str:
        """Return the step for those who rather enter a token by hand."""

    @abstractmethod
    async def async_use_account(
        self, servers: dict[str, AccountServer]
    ) -> ConfigFlowResult:
        """Go on with the account's own servers, by machineIdentifier."""

    async def async_step_plex_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Lead to Plex's own page, until somebody has signed in there."""
        if self._waiting is None:
            try:
                await self._begin()
            except PlexError as err:
                LOGGER.debug("Signing in cannot begin: %s", err)
                return await self.async_step_sign_in_failed()
        elif self._waiting.done():
            return self.async_external_step_done(next_step_id="signed_in")
        return self.async_external_step(step_id="plex_account", url=str(self._page))

    async def async_step_signed_in(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask plex.tv which servers the account has."""
        if self._waiting is not None:
            self._asking = self.hass.async_create_background_task(
                self._ask(self._waiting), f"{DOMAIN} servers"
            )
            self._waiting = None
        if self._asking.done():
            return self.async_show_progress_done(next_step_id="account")
        return self.async_show_progress(
            step_id="signed_in",
            progress_action="signed_in",
            progress_task=self._asking,
        )

    async def async_step_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with the servers of the account."""
        try:
            servers = self._asking.result()
        except PlexError as err:
            LOGGER.debug("Signing in has failed: %s", err)
            return await self.async_step_sign_in_failed()
        return await self.async_use_account(
            {server.machine_identifier: server for server in servers}
        )

    async def async_step_sign_in_failed(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer another attempt, or another way."""
        return self.async_show_menu(
            step_id="sign_in_failed",
            menu_options=["plex_account", self.step_with_token],
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Wait no longer for somebody who has closed the dialog."""
        if self._waiting is not None:
            self._waiting.cancel()
        self.hass.data.get(_RETURNED, {}).pop(self.flow_id, None)

    async def _begin(self) -> None:
        """Ask plex.tv for a page to sign in, and watch for the outcome."""
        if _RETURNED not in self.hass.data:
            self.hass.data[_RETURNED] = {}
            self.hass.http.register_view(CallbackView)
        self._plex_tv = await create_plex_tv(self.hass)
        pin = await self._plex_tv.create_pin()
        self._page = self._plex_tv.sign_in_page(pin, self._forward_url())
        returned = self.hass.data[_RETURNED][self.flow_id] = asyncio.Event()
        self._waiting = self.hass.async_create_background_task(
            self._plex_tv.wait_for_token(pin, returned), f"{DOMAIN} sign in"
        )
        self._waiting.add_done_callback(self._go_on)

    async def _ask(self, waiting: asyncio.Task[str]) -> list[AccountServer]:
        """Return the account's servers. Raises PlexError."""
        return await self._plex_tv.servers(await waiting)

    def _forward_url(self) -> URL | None:
        """Return where Plex's page leads afterwards, if we know how people see us."""
        request = http.current_request.get()
        base = request.headers.get(_FRONTEND_BASE) if request else None
        if base is None:
            return None
        return URL(base).with_path(_CALLBACK).with_query({_FLOW_ID: self.flow_id})

    @callback
    def _go_on(self, waiting: asyncio.Task[str]) -> None:
        """Have the dialog go on."""
        if not waiting.cancelled():
            self.hass.async_create_task(
                self.hass.config_entries.flow.async_configure(self.flow_id)
            )


class CallbackView(HomeAssistantView):
    """Where Plex's page leads after somebody has signed in there.

    It carries nothing but the news that plex.tv is worth asking.
    """

    url = _CALLBACK
    name = f"api:{DOMAIN}:callback"
    requires_auth = False

    async def get(self, request: web.Request) -> web.Response:
        """Have plex.tv asked, and close the page."""
        hass: HomeAssistant = request.app[KEY_HASS]
        waiting = hass.data.get(_RETURNED, {})
        if returned := waiting.get(request.query.get(_FLOW_ID, "")):
            returned.set()
        return web.Response(
            text="<script>window.close()</script>\N{CHECK MARK}",
            content_type="text/html",
        )
