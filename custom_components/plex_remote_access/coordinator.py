"""Coordinator: looks, plans and acts, for one Plex server."""

import asyncio
from dataclasses import replace
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .alarm import Alarm
from .clients import create_server
from .const import (
    CONF_PORT_MAPPING,
    CONF_PREFERRED_PORT,
    DOMAIN,
    LOGGER,
    NEWS_DELAY,
    POLL_INTERVAL,
)
from .errors import still_open, update_failed
from .memory import Memory, MemoryStore
from .plan import (
    Close,
    Mend,
    Open,
    PortMapping,
    Probe,
    Remedy,
    Request,
    Seen,
    Step,
    Wanted,
    Write,
    adopt_mode,
    make_plan,
)
from .plex import (
    Account,
    Identity,
    PlexError,
    PlexServer,
    PreferenceChange,
    Preferences,
    listen,
)
from .port_watch import PortWatch
from .portmap import KeptPort, random_port
from .remedy import RemedyWatch
from .routers import async_get_router_care
from .snapshot import Snapshot, take_snapshot
from .verdict import VerdictWatch

type PlexRemoteAccessConfigEntry = ConfigEntry[PlexRemoteAccessCoordinator]

# Every goal is at most three steps away (close, open, write); more means that
# somebody works against us, and the next look may have another go.
_ROUNDS: Final = 5


class PlexRemoteAccessCoordinator(DataUpdateCoordinator[Snapshot]):
    """Keeps one server's remote access as its owner wants it.

    Everything that happens causes a look; each look compares what is wanted with
    what is true and takes the steps between the two.
    """

    config_entry: PlexRemoteAccessConfigEntry
    identity: Identity
    server: PlexServer
    server_name: str | None = None
    _kept: KeptPort

    def __init__(self, hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry) -> None:
        """Prepare; nothing is asked or changed yet."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=entry.title, always_update=False
        )
        # One look or act at a time: two that open and close at once would leave the
        # router with a mapping that neither knows of.
        self._lock: Final = asyncio.Lock()
        self._store: Final = MemoryStore(hass, entry.entry_id)
        self._memory = Memory(mode=self._mode)
        self._care: Final = async_get_router_care(hass, entry.options)
        self._alarm: Final = Alarm(hass, self._look)
        self._seen: Seen | None = None
        self._steps_taken = 0
        self._verdict: Final = VerdictWatch()
        self._port: Final = PortWatch(self._verdict)
        self._remedies: Final = RemedyWatch()

    @property
    def _mode(self) -> PortMapping:
        return PortMapping(self.config_entry.options[CONF_PORT_MAPPING])

    # What is true

    @override
    async def _async_setup(self) -> None:
        """Make sure that this is the right server, and recall what we did last."""
        try:
            self.server = await create_server(self.hass, self.config_entry.data)
            self.identity = await self.server.identity()
            self.server_name = await self.server.name()
        except PlexError as err:
            raise update_failed(err) from err
        if self.identity.machine_identifier != self.config_entry.unique_id:
            raise ConfigEntryError(
                translation_domain=DOMAIN, translation_key="wrong_server"
            )
        await self._recall()

    async def _recall(self) -> None:
        if (data := await self._store.async_load()) is not None:
            self._memory = Memory.from_dict(data)
        # On disk before anything is opened: after a power cut it has to be known as ours.
        await self._store.async_keep(self._memory)
        self._kept = self._care.async_keep(
            self.config_entry, self._memory.nonce, changed=self._look
        )
        self._kept.adopt(self._memory.mapping, self._memory.leaving)

    @override
    async def _async_update_data(self) -> Snapshot:
        """Look, and mend what is not as the owner wants it."""
        try:
            # Asked without the lock: a server that hangs must not keep the owner from
            # closing the port meanwhile. Answers from before our own last steps would
            # look as if somebody had undone these.
            steps_taken, answers = self._steps_taken, await self._ask_server()
            async with self._lock:
                if steps_taken != self._steps_taken:
                    answers = await self._ask_server()
                seen = self._observe(*answers)
                return await self._reconcile(self._new_choice(seen), seen)
        except PlexError as err:
            raise update_failed(err) from err
        finally:
            self._schedule_look()

    async def _ask_server(self) -> tuple[Preferences, Account]:
        return await self.server.preferences(), await self.server.account()

    def _observe(self, preferences: Preferences, account: Account) -> Seen:
        """Put together how things are."""
        self._follow(preferences)
        kept = self._kept
        self._port.look(kept, account)
        self._seen = Seen(
            preferences=preferences,
            account=account,
            public_address=self._port.public_address,
            mapping=kept.mapping,
            leaving=kept.leaving,
            external_address=kept.external_address,
            obstacle=kept.obstacle.reason if kept.obstacle else None,
            settled=self._verdict.settled,
            probe_due=self._verdict.probe_due,
            remedy=self._remedies.due,
        )
        return self._seen

    def _follow(self, preferences: Preferences) -> None:
        """Follow what the owner changed in Plex itself since the last look."""
        if self._seen is None:
            return
        before = self._seen.preferences
        self._set_mode(adopt_mode(self._mode, before, preferences))
        if preferences.manual_port != before.manual_port:
            self._prefer(preferences.manual_port)
            self._verdict.changed()
        if preferences.manual_mode != before.manual_mode:
            self._verdict.changed()
        if preferences.publish != before.publish:
            self._memory.engaged = (
                preferences.publish and self._mode is PortMapping.AUTOMATIC
            )
            self._verdict.changed()

    # What is wanted

    def _new_choice(self, seen: Seen) -> Request | None:
        """Treat another mode, chosen in the options, as a wish to apply it."""
        if self._memory.mode is self._mode:
            return None
        self._memory.mode = self._mode
        self._memory.original = None
        return Request.ON if seen.preferences.publish else None

    def _wanted(self, seen: Seen, request: Request | None) -> Wanted:
        if self._port.wanted is None:
            mapping = self._kept.mapping
            self._port.wanted = (
                (mapping and mapping.external_port)
                or self.config_entry.options.get(CONF_PREFERRED_PORT)
                or seen.preferences.manual_port
            )
        return Wanted(
            mode=self._mode,
            port=self._port.wanted,
            engaged=self._memory.engaged,
            request=request,
        )

    def _prefer(self, port: int) -> None:
        self._port.wanted = port
        self._kept.prefer(port)

    def _set_mode(self, mode: PortMapping) -> None:
        self._memory.mode = mode
        if mode is not self._mode:
            self.hass.config_entries.async_update_entry(
                self.config_entry,
                options={**self.config_entry.options, CONF_PORT_MAPPING: mode},
            )

    # The steps between the two

    async def _reconcile(self, request: Request | None, seen: Seen) -> Snapshot:
        """Take the steps from what is true to what is wanted.

        What was seen may be old if the wish is to switch off; the goal is only
        reached when a fresh look says so.
        """
        if request is not None:
            self._memory.engaged = (
                request is Request.ON and self._mode is PortMapping.AUTOMATIC
            )
        fresh = request is not Request.OFF
        try:
            for _ in range(_ROUNDS):
                plan = make_plan(wanted := self._wanted(seen, request), seen)
                if fresh and not plan.steps:
                    break
                await self._take(plan.steps)
                seen, fresh = self._observe(*await self._ask_server()), True
            else:
                plan = make_plan(wanted := self._wanted(seen, request), seen)
        finally:
            self._memory.mapping = self._kept.mapping
            self._memory.leaving = self._kept.leaving
            await self._store.async_keep(self._memory)
        self._remedies.judge(plan, mapped=self._kept.mapping is not None)
        return take_snapshot(wanted, seen, plan)

    async def _take(self, steps: tuple[Step, ...]) -> None:
        """Take steps side by side; all are tried before the first error is raised."""
        outcomes = await asyncio.gather(
            *(self._apply(step) for step in steps), return_exceptions=True
        )
        self._steps_taken += 1
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _apply(self, step: Step) -> None:
        LOGGER.debug("%s: %s", self.name, step)
        match step:
            case Write(change):
                await self._write(change)
            case Open(port):
                await self._kept.open(port)
            case Mend(remedy):
                self._remedies.tried(remedy)
                if remedy is Remedy.REBUILD:
                    await self._kept.rebuild()
                else:
                    self._port.wanted = random_port()
            case Probe():
                await self._probe()
            case Close():
                await self._kept.close()

    async def _write(self, change: PreferenceChange) -> None:
        assert self._seen is not None
        if self._mode is PortMapping.AUTOMATIC and change.manual_mode is not None:
            self._memory.remember_original(self._seen.preferences)
        preferences = await self.server.set_preferences(change)
        self._seen = replace(self._seen, preferences=preferences)
        if change.republishes:
            self._verdict.published()

    async def _probe(self) -> None:
        """Have plex.tv look again; a server that does not want to is left alone."""
        self._verdict.probed()
        try:
            await self.server.refresh_reachability()
        except PlexError as err:
            LOGGER.debug("%s: No probe: %s", self.name, err)

    # What the owner does

    async def async_switch(self, request: Request) -> None:
        """Turn remote access on or off. Raises PlexError.

        Off raises HomeAssistantError if the router could not be made to close.
        """
        if request is Request.ON:
            self._port.wanted = None
        else:
            # Whatever the router is being asked right now need not be waited for.
            self._kept.interrupt()
        await self._act(request)
        if request is Request.OFF and self._kept.leaving:
            raise still_open(self._kept.leaving[-1])

    async def async_retry(self) -> None:
        """Try everything again, now; have plex.tv look as well. Raises PlexError."""
        if not self.data.enabled:
            await self._act(None)
            return
        await self._act(Request.ON)
        if self._verdict.probe_allowed:
            self._verdict.probed()
            await self.server.refresh_reachability()
            await self._act(None)

    async def async_set_mode(self, mode: PortMapping) -> None:
        """Let somebody else open the port from now on. Raises PlexError."""
        self._set_mode(mode)
        self._memory.original = None
        await self._act(Request.ON if self.data.enabled else None)

    async def async_write(self, change: PreferenceChange) -> None:
        """Change settings of the server, in one request. Raises PlexError.

        A mapping of ours moves to another port first: the server is told the one that
        the router gives.
        """
        if change.manual_port is not None:
            self._prefer(change.manual_port)
            if self._kept.mapping is not None:
                change = replace(change, manual_port=None)
        if change:
            async with self._lock:
                await self._take((Write(change),))
        await self._act(None)

    async def _act(self, request: Request | None) -> None:
        """Carry out a wish. Off is off at once, also if the server does not answer."""
        try:
            async with self._lock:
                if request is Request.ON:
                    self._remedies.reset()
                    self._kept.try_again()
                    await self._kept.tend(signalled=True)
                if request is Request.OFF and self._seen is not None:
                    seen = replace(self._seen, mapping=self._kept.mapping)
                else:
                    seen = self._observe(*await self._ask_server())
                self.async_set_updated_data(await self._reconcile(request, seen))
        except PlexError:
            # What was done by halves is mended by a look: a port that was opened for a
            # server that then refused to be published is closed again.
            self._alarm.set(NEWS_DELAY.total_seconds())
            raise
        finally:
            self._schedule_look()

    # When to look again

    @callback
    def async_listen(self) -> None:
        """Look whenever there is something new, as long as we are loaded."""
        self.config_entry.async_on_unload(self._care.async_look_after(self._kept))
        self.config_entry.async_create_background_task(
            self.hass, listen(self.server, self._on_news), f"{DOMAIN} news"
        )

    @callback
    def _on_news(self) -> None:
        """Look soon; once for news that come together."""
        self._alarm.set(NEWS_DELAY.total_seconds())

    @callback
    def _schedule_look(self) -> None:
        if not self._shutdown_requested:
            self._alarm.set(self._pause())

    def _pause(self) -> float:
        """Return the seconds until there may be something new to see."""
        pauses = (
            POLL_INTERVAL.total_seconds(),
            self._verdict.next_pause(),
            self._remedies.due_in,
        )
        return max(0.5, min(pause for pause in pauses if pause is not None))

    @callback
    def _look(self) -> None:
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{DOMAIN} look"
        )

    @override
    async def async_shutdown(self) -> None:
        """Stop looking. The mapping stays: a reload is no reason to close the port."""
        await super().async_shutdown()
        self._alarm.cancel()
