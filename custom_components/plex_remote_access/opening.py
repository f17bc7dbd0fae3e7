"""Turning remote access on from a dialog, and showing what comes of it."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, STANDING
from .coordinator import PlexRemoteAccessConfigEntry, PlexRemoteAccessCoordinator
from .errors import update_failed
from .plan import Status
from .plex import PlexError
from .snapshot import Snapshot

type Outcome = asyncio.Task[Snapshot | HomeAssistantError]

# By entry, what is being turned on for somebody who waits for the outcome.
_TURNING: HassKey[dict[str, asyncio.Task[HomeAssistantError | None]]] = HassKey(
    f"{DOMAIN}_turning"
)
_TEXTS: Final = f"component.{DOMAIN}.entity.sensor.status"
_AWAITED: Final = frozenset({Status.CONNECTING, Status.UNKNOWN})


class OpeningFlow(OptionsFlowWithReload):
    """An options flow that can turn remote access on, and show the outcome."""

    _options: dict[str, Any]
    _turning: asyncio.Task[HomeAssistantError | None]
    _outcome: Outcome | None = None

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
    def _await_outcome(
        self, turning: asyncio.Task[HomeAssistantError | None]
    ) -> ConfigFlowResult:
        self._turning = turning
        self._outcome = self.hass.async_create_background_task(
            self._wait_for_outcome(), f"{DOMAIN} outcome"
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
        outcome = self._outcome.result()
        if isinstance(outcome, Snapshot) and outcome.reachable:
            return self.async_show_progress_done(next_step_id="reachable")
        return self.async_show_progress_done(next_step_id="not_reachable")

    async def async_step_reachable(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say where the server is reached."""
        if user_input is not None or self._outcome is None:
            return await self.async_step_done()
        snapshot = self._outcome.result()
        assert isinstance(snapshot, Snapshot)
        return self.async_show_form(
            step_id="reachable",
            description_placeholders={
                "server": self.config_entry.title,
                "address": f"{snapshot.public_ip}:{snapshot.public_port}",
            },
        )

    async def async_step_not_reachable(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say why not, and offer what can be done here."""
        outcome, self._outcome = self._outcome, None
        return self.async_show_menu(
            step_id="not_reachable",
            menu_options=["remote_access", "opening", "done"],
            description_placeholders={
                "server": self.config_entry.title,
                "reason": await self._why(outcome) if outcome else "",
            },
        )

    async def async_step_done(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """End; the options have been taken over before."""
        return self.async_create_entry(data=dict(self.config_entry.options))

    @callback
    def _show_progress(self, outcome: Outcome) -> ConfigFlowResult:
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
        try:
            if coordinator.data.enabled:
                # Otherwise plex.tv would have no reason to look again.
                await coordinator.async_retry()
            else:
                await coordinator.async_switch_on()
        except PlexError as err:
            return update_failed(err)
        except HomeAssistantError as err:
            return err
        return None

    async def _wait_for_outcome(self) -> Snapshot | HomeAssistantError:
        """Wait for plex.tv's verdict, but not for ever; or return what went wrong."""
        if (error := await asyncio.shield(self._turning)) is not None:
            return error
        entry: PlexRemoteAccessConfigEntry = self.config_entry
        coordinator: PlexRemoteAccessCoordinator = entry.runtime_data
        news = asyncio.Event()
        leave = coordinator.async_add_listener(news.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(STANDING.total_seconds()):
                    while coordinator.data.status in _AWAITED:
                        await news.wait()
                        news.clear()
        finally:
            leave()
        return coordinator.data

    async def _why(self, outcome: Outcome) -> str:
        """Return in words why nobody gets in."""
        if isinstance(snapshot := outcome.result(), HomeAssistantError):
            return str(snapshot)
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "entity", {DOMAIN}
        )
        if snapshot.reason is None:
            return texts[f"{_TEXTS}.state.{snapshot.status}"]
        return texts[f"{_TEXTS}.state_attributes.reason.state.{snapshot.reason}"]
