"""Bringing what is true in line with what is wanted, for one Plex server."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .announcer import Announcer
from .closing import ClosingTime
from .const import CONF_PORT_MAPPING, CONF_PREFERRED_PORT, CONF_ROUTER_SWITCH, LOGGER
from .memory import Memory, MemoryStore
from .plan import (
    Plan,
    PortMapping,
    Request,
    Seen,
    Status,
    Step,
    Wanted,
    adopt_mode,
    make_plan,
)
from .plex import Account, MappingState, PlexError, PlexServer, Preferences
from .port_watch import PortWatch
from .portmap import PortMapError, Signal
from .remedy import RemedyWatch
from .router_switch import RouterSwitch, RouterSwitchError
from .routers import RouterCare
from .server_watch import ServerWatch
from .snapshot import Snapshot, take_snapshot
from .steps import StepTaker
from .timeline import Timeline
from .verdict import VerdictWatch

# Every goal is a few steps away (close, open, write, turn); more means that somebody
# works against us, and the next look may have another go.
_ROUNDS: Final = 6
_CALM: Final = frozenset({Status.REACHABLE, Status.DISABLED})


class Reconciler:
    """Compares what is wanted with what is true, and takes the steps between the two.

    Only ever one call at a time may act (see the coordinator's lock).
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        server: PlexServer,
        care: RouterCare,
        memory: Memory,
        store: MemoryStore,
        changed: Callable[[], None],
        timeline: Timeline,
    ) -> None:
        """Go on from what is remembered; `changed` is called for news from the router."""
        self.seen: Seen | None = None
        self.answers: Final = ServerWatch(server)
        self.closing: Final = ClosingTime(memory)
        self.kept: Final = care.async_keep(entry, memory.nonce, changed=changed)
        self.kept.adopt(memory.mapping, memory.leaving, unsure=memory.unsure)
        self.switch: Final = RouterSwitch(hass, entry.options.get(CONF_ROUTER_SWITCH))
        self.verdict: Final = VerdictWatch(memory.probed_at)
        self.announcer: Final = Announcer()
        self.timeline: Final = timeline
        self._hass: Final = hass
        self._entry: Final = entry
        self._memory: Final = memory
        self._store: Final = store
        self._port: Final = PortWatch(self.verdict, memory.mapping)
        self._remedies: Final = RemedyWatch()
        self._steps: Final = StepTaker(
            entry.title,
            server=self.answers,
            kept=self.kept,
            switch=self.switch,
            port=self._port,
            verdict=self.verdict,
            remedies=self._remedies,
            memory=memory,
            remember=self.remember,
            timeline=self.timeline,
        )
        self._calm = False

    @property
    def mode(self) -> PortMapping:
        """Return who opens the port."""
        return PortMapping(self._entry.options[CONF_PORT_MAPPING])

    @property
    def holds_port(self) -> bool:
        """Tell whether we could close something without the server."""
        return self.kept.mapping is not None or self._memory.linked is not None

    @property
    def steps_taken(self) -> int:
        """Return how often steps were taken; answers from before are old."""
        return self._steps.times_taken

    def pauses(self) -> tuple[float | None, ...]:
        """Return in how many seconds there may be something to see or to do."""
        if self.answers.failing:
            # Nothing else can be done before that.
            return (self.answers.due_in, self.closing.due_in)
        return (
            self.answers.due_in,
            self.announcer.due_in,
            self.closing.due_in,
            self._remedies.due_in,
            self.verdict.next_pause(),
        )

    # What is true

    async def ask(self) -> tuple[Preferences, Account]:
        """Ask the server. Raises PlexError."""
        return await self.answers.ask(closely=not self._calm)

    def observe(
        self, preferences: Preferences, account: Account, *, overruled: bool = False
    ) -> Seen:
        """Put together how things are; `overruled` by a wish is what Plex has said."""
        self._follow(preferences, account, overruled=overruled)
        kept = self.kept
        self._port.look(kept, account)
        if account.mapping_state is not MappingState.FAILED:
            self.verdict.look(green=account.mapping_state is MappingState.MAPPED)
        self.seen = Seen(
            preferences=preferences,
            account=account,
            public_address=self._port.public_address,
            mapping=kept.mapping,
            asked_for=kept.wanted is not None,
            leaving=kept.leaving,
            still_open=kept.still_open,
            external_address=kept.external_address,
            obstacle=kept.obstacle.reason if kept.obstacle else None,
            settled=self.verdict.settled,
            probe_due=self.verdict.probe_due,
            remedy=self._remedies.due,
            link=self.switch.link,
        )
        return self.seen

    def recall(self) -> Seen | None:
        """Return what the server said last, and what is to be closed now."""
        kept = self.kept
        return self.seen and replace(
            self.seen, mapping=kept.mapping, asked_for=kept.wanted is not None
        )

    def _follow(
        self, preferences: Preferences, account: Account, *, overruled: bool
    ) -> None:
        """Follow what happened in Plex itself since the last look."""
        if self.seen is None:
            self._memory.make_up(preferences)
            return
        before = self.answers.before(self.seen.preferences, preferences)
        self.set_mode(adopt_mode(self.mode, before, preferences))
        if preferences.manual_port != before.manual_port:
            self.prefer(preferences.manual_port)
            self.verdict.changed()
        if preferences.manual_mode != before.manual_mode:
            self.verdict.changed()
        if preferences.publish != before.publish:
            self.verdict.changed()
            if not self._memory.republishing and not overruled:
                self._memory.engaged = preferences.publish
                self.closing.cancel()
                self.announcer.start_afresh()
        if preferences.publish:
            self._memory.republishing = False
        was_mapped = self.seen.account.mapping_state is MappingState.MAPPED
        if self.seen.settled and not was_mapped:
            if account.mapping_state is MappingState.MAPPED:
                # It has published itself anew, and not because of us.
                self.verdict.changed()

    async def describe_router(self) -> dict[str, Any]:
        """Return what the router can do, or why it does not say."""
        try:
            return await self.kept.describe_router()
        except PortMapError as err:
            return {"reason": err.reason, "detail": err.detail}

    # What is wanted

    def set_mode(self, mode: PortMapping) -> None:
        """Have somebody else open the port from now on."""
        self._memory.mode = mode
        if mode is not self.mode:
            self._memory.original = None
            self._hass.config_entries.async_update_entry(
                self._entry, options={**self._entry.options, CONF_PORT_MAPPING: mode}
            )

    def prefer(self, port: int | None) -> None:
        """Ask for another external port from now on, None for the usual one."""
        self._port.wanted = port
        if port is not None:
            self.kept.prefer(port)

    async def let_go(self) -> None:
        """Close what is not to be open any more, without the server."""
        if self.closing.is_overdue:
            await self.kept.close()
        elif self.kept.mapping is None and self.kept.still_open:
            await self.kept.tend()
        else:
            return
        await self.remember()

    async def intend(self, request: Request) -> None:
        """Take a wish for the owner's last word, on disk before it is carried out."""
        self._memory.engaged = request is Request.ON
        if request is Request.OFF:
            self._memory.republishing = False
        await self.remember()

    async def close_again(self) -> None:
        """Try once more to close what could not be closed before."""
        if self.kept.mapping is None and self.kept.still_open:
            await self.kept.close()

    async def start_anew(self) -> None:
        """Try once more what did not work, and see to what stands."""
        self._remedies.reset()
        self.kept.try_again()
        await self.kept.tend(Signal.ANNOUNCEMENT)

    def may_probe(self) -> bool:
        """Tell whether plex.tv may be asked now; its verdict is awaited then."""
        if not self.verdict.probe_allowed:
            return False
        self.verdict.probed()
        # What was told before it is not to stand for the answer.
        self.announcer.start_afresh()
        return True

    def new_choice(self, seen: Seen) -> Request | None:
        """Treat another mode, chosen in the options, as a wish to apply it."""
        if self._memory.mode is self.mode:
            return None
        self._memory.mode = self.mode
        self._memory.original = None
        return Request.ON if seen.preferences.publish else None

    def _wanted(self, seen: Seen, request: Request | None) -> Wanted:
        if self._port.wanted is None:
            mapping = self.kept.mapping
            self._port.wanted = (
                (mapping and mapping.external_port)
                or self._entry.options.get(CONF_PREFERRED_PORT)
                or seen.preferences.manual_port
            )
        if request is None and self._memory.republishing:
            request = Request.ON
        linked = self._memory.linked
        return Wanted(
            mode=self.mode,
            port=self._port.wanted,
            engaged=self._memory.engaged,
            holds_link=linked is not None and linked == self.switch.entity_id,
            request=request,
        )

    # The steps between the two

    async def reconcile(
        self, request: Request | None, seen: Seen, *, fresh: bool = True
    ) -> Snapshot:
        """Take the steps from what is true to what is wanted.

        What was seen may be old; the goal is only reached when a fresh look says so.
        Raises PlexError, and RouterSwitchError if somebody asked for something.
        """
        closes_at = self.closing.at
        if request is not None:
            self.timeline.happened("request", request)
        try:
            for _ in range(_ROUNDS):
                wanted = self._wanted(seen, request)
                plan = make_plan(wanted, seen)
                if fresh and not plan.steps:
                    break
                seen, fresh = await self._take(plan.steps, seen, request), True
            else:
                wanted = self._wanted(seen, request)
                plan = make_plan(wanted, seen)
        except RouterSwitchError as err:
            if request is not None:
                raise
            # What the switch shows instead is told as reason.
            LOGGER.debug("%s: %s", self._entry.title, err)
        finally:
            await self.remember()
        if request is Request.OFF and self.closing.at == closes_at:
            # Another time that was set meanwhile is for the next on.
            self.closing.cancel()
            await self.remember()
        return self._tell(wanted, seen, plan)

    async def look_here(self) -> Snapshot | None:
        """Look at what has changed but for the server; None if that leads to steps."""
        if self.seen is None:
            return None
        seen = self.observe(self.seen.preferences, self.seen.account)
        wanted = self._wanted(seen, None)
        if (plan := make_plan(wanted, seen)).steps:
            return None
        await self.remember()
        return self._tell(wanted, seen, plan)

    async def take(self, *steps: Step) -> None:
        """Take steps that the owner asks for. Raises PlexError."""
        if self.seen is not None:
            await self._steps.take(steps, self.mode, self.seen)

    @asynccontextmanager
    async def ending(
        self, duration: timedelta | None, *, wait_for_streams: bool
    ) -> AsyncIterator[None]:
        """End what is switched on meanwhile after a while, or not any more.

        Where switching on fails, what was on for good stays so.
        """
        closing, seen = self.closing, self.seen
        for_good = closing.at is None and seen is not None and seen.preferences.publish
        closing.cancel()
        if duration is not None:
            closing.set(duration, wait_for_streams=wait_for_streams)
        try:
            yield
        except PlexError:
            if for_good:
                closing.cancel()
                await self.remember()
            raise

    async def remember(self) -> None:
        """Keep on disk what must survive a power cut."""
        self._memory.mapping = self.kept.mapping
        self._memory.leaving = self.kept.leaving
        self._memory.probed_at = self.verdict.probed_at
        self._memory.unsure = self.kept.unsure
        await self._store.async_keep(self._memory)

    async def _take(
        self, steps: tuple[Step, ...], seen: Seen, request: Request | None
    ) -> Seen:
        await self._steps.take(steps, self.mode, seen)
        await self.remember()
        # Off holds whatever else is said meanwhile.
        return self.observe(*await self.ask(), overruled=request is Request.OFF)

    def _tell(self, wanted: Wanted, seen: Seen, plan: Plan) -> Snapshot:
        """Return what people see of how things stand."""
        self._remedies.judge(
            plan, mapped=seen.mapping is not None, engaged=wanted.engaged
        )
        self._calm = seen.settled and plan.status in _CALM
        obstacle = self.kept.obstacle
        self.timeline.stands("obstacle", obstacle and obstacle.detail)
        self.timeline.stands("verdict", (plan.status, plan.cause))
        return take_snapshot(
            wanted,
            seen,
            self.announcer.tell(plan, settled=seen.settled),
            obstacle=obstacle,
            closes_at=self._memory.closes_at,
        )
