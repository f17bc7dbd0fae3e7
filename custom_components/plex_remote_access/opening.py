"""Turning remote access on from a dialog, and showing what comes of it."""

import asyncio
from typing import Any, Final

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry
from .outcome import (
    Attempt,
    Outcome,
    async_attempt,
    async_explain,
    async_wait_for_outcome,
    is_good,
)
from .snapshot import Snapshot

# Where people find a server that does not say at which address.
_ANYWHERE: Final = "app.plex.tv"
# By entry, what is being turned on for somebody who waits for the outcome.
_TURNING: HassKey[dict[str, Attempt]] = HassKey(f"{DOMAIN}_turning")


class OpeningFlow(OptionsFlowWithReload):
    """An options flow that can turn remote access on, and show the outcome."""

    _options: dict[str, Any]
    _turning: Attempt
    _outcome: asyncio.Task[Outcome] | None = None

    @callback
    def begin_opening(self, options: dict[str, Any]) -> ConfigFlowResult:
        """Turn remote access on with these options."""
        self._options = options
        # Not ended by closing the dialog: the owner has asked for it.
        turning = self.hass.async_create_background_task(
            self._turn_on(), f"{DOMAIN} opening"
        )
        self.hass.data.setdefault(_TURNING, {})[self.handler] = turning
        return self._await_outcome(turning)

    @callback
    def resume_opening(self) -> ConfigFlowResult | None:
        """Take over from the dialog that turns remote access on, if there is one.

        After a set-up the frontend begins another options flow instead of going on
        with the one that it is told of.
        """
        turning = self.hass.data.get(_TURNING, {}).get(self.handler)
        if turning is None:
            return None
        flows = self.hass.config_entries.options
        for flow in flows.async_progress_by_handler(self.handler):
            if flow["flow_id"] != self.flow_id:
                flows.async_abort(flow["flow_id"])
        return self._await_outcome(turning)

    @callback
    def _await_outcome(self, turning: Attempt) -> ConfigFlowResult:
        self._turning = turning
        self._outcome = self.hass.async_create_background_task(
            async_wait_for_outcome(self.config_entry, turning), f"{DOMAIN} outcome"
        )
        return self._show_progress(self._outcome)

    async def async_step_opening(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show that it takes a while; chosen from the menu, try again."""
        if self._outcome is None:
            return self.begin_opening(dict(self.config_entry.options))
        if not self._outcome.done():
            return self._show_progress(self._outcome)
        self.hass.data[_TURNING].pop(self.handler, None)
        good = is_good(self._outcome.result())
        return self.async_show_progress_done(
            next_step_id="reachable" if good else "not_reachable"
        )

    async def async_step_reachable(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say where the server is reached."""
        if user_input is not None or self._outcome is None:
            return await self.async_step_done()
        snapshot = self._outcome.result()
        assert isinstance(snapshot, Snapshot)
        endpoint = snapshot.public_ip, snapshot.public_port
        return self.async_show_form(
            step_id="reachable",
            description_placeholders={
                "server": self.config_entry.title,
                "address": "{}:{}".format(*endpoint) if all(endpoint) else _ANYWHERE,
            },
        )

    async def async_step_not_reachable(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say why not, and offer what can be done here."""
        outcome, self._outcome = self._outcome, None
        reason = await async_explain(self.hass, outcome.result()) if outcome else ""
        return self.async_show_menu(
            step_id="not_reachable",
            menu_options=["remote_access", "opening", "done"],
            description_placeholders={
                "server": self.config_entry.title,
                "reason": reason,
            },
        )

    async def async_step_done(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """End; the options have been taken over before."""
        return self.async_create_entry(data=dict(self.config_entry.options))

    @callback
    def _show_progress(self, outcome: asyncio.Task[Outcome]) -> ConfigFlowResult:
        return self.async_show_progress(
            step_id="opening",
            progress_action="opening",
            progress_task=outcome,
            description_placeholders={"server": self.config_entry.title},
        )

    async def _turn_on(self) -> HomeAssistantError | None:
        """Take over the options, and turn on; return what went wrong."""
        entry: PlexRemoteAccessConfigEntry = self.config_entry
        entries = self.hass.config_entries
        if entries.async_update_entry(entry, options=self._options):
            await entries.async_reload(entry.entry_id)
        if entry.state is not ConfigEntryState.LOADED:
            return HomeAssistantError(
                translation_domain=DOMAIN, translation_key="not_loaded"
            )
        coordinator = entry.runtime_data
        if coordinator.data.enabled:
            # Otherwise plex.tv would have no reason to look again.
            return await async_attempt(coordinator.async_retry())
        return await async_attempt(coordinator.async_switch_on())
