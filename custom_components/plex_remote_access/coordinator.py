"""Coordinator: when to look, and what the owner does, for one Plex server."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .acts import Acts, GivenUpError
from .alarm import Alarm
from .clients import create_server
from .const import CONF_PORT_MAPPING, DOMAIN, LOGGER, NEWS_DELAY
from .errors import interrupted, still_open, switch_failed, update_failed
from .memory import MemoryStore
from .plan import PortMapping, Request, Step, Write
from .plex import (
    SIGNED_OUT,
    Account,
    Identity,
    PlexError,
    PlexServer,
    PlexSignedOutError,
    PlexWriteError,
    PreferenceChange,
    Preferences,
    listen,
)
from .portmap import KeptPort
from .reconciler import Reconciler
from .refusals import async_end_reauth, async_get_refusals
from .router_switch import RouterSwitchError
from .routers import async_get_router_care
from .snapshot import Snapshot
from .timeline import Timeline

type PlexRemoteAccessConfigEntry = ConfigEntry[PlexRemoteAccessCoordinator]


class PlexRemoteAccessCoordinator(DataUpdateCoordinator[Snapshot]):
    """Keeps one server's remote access as its owner wants it.

    Everything that happens causes a look; each look compares what is wanted with
    what is true and takes the steps between the two.
    """

    config_entry: PlexRemoteAccessConfigEntry
    identity: Identity
    server: PlexServer
    server_name: str | None = None
    _reconciler: Reconciler
    _kept: KeptPort | None = None

    def __init__(self, hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry) -> None:
        """Prepare; nothing is asked or changed yet."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=entry.title, always_update=False
        )
        self._acts: Final = Acts()
        self._care: Final = async_get_router_care(hass, entry.options)
        self.timeline: Final = Timeline()
        self._alarm: Final = Alarm(hass, self._look)
        self._refusals: Final = async_get_refusals(hass, entry.entry_id)

    @override
    async def _async_setup(self) -> None:
        """Recall what we did last, and make sure that this is the right server."""
        entry = self.config_entry
        self.server = await create_server(self.hass, entry.data, entry.unique_id)
        store = MemoryStore(self.hass, entry)
        memory = await store.async_recall(PortMapping(entry.options[CONF_PORT_MAPPING]))
        self._reconciler = Reconciler(
            self.hass,
            entry,
            server=self.server,
            care=self._care,
            memory=memory,
            store=store,
            changed=self._look_here,
            timeline=self.timeline,
        )
        self._kept = self._reconciler.kept
        try:
            await self._meet_server()
        except (PlexError, ConfigEntryError) as err:
            # What is not to be open is closed without the server.
            await self._reconciler.let_go()
            if isinstance(err, ConfigEntryError):
                raise
            self._refusals.failed(err)
            self.timeline.stands("server", type(err).__name__)
            raise update_failed(err) from err
        # Before anything is opened: after a power cut it has to be known as ours.
        await self._reconciler.remember()

    async def _meet_server(self) -> None:
        """Find out who the server is. Raises PlexError."""
        self.identity = await self.server.identity()
        if self.identity.machine_identifier != self.config_entry.unique_id:
            raise ConfigEntryError(
                translation_domain=DOMAIN, translation_key="wrong_server"
            )
        try:
            self.server_name = await self.server.name()
        except PlexError as err:
            await self._judge(err)
            raise

    # Looks

    @override
    async def _async_update_data(self) -> Snapshot:
        """Look, and mend what is not as the owner wants it."""
        reconciler, before = self._reconciler, self.data
        try:
            if await reconciler.closing.is_due(self.server):
                closed = await self._acts.run(self._close, yields=False)
                return self._tell(before, closed)
            # Without the lock: a hanging server must not keep the owner from closing.
            # Answers from before our last steps would look as if these were undone.
            steps_taken, answers = reconciler.steps_taken, await self._ask_server()
            look = partial(self._look_at, steps_taken, answers)
            return self._tell(before, await self._acts.run(look))
        except GivenUpError as err:
            if reconciler.seen is None:
                raise UpdateFailed from err
            return self.data
        except PlexError as err:
            self.timeline.stands("server", type(err).__name__)
            raise update_failed(err) from err
        except RouterSwitchError as err:
            raise switch_failed(err) from err
        finally:
            self._schedule_look()

    async def _close(self) -> Snapshot:
        """Close because it is time, unless that was done before it was our turn."""
        done = self._reconciler.closing.due_in is None
        try:
            return await self._carry_out(None if done else Request.OFF)
        except PlexError as err:
            await self._judge(err)
            raise

    async def _look_at(
        self, steps_taken: int, answers: tuple[Preferences, Account]
    ) -> Snapshot:
        """Mend what is not as the owner wants it, by answers from so many steps ago."""
        reconciler = self._reconciler
        if steps_taken != reconciler.steps_taken:
            answers = await self._ask_server()
        seen = reconciler.observe(*answers)
        return await reconciler.reconcile(reconciler.new_choice(seen), seen)

    def _tell(self, before: Snapshot, snapshot: Snapshot) -> Snapshot:
        """Return the outcome of a look, told here if another was told meanwhile."""
        if self.data is not before:
            self.async_set_updated_data(snapshot)
        return snapshot

    async def _ask_server(self) -> tuple[Preferences, Account]:
        reconciler = self._reconciler
        try:
            answers = await reconciler.ask()
        except PlexError as err:
            try:
                await self._judge(err)
            except PlexSignedOutError:
                if reconciler.seen is None:
                    raise
                self.timeline.stands("server", PlexSignedOutError.__name__)
                return reconciler.seen.preferences, SIGNED_OUT
            raise
        self.timeline.stands("server", "answers")
        if self._refusals.accepted() or not self.last_update_success:
            # It has started anew, as a rule, and shows green until plex.tv was here.
            reconciler.verdict.changed()
            async_end_reauth(self.hass, self.config_entry)
        return answers

    async def _judge(self, error: PlexError) -> None:
        """Ask the owner for another token if this one is certainly no good.

        Raises PlexSignedOutError where no token can be: the server is nobody's.
        """
        if not self._refusals.failed(error):
            return
        if (await self.server.identity()).claimed is False:
            raise PlexSignedOutError("The server is not signed in") from error
        self.config_entry.async_start_reauth(self.hass)

    @property
    def hears_news(self) -> bool:
        """Tell whether the server says by itself what is new."""
        return self._reconciler.answers.is_told

    async def async_describe_router(self) -> dict[str, Any]:
        """Return what the router can do; it is asked, and nothing is opened."""
        return await self._reconciler.describe_router()

    @property
    def is_signed_out(self) -> bool:
        """Tell whether there was nothing to be had because the server is nobody's."""
        error = self.last_exception
        return error is not None and isinstance(error.__cause__, PlexSignedOutError)

    # What the owner does

    @property
    def holds_port(self) -> bool:
        """Tell whether off closes something, also if the server does not answer."""
        return self._reconciler.holds_port

    async def async_switch_on(
        self, duration: timedelta | None = None, *, wait_for_streams: bool = False
    ) -> None:
        """Turn remote access on, for good or for a while. Raises PlexError."""
        reconciler = self._reconciler
        async with reconciler.ending(duration, wait_for_streams=wait_for_streams):
            reconciler.prefer(None)
            await self._act(Request.ON)

    async def async_switch_off(self) -> None:
        """Turn remote access off. Raises PlexError.

        Raises HomeAssistantError if the router could not be made to close.
        """
        closing, kept = self._reconciler.closing, self._reconciler.kept
        # It holds from now on, also for what can only be done after a restart.
        closing.set_now()
        # Whatever is being asked right now need not be waited for.
        self._acts.interrupt()
        kept.interrupt()
        try:
            await self._act(Request.OFF)
        except PlexWriteError:
            # The server has answered; it is up to the owner.
            closing.cancel()
            raise
        if kept.still_open:
            raise still_open(kept.leaving)

    async def async_retry(self) -> None:
        """Try everything again, now; have plex.tv look as well. Raises PlexError."""
        if not self.data.enabled or self._reconciler.closing.is_overdue:
            await self._act(None)
            return
        await self._act(Request.ON)
        if self._reconciler.may_probe():
            try:
                await self.server.refresh_reachability()
            finally:
                self._on_news()
            await self._act(None)

    async def async_set_mode(self, mode: PortMapping) -> None:
        """Let somebody else open the port from now on. Raises PlexError."""
        self._reconciler.set_mode(mode)
        stays_on = self.data.enabled and not self._reconciler.closing.is_overdue
        await self._act(Request.ON if stays_on else None)

    async def async_write(self, change: PreferenceChange) -> None:
        """Change settings of the server, in one request. Raises PlexError.

        A mapping of ours moves to another port first: the server is told the one that
        the router gives.
        """
        reconciler = self._reconciler
        if change.manual_port is not None:
            reconciler.prefer(change.manual_port)
            if reconciler.kept.mapping is not None:
                change = replace(change, manual_port=None)
        await self._act(None, *([Write(change)] if change else []))

    async def _act(self, request: Request | None, *steps: Step) -> None:
        """Carry out a wish of the owner, and before it what he asks for by name."""
        self._reconciler.answers.expire()
        if request is not None:
            self._reconciler.announcer.start_afresh()
        try:
            if steps:
                await self._run(partial(self._reconciler.take, *steps))
            snapshot = await self._run(
                partial(self._carry_out, request), yields=request is not Request.OFF
            )
            if snapshot is not None:
                self.async_set_updated_data(snapshot)
        except PlexError, RouterSwitchError:
            # A look mends what was done by halves: it closes a port opened for nothing.
            self._alarm.set(NEWS_DELAY.total_seconds())
            raise
        finally:
            self._schedule_look()

    async def _run[T](
        self, act: Callable[[], Coroutine[Any, Any, T]], *, yields: bool = True
    ) -> T | None:
        """Act when it is our turn; None if the owner has switched off instead."""
        try:
            return await self._acts.run(act, yields=yields)
        except GivenUpError as err:
            if self._shutdown_requested:
                raise interrupted() from err
            return None

    async def _carry_out(self, request: Request | None) -> Snapshot:
        """Carry out a wish. Off is off at once, also if the server does not answer."""
        reconciler = self._reconciler
        if request is not None:
            await reconciler.intend(request)
        if request is Request.ON:
            await reconciler.start_anew()
        if request is Request.OFF:
            await reconciler.close_again()
            if (seen := reconciler.recall()) is not None:
                return await reconciler.reconcile(request, seen, fresh=False)
        overruled = request is not None
        seen = reconciler.observe(*await self._ask_server(), overruled=overruled)
        return await reconciler.reconcile(request, seen)

    # When to look again

    @callback
    def async_listen(self) -> None:
        """Look whenever there is something new, as long as we are loaded."""
        entry, reconciler = self.config_entry, self._reconciler
        entry.async_on_unload(self._care.async_look_after(reconciler.kept))
        entry.async_on_unload(reconciler.switch.async_listen(self._look_here))
        entry.async_create_background_task(
            self.hass,
            listen(self.server, self._on_news, reconciler.answers.listening),
            f"{DOMAIN} news",
        )

    @override
    async def async_request_refresh(self) -> None:
        """Look because somebody asks for it."""
        self._reconciler.answers.expire()
        await super().async_request_refresh()

    @callback
    def _on_news(self) -> None:
        """Look soon; once for news that come together."""
        self._reconciler.answers.expire()
        self._alarm.set(NEWS_DELAY.total_seconds())

    @callback
    def _schedule_look(self) -> None:
        if not self._shutdown_requested:
            pauses = (*self._reconciler.pauses(), self._refusals.due_in)
            seconds = min(pause for pause in pauses if pause is not None)
            self._alarm.set(max(0.5, seconds))

    @callback
    def _look(self) -> None:
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{DOMAIN} look"
        )

    @callback
    def _look_here(self) -> None:
        """Look at what has changed here; the server is only asked if that matters."""
        self.config_entry.async_create_background_task(
            self.hass, self._async_look_here(), f"{DOMAIN} look"
        )

    async def _async_look_here(self) -> None:
        if self.last_update_success:
            with suppress(GivenUpError):
                snapshot = await self._acts.run(self._reconciler.look_here)
                if snapshot is not None:
                    self.async_set_updated_data(snapshot)
                    self._schedule_look()
                    return
        # A server that fails is seen as soon as it answers.
        if self.last_update_success or not self._reconciler.answers.failing:
            self._reconciler.answers.expire()
            await self.async_refresh()
        if not self.last_update_success:
            # It may have been the port that the switch is there for.
            self.async_update_listeners()

    @override
    async def async_shutdown(self) -> None:
        """Stop looking. The mapping stays: a reload is no reason to close the port.

        What is under way ends first: whoever comes next must find all on disk.
        """
        await super().async_shutdown()
        self._alarm.cancel()
        await self._acts.end()
        if self._kept is not None:
            await self._kept.stop()
