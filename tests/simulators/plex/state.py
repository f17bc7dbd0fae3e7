"""Remote access of a Plex server: from the switch to the verdict."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from tests.simulators.plextv import Outside

from .account import Account
from .faults import Faults, ReachabilityEvents, Timing
from .mapper import AutomaticMapper, ReleasingMapper
from .notifications import Notifications
from .preferences import (
    LAST_AUTOMATIC_PORT,
    MANUAL_MODE,
    MANUAL_PORT,
    PUBLISH,
    Preferences,
)
from .wire import Scalar

type Store = Callable[[Mapping[str, Scalar]], Awaitable[object]]


class MappingState(StrEnum):
    """How far the server has got with publishing itself."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    MAPPED = "mapped"
    FAILED = "failed"


@dataclass(frozen=True)
class Publication:
    """What the server says about its place on the Internet."""

    state: MappingState = MappingState.UNKNOWN
    error: str = ""
    public_address: str = ""
    public_port: int = 0


class RemoteAccess:
    """Publishes the server, asks the outside for a verdict, tells everybody."""

    def __init__(
        self,
        *,
        machine_identifier: str,
        account: Account,
        preferences: Preferences,
        store: Store,
        notifications: Notifications,
        outside: Outside,
        mapper: AutomaticMapper | None,
        faults: Faults,
        timing: Timing,
    ) -> None:
        """Set what it works with; nothing happens before the start."""
        self.publication = Publication()
        self.private_port = 0
        self._machine_identifier = machine_identifier
        self._account = account
        self._preferences = preferences
        self._store = store
        self._notifications = notifications
        self._outside = outside
        self._mapper = mapper
        self._faults = faults
        self._timing = timing
        self._work: asyncio.Task[None] | None = None
        self._rechecks: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        # Two writes at once must not leave two works behind.
        self._lock = asyncio.Lock()
        self._stuck = False
        self._holds_mapping = False

    @property
    def enabled(self) -> bool:
        """Return whether the owner wants the server to be published."""
        return bool(self._preferences[PUBLISH])

    @property
    def automatic(self) -> bool:
        """Return whether the server is to ask the router for a port."""
        return not self._preferences[MANUAL_MODE]

    async def start(self, private_port: int) -> None:
        """Begin as a server does that has just started."""
        self.private_port = private_port
        self._stuck = False
        if self._timing.recheck is not None:
            self._rechecks = asyncio.create_task(self._recheck_forever())
        await self.renew()

    async def stop(self) -> None:
        """End all work; the account forgets what it knew."""
        if self._rechecks is not None:
            self._rechecks.cancel()
            await asyncio.wait([self._rechecks])
            self._rechecks = None
        async with self._lock:
            await self._cancel()
        self.publication = Publication()
        self._settled.clear()

    async def settled(self) -> None:
        """Wait until the last cause has led to a verdict; tell if we broke on it."""
        await self._settled.wait()
        while self._work is not None and self._work.cancelled():
            # The next cause is about to take its place.
            await asyncio.sleep(0)
            await self._settled.wait()
        if self._work is not None and self._work.done():
            self._work.result()

    async def written(self, named: Collection[str], changed: Collection[str]) -> None:
        """Draw the consequences of settings that were written."""
        ports = changed if self._faults.ignores_unchanged_writes else named
        if PUBLISH in changed or not {MANUAL_MODE, MANUAL_PORT}.isdisjoint(ports):
            await self.renew()

    async def renew(self) -> None:
        """Publish anew, or take back what is published."""
        if not self.enabled or not self._account.signed_in:
            await self._do(self._withdraw)
        elif not self._stuck:
            await self._do(self._publish)

    async def refresh(self) -> None:
        """Ask the outside again, unless the answer is on its way already."""
        if self.enabled and self._settled.is_set() and not self._stuck:
            await self._do(partial(self._look_again, remap=False))

    async def recheck(self) -> None:
        """Look as the server does by itself from time to time."""
        if self.enabled and self._settled.is_set() and not self._stuck:
            await self._do(partial(self._look_again, remap=self.automatic))

    async def _recheck_forever(self) -> None:
        """Look from time to time."""
        while (period := self._timing.recheck) is not None:
            await asyncio.sleep(period)
            await self.recheck()

    async def _do(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do this instead of what is being done."""
        async with self._lock:
            await self._cancel()
            self._settled.clear()
            self._work = asyncio.create_task(work())
            self._work.add_done_callback(lambda _: self._settled.set())

    async def _cancel(self) -> None:
        """Drop what is being done."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])
            self._work = None

    async def _withdraw(self) -> None:
        """Be published no more."""
        state = MappingState.UNKNOWN
        if self._faults.keeps_mapping_state:
            state = self.publication.state
        self.publication = Publication(state)
        await self._release()
        if self._faults.event_on_disable:
            await self._tell(reachable=False)

    async def _publish(self) -> None:
        """Find out the public endpoint, publish it, have it probed."""
        self.publication = Publication(MappingState.WAITING)
        await asyncio.sleep(self._timing.enabling)
        port = await self._public_port()
        if port is None:
            self.publication = Publication(MappingState.FAILED)
            await self._tell(reachable=False)
            return
        address = await self._outside.public_address()
        error = self._faults.mapping_error or ("" if address else "publisherror")
        state = MappingState(self._faults.mapping_error_state if error else "mapped")
        self.publication = Publication(state, error, address or "", port)
        if error:
            self._stuck = error == "publisherror" and self._faults.publish_error_sticks
            await self._tell(reachable=False)
            return
        # The page is green already, whatever the verdict is going to be.
        await asyncio.sleep(self._timing.provisional)
        await self._probe()

    async def _look_again(self, *, remap: bool) -> None:
        """Have the endpoint probed, publish anew if it is another one."""
        known = self.publication
        port = await self._public_port() if remap else known.public_port
        address = await self._outside.public_address()
        unchanged = (address, port) == (known.public_address, known.public_port)
        if unchanged and not self._faults.mapping_error:
            await self._probe()
        else:
            await self._publish()

    async def _public_port(self) -> int | None:
        """Return the port to be reached at, None if the router gives none."""
        if not self.automatic:
            await self._release()
            return self._preferences.number(MANUAL_PORT)
        port = None
        if self._mapper is not None:
            # Also when we are stopped meanwhile, the router may have done it.
            self._holds_mapping = True
            port = await self._mapper(self.private_port)
            self._holds_mapping = port is not None
        await self._store({LAST_AUTOMATIC_PORT: port or 0})
        return port

    async def _release(self) -> None:
        """Take the mapping back that the server made by itself."""
        if not self._holds_mapping or self._faults.keeps_router_mapping:
            return
        self._holds_mapping = False
        if isinstance(self._mapper, ReleasingMapper):
            await self._mapper.release()

    async def _probe(self) -> None:
        """Let the outside find the verdict."""
        await asyncio.sleep(self._timing.verdict)
        reachable = await self._outside.reachable(
            self.publication.public_address,
            self.publication.public_port,
            self._machine_identifier,
        )
        await self._conclude(reachable=reachable)
        self._settled.set()
        while (period := self._faults.flapping) is not None:
            await asyncio.sleep(period)
            reachable = not reachable
            await self._conclude(reachable=reachable)

    async def _conclude(self, *, reachable: bool) -> None:
        """Make a verdict known."""
        events = self._faults.reachability_events
        if events is ReachabilityEvents.EARLY:
            await self._tell(reachable=reachable)
            await asyncio.sleep(self._timing.event_shift)
        error = "" if reachable else "unreachable"
        self.publication = replace(
            self.publication, state=MappingState.MAPPED, error=error
        )
        if events is ReachabilityEvents.LATE:
            await asyncio.sleep(self._timing.event_shift)
        if events is not ReachabilityEvents.EARLY:
            await self._tell(reachable=reachable)

    async def _tell(self, *, reachable: bool) -> None:
        """Tell everybody who listens, as well as the faults let us."""
        times = {ReachabilityEvents.LOST: 0, ReachabilityEvents.DUPLICATED: 2}
        for _ in range(times.get(self._faults.reachability_events, 1)):
            await self._notifications.send(
                "reachability",
                "ReachabilityNotification",
                [{"reachability": reachable}],
            )
