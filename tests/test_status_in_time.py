"""Tests of the status over time: whatever happens in whatever order, it ends right.

Only the logic, on a clock of its own: no server, no router, no network.
"""

from contextlib import ExitStack
from dataclasses import replace
import math
from types import SimpleNamespace
from typing import Final, override
from unittest.mock import Mock, patch

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import (
    ACCOUNT_INTERVAL,
    ENABLING_TIME,
    STANDING,
    VERDICT_TIME,
)
from custom_components.plex_remote_access.memory import Memory
from custom_components.plex_remote_access.plan import BAD_NEWS, Cause, Status, make_plan
from custom_components.plex_remote_access.plex import Account, SignInState
from custom_components.plex_remote_access.reconciler import Reconciler
from custom_components.plex_remote_access.snapshot import Snapshot
from custom_components.plex_remote_access.timeline import Timeline

from .plan_states import FAILED, MANUAL, MAPPED, PREFERENCES, UNKNOWN, WAITING, said
from .portmap.common import Clock

INTEGRATION: Final = "custom_components.plex_remote_access"
READS_THE_CLOCK: Final = ("announcer", "remedy", "server_watch", "snapshot", "verdict")

# What the server says, and what is right to say of it once it stands.
WELL: Final = (said(MAPPED), Status.REACHABLE)
NOT_WELL: Final[list[tuple[Account, Status]]] = [
    (said(MAPPED, "unreachable", public_address=None), Status.UNREACHABLE),
    (said(MAPPED, "doublenat"), Status.DOUBLE_NAT),
    (said(MAPPED, "publisherror"), Status.NOT_PUBLISHED),
    (said(FAILED), Status.NOT_MAPPED),
    (said(WAITING), Status.CONNECTING),
    (said(UNKNOWN), Status.UNKNOWN),
    (said(UNKNOWN, sign_in_state=SignInState.NONE), Status.SIGNED_OUT),
]
# Longer than it takes to enable, to have a verdict, and for bad news to stand.
FOR_CERTAIN: Final = (
    ENABLING_TIME + VERDICT_TIME + STANDING + ACCOUNT_INTERVAL
).total_seconds()
MOST_LOOKS: Final = 12
SLOW_POLL: Final = ACCOUNT_INTERVAL.total_seconds()


UP_FOR_CERTAIN: Final = (ENABLING_TIME + VERDICT_TIME).total_seconds()
LONG_AGO: Final = -1000.0


class StatusMachine(RuleBasedStateMachine):
    """A server, its owner and time, which do what they like."""

    def __init__(self) -> None:
        """Begin with a server that was found running."""
        super().__init__()
        self.clock = Clock()
        self.hands = ExitStack()
        for name in READS_THE_CLOCK:
            self.hands.enter_context(patch(f"{INTEGRATION}.{name}.time", self.clock))
        self.reconciler = reconciler()
        self.account, self.right = WELL
        self.publish = True
        self.due = math.inf
        self.looks = 0
        # When the owner did something, people were last told that all is well, and
        # the server was not seen to be mapped yet.
        self.acted_at = self.well_at = self.mapped_at = self.down_at = LONG_AGO
        self.mapped = True
        self.told: Snapshot | None = None
        self.look()

    @override
    def teardown(self) -> None:
        """Let all stand as it is: in the end what is right is told, and soon."""
        with self.hands:
            self.looks = 0
            self.pass_time(FOR_CERTAIN)
            expected = self.right if self.publish else Status.DISABLED
            assert self.told
            assert self.told.status is expected
            assert self.looks <= MOST_LOOKS

    @rule(said=st.sampled_from(NOT_WELL), heard=st.booleans())
    def server_says(self, said: tuple[Account, Status], heard: bool) -> None:
        """The server shows something else, and tells of it or does not."""
        self.account, self.right = said
        if heard:
            self.look()

    @rule(heard=st.booleans())
    def server_is_well(self, heard: bool) -> None:
        """The server is reached again."""
        self.account, self.right = WELL
        if heard:
            self.look()

    @rule(publish=st.booleans())
    def owner_switches(self, publish: bool) -> None:
        """The owner does it in Plex itself."""
        if self.publish is not publish:
            self.acted_at = self.clock.now
        self.publish = publish
        self.look()

    @rule()
    def owner_presses_retry(self) -> None:
        """The owner wants everything tried again."""
        self.acted_at = self.clock.now
        self.reconciler.announcer.start_afresh()
        self.reconciler.verdict.probed()
        self.look()

    @rule(seconds=st.sampled_from([0.3, 1, 5, 15, 29, 31, 61, 200]))
    def pass_time(self, seconds: float) -> None:
        """Look whenever it is time to."""
        until = self.clock.now + seconds
        while self.due <= until:
            self.clock.now, self.due = self.due, math.inf
            self.look()
        self.clock.now = until

    def look(self) -> None:
        """Look as the coordinator does, and judge what people are told."""
        now, before = self.clock.now, self.told
        self.looks += 1
        seen = self.reconciler.observe(
            replace(PREFERENCES, publish=self.publish), self.account
        )
        wanted = self.reconciler._wanted(seen, None)
        told = self.reconciler._tell(wanted, seen, make_plan(wanted, seen))
        pauses = (
            self.reconciler.announcer.due_in,
            self.reconciler.verdict.next_pause(),
        )
        pause = min(pause for pause in (*pauses, SLOW_POLL) if pause is not None)
        self.due = min(self.due, now + max(0.5, pause))
        self.told = told

        well = self.publish and self.right is Status.REACHABLE
        if not self.mapped and self.account.mapping_state is MAPPED:
            self.mapped_at = now
        self.mapped = self.account.mapping_state is MAPPED
        if told.status is Status.REACHABLE and told.reason is not Cause.CHECKING:
            assert well
            self.well_at = now
        if self.publish and now < self.acted_at + VERDICT_TIME.total_seconds():
            assert told.status is not Status.REACHABLE
        if well and now > max(self.acted_at, self.mapped_at) + UP_FOR_CERTAIN:
            assert told.status is Status.REACHABLE
            assert told.reason is None
        if before and told.status in BAD_NEWS and before.status not in BAD_NEWS:
            stood = now - self.well_at >= STANDING.total_seconds()
            assert stood or max(self.acted_at, self.down_at) >= self.well_at
        if told.status in {Status.DISABLED, Status.SIGNED_OUT}:
            self.down_at = now


def reconciler() -> Reconciler:
    """Return one with a port that the owner has forwarded; nothing is asked."""
    kept = SimpleNamespace(
        adopt=Mock(),
        external_address=None,
        leaving=(),
        mapping=None,
        obstacle=None,
        still_open=False,
        times_opened=0,
        wanted=None,
    )
    return Reconciler(
        Mock(),
        MockConfigEntry(options={"port_mapping": MANUAL}),
        server=Mock(),
        care=Mock(async_keep=Mock(return_value=kept)),
        memory=Memory(mode=MANUAL),
        store=Mock(),
        changed=Mock(),
        timeline=Timeline(),
    )


def test_ends_with_what_is_right() -> None:
    """Whatever server and owner do, and however long it takes."""
    run_state_machine_as_test(
        StatusMachine, settings=settings(max_examples=300, stateful_step_count=30)
    )
