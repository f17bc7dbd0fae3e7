"""Taking the steps that a plan names."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from .const import LOGGER
from .memory import Memory
from .plan import Close, Mend, Open, PortMapping, Probe, Remedy, Seen, Step, Turn, Write
from .plex import PlexError, PreferenceChange
from .port_watch import PortWatch
from .portmap import KeptPort, Signal, random_port
from .remedy import RemedyWatch
from .router_switch import RouterSwitch
from .server_watch import ServerWatch
from .timeline import Timeline
from .verdict import VerdictWatch


class StepTaker:
    """Does what is to be done at the server, the router and the linked switch."""

    def __init__(
        self,
        name: str,
        *,
        server: ServerWatch,
        kept: KeptPort,
        switch: RouterSwitch,
        port: PortWatch,
        verdict: VerdictWatch,
        remedies: RemedyWatch,
        memory: Memory,
        remember: Callable[[], Awaitable[None]],
        timeline: Timeline,
    ) -> None:
        """Do nothing yet; the name is for the log."""
        self.times_taken = 0
        self._name: Final = name
        self._server: Final = server
        self._kept: Final = kept
        self._switch: Final = switch
        self._port: Final = port
        self._verdict: Final = verdict
        self._remedies: Final = remedies
        self._memory: Final = memory
        self._remember: Final = remember
        self._timeline: Final = timeline

    async def take(
        self, steps: tuple[Step, ...], mode: PortMapping, seen: Seen
    ) -> None:
        """Take steps side by side; all are tried before the first error is raised.

        A linked switch is turned last, so that what depends on it is not the first to
        fail. Raises PlexError and RouterSwitchError.
        """
        turns = [step for step in steps if isinstance(step, Turn)]
        others = [step for step in steps if not isinstance(step, Turn)]
        outcomes: list[BaseException | None] = []
        for group in (others, turns):
            outcomes += await asyncio.gather(
                *(self._take(step, mode, seen) for step in group),
                return_exceptions=True,
            )
        self.times_taken += 1
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _take(self, step: Step, mode: PortMapping, seen: Seen) -> None:
        LOGGER.debug("%s: %s", self._name, step)
        self._timeline.happened("step", step)
        match step:
            case Write(change):
                if mode is PortMapping.AUTOMATIC and change.manual_mode is not None:
                    self._memory.remember_original(seen.preferences)
                await self._write(change)
            case Open(port):
                # Known on disk first: after a power cut it is searched for.
                self._kept.prepare()
                await self._remember()
                await self._kept.open(port)
            case Mend(remedy):
                self._remedies.tried(remedy)
                await self._mend(remedy)
            case Probe():
                await self._probe()
            case Turn(on):
                await self._switch.turn(on=on)
                self._memory.linked = self._switch.entity_id if on else None
            case Close():
                await self._kept.close()

    async def _write(self, change: PreferenceChange) -> None:
        await self._server.write(change)
        if change.republishes:
            self._verdict.published()

    async def _mend(self, remedy: Remedy) -> None:
        match remedy:
            case Remedy.CHECK:
                await self._kept.tend(Signal.ANNOUNCEMENT)
            case Remedy.REBUILD:
                await self._kept.rebuild()
            case Remedy.MOVE:
                self._port.wanted = random_port()
            case Remedy.REPUBLISH:
                # Kept on disk first: also after a power cut it is published again.
                self._memory.republishing = True
                await self._remember()
                await self._write(PreferenceChange(publish=False))
            case Remedy.PROBE:
                await self._probe()

    async def _probe(self) -> None:
        """Have plex.tv look again; a server that does not want to is left alone."""
        self._verdict.probed()
        try:
            await self._server.server.refresh_reachability()
        except PlexError as err:
            LOGGER.debug("%s: No probe: %s", self._name, err)
