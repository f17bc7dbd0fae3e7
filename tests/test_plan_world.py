"""Tests of the plan in a small world: what its steps lead to, from any state."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from hypothesis import given, strategies as st

from custom_components.plex_remote_access.plan import (
    Close,
    Mend,
    Open,
    Plan,
    PortMapping,
    Probe,
    Remedy,
    Request,
    Seen,
    Status,
    Step,
    Wanted,
    Write,
    is_enabled,
    make_plan,
)
from custom_components.plex_remote_access.plex import (
    Account,
    MappingState,
    PreferenceChange,
    Preferences,
    SignInState,
)
from custom_components.plex_remote_access.portmap import Reason

from .plan_states import AUTOMATIC, MANUAL, MAPPED, MAPPING, OFF, ON, PUBLIC, SERVER

PORTS = st.sampled_from([443, 32400, 40000, 65535])
REASONS = st.sampled_from(Reason)
ERRORS = st.sampled_from(
    [
        None,
        "unreachable",
        "publisherror",
        "doublenat",
        "badauth",
        "myplexgone",
        "jumboframes",
        "Unreachable",
        "somethingnew",
    ]
)
MAPPINGS = PORTS.map(lambda port: replace(MAPPING, external_port=port))
SEEN = st.builds(
    Seen,
    preferences=st.builds(
        Preferences,
        publish=st.booleans(),
        manual_mode=st.booleans(),
        manual_port=PORTS,
        upload_rate=st.none(),
        stream_rate=st.none(),
        stream_rates=st.just(()),
        relay=st.none(),
    ),
    account=st.builds(
        Account,
        mapping_state=st.sampled_from(MappingState),
        mapping_error=ERRORS,
        sign_in_state=st.sampled_from(SignInState),
        public_address=st.sampled_from([None, PUBLIC, "192.0.2.1"]),
        public_port=st.none() | PORTS,
        private_address=st.none(),
        private_port=st.none(),
        subscription_active=st.none(),
    ),
    mapping=st.none() | MAPPINGS,
    asked_for=st.booleans(),
    external_address=st.sampled_from(
        [None, IPv4Address(PUBLIC), IPv4Address("10.0.0.2"), IPv4Address("100.64.0.1")]
    ),
    obstacle=st.none() | REASONS,
    settled=st.booleans(),
    probe_due=st.booleans(),
    remedy=st.none() | st.sampled_from(Remedy),
)
WISHES = st.builds(
    Wanted,
    mode=st.sampled_from(PortMapping),
    port=PORTS,
    engaged=st.booleans(),
    request=st.none() | st.sampled_from(Request),
)
# Close, open, write, mend, and the first three again.
ROUNDS = 8


@dataclass(frozen=True)
class World:
    """Wish, truth, and a router that either refuses or assigns this port."""

    wanted: Wanted
    seen: Seen
    router: Reason | int

    def take(self, step: Step) -> World:
        """Return the world after a step."""
        match step:
            case Write(change):
                return self._write(change)
            case Close() if isinstance(self.router, Reason):
                # What cannot be closed is left to its end.
                return replace(
                    self,
                    seen=replace(
                        self.seen, mapping=None, asked_for=False, still_open=True
                    ),
                )
            case Open() if isinstance(self.router, Reason):
                return replace(self, seen=replace(self.seen, obstacle=self.router))
            case Open() if isinstance(self.router, int):
                # What the router gives is what is wanted from then on.
                mapping = replace(MAPPING, external_port=self.router)
                return replace(
                    self,
                    wanted=replace(self.wanted, port=self.router),
                    seen=replace(self.seen, mapping=mapping),
                )
            case Mend(remedy):
                port = 50000 if remedy is Remedy.MOVE else self.wanted.port
                return replace(
                    self,
                    wanted=replace(self.wanted, port=port),
                    seen=replace(self.seen, remedy=None),
                )
            case Probe():
                return replace(self, seen=replace(self.seen, probe_due=False))
            case _:
                return replace(
                    self, seen=replace(self.seen, mapping=None, asked_for=False)
                )

    def _write(self, change: PreferenceChange) -> World:
        before = self.seen.preferences
        after = replace(
            before,
            publish=before.publish if change.publish is None else change.publish,
            manual_mode=(
                before.manual_mode if change.manual_mode is None else change.manual_mode
            ),
            manual_port=change.manual_port or before.manual_port,
        )
        return replace(self, seen=replace(self.seen, preferences=after))

    @property
    def plan(self) -> Plan:
        """Return what is to be done."""
        return make_plan(self.wanted, self.seen)


@dataclass(frozen=True)
class History:
    """The steps that were taken, round by round, and the world after them."""

    rounds: tuple[tuple[Step, ...], ...]
    end: World

    @property
    def steps(self) -> list[Step]:
        """Return all steps."""
        return [step for steps in self.rounds for step in steps]

    @property
    def changes(self) -> list[PreferenceChange]:
        """Return what was written."""
        return [step.change for step in self.steps if isinstance(step, Write)]


def live(world: World) -> History:
    """Let the plan be carried out for some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        steps = world.plan.steps
        rounds.append(steps)
        for step in steps:
            world = world.take(step)
    return History(tuple(rounds), world)


WORLDS = st.builds(World, wanted=WISHES, seen=SEEN, router=REASONS | PORTS)


@given(WORLDS)
def test_every_state_leads_to_the_goal(world: World) -> None:
    """Some rounds later nothing is left to do, whatever the router thinks."""
    assert live(world).end.plan.steps == ()


@given(WORLDS)
def test_nothing_is_written_twice(world: World) -> None:
    """One write for a change is enough, and a round has at most one."""
    history = live(world)

    assert len(set(history.changes)) == len(history.changes)
    assert all(
        sum(isinstance(step, Write) for step in steps) <= 1 for steps in history.rounds
    )


@given(WORLDS)
def test_the_server_is_not_told_one_thing_and_then_another(world: World) -> None:
    """No setting is written to one value and soon to another one, but on a refusal."""
    modes = [change.manual_mode for change in live(world).changes]

    assert modes in ([], [None], [True], [False], [True, False])


@given(WORLDS, st.sampled_from([OFF, None]))
def test_off_never_opens_or_publishes(world: World, request: Request | None) -> None:
    """Off is off, in every round."""
    world = replace(
        world,
        wanted=replace(world.wanted, request=request),
        seen=replace(
            world.seen,
            preferences=replace(
                world.seen.preferences,
                publish=request is OFF and world.seen.preferences.publish,
            ),
        ),
    )
    history = live(world)

    assert not any(isinstance(step, Open) for step in history.steps)
    assert not any(change.publish for change in history.changes)
    assert history.end.seen.preferences.publish is False


@given(WORLDS, PORTS)
def test_off_ends_closed(world: World, port: int) -> None:
    """With a router that answers, nothing of ours is left after off."""
    world = replace(
        world,
        wanted=replace(world.wanted, request=OFF),
        seen=replace(world.seen, obstacle=None),
        router=port,
    )
    end = live(world).end

    assert end.seen.mapping is None
    assert not end.seen.asked_for
    assert end.seen.preferences.publish is False


@given(WORLDS)
def test_only_the_owners_word_opens_a_port(world: World) -> None:
    """Not engaged, or in another mode, nothing is ever opened."""
    opened = any(isinstance(step, Open) for step in live(world).steps)

    assert not opened or (world.wanted.engaged and world.wanted.mode is AUTOMATIC)


@given(WORLDS)
def test_setting_up_changes_nothing(world: World) -> None:
    """Without a wish and a mapping of ours, server and router stay as they are."""
    world = replace(
        world,
        wanted=replace(world.wanted, request=None, engaged=False),
        seen=replace(world.seen, mapping=None, asked_for=False),
    )

    assert world.plan.steps == ()


@given(WORLDS, PORTS)
def test_on_ends_published_at_the_open_port(world: World, port: int) -> None:
    """With a router that agrees, the server publishes the very port that is open."""
    world = replace(
        world,
        wanted=replace(world.wanted, mode=AUTOMATIC, engaged=True, request=ON),
        seen=replace(world.seen, obstacle=None),
        router=port,
    )
    end = live(world).end.seen

    assert end.mapping is not None
    assert end.preferences.publish
    assert end.preferences.manual_mode
    assert end.preferences.manual_port == end.mapping.external_port


@given(WORLDS, PORTS, st.sampled_from([SERVER, MANUAL]))
def test_other_modes_keep_no_mapping_of_ours(
    world: World, port: int, mode: PortMapping
) -> None:
    """What Home Assistant opened is closed when somebody else takes over."""
    world = replace(
        world,
        wanted=replace(world.wanted, mode=mode, request=ON),
        seen=replace(world.seen, obstacle=None),
        router=port,
    )
    end = live(world).end.seen

    assert end.mapping is None
    assert end.preferences.publish
    assert end.preferences.manual_mode is (mode is MANUAL)


@given(WISHES, SEEN)
def test_reachable_is_only_what_plex_tv_reached(wanted: Wanted, truth: Seen) -> None:
    """Mapped with any error is not reachable, nor is what is not settled."""
    account = truth.account
    proven = (
        account.mapping_state is MAPPED
        and account.mapping_error is None
        and account.sign_in_state not in {SignInState.NONE, SignInState.INVALID}
        and truth.settled
        and is_enabled(wanted, truth.preferences)
    )

    assert (make_plan(wanted, truth).status is Status.REACHABLE) is proven


@given(WISHES, SEEN)
def test_disabled_is_what_is_not_wanted(wanted: Wanted, truth: Seen) -> None:
    """Disabled is the word for off, and for nothing else."""
    disabled = make_plan(wanted, truth).status is Status.DISABLED

    assert disabled is not is_enabled(wanted, truth.preferences)


@given(WISHES, SEEN)
def test_bad_news_have_a_cause(wanted: Wanted, truth: Seen) -> None:
    """Whoever reads that something is wrong reads why, too."""
    plan = make_plan(wanted, truth)

    assert plan.cause or plan.status in {
        Status.DISABLED,
        Status.REACHABLE,
        Status.UNKNOWN,
    }
