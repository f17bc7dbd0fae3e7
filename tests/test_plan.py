"""Tests of the plan: what is done, and what is said, about wish and truth."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.plan import (
    Cause,
    Close,
    Open,
    Plan,
    PortMapping,
    Probe,
    Renew,
    Request,
    Seen,
    Status,
    Step,
    Wanted,
    Write,
    adopt_mode,
    is_enabled,
    make_plan,
    propose_mode,
)
from custom_components.plex_remote_access.plex import (
    Account,
    MappingState,
    PreferenceChange,
    Preferences,
    SignInState,
)
from custom_components.plex_remote_access.portmap import Mapping, Method, Reason, Target

AUTOMATIC, SERVER, MANUAL = PortMapping
ON, OFF = Request
PUBLIC = "198.51.100.7"

PREFERENCES = Preferences(
    publish=True,
    manual_mode=True,
    manual_port=32400,
    upload_rate=0,
    stream_rate=0,
    stream_rates=(),
    relay=True,
)
ACCOUNT = Account(
    mapping_state=MappingState.MAPPED,
    mapping_error=None,
    sign_in_state=SignInState.OK,
    public_address=PUBLIC,
    public_port=32400,
    private_address="192.168.1.10",
    private_port=32400,
    subscription_active=True,
)
TARGET = Target(address=IPv4Address("192.168.1.10"), port=32400, description="Plex")
MAPPING = Mapping(
    method=Method.UPNP,
    gateway=IPv4Address("192.168.1.1"),
    target=TARGET,
    external_port=32400,
    renew_after=1800,
    good_until=3600,
)
WANTED = Wanted(mode=AUTOMATIC, port=32400, engaged=True)
GOOD = Seen(
    preferences=PREFERENCES,
    account=ACCOUNT,
    mapping=MAPPING,
    external_address=IPv4Address(PUBLIC),
)

PUBLISH_OURS = Write(
    PreferenceChange(publish=True, manual_mode=True, manual_port=32400)
)
PUBLISH_SERVERS = Write(PreferenceChange(publish=True, manual_mode=False))
PUBLISH_BY_HAND = Write(PreferenceChange(publish=True, manual_mode=True))
UNPUBLISH = Write(PreferenceChange(publish=False))


def seen(
    *, preferences: dict[str, Any] | None = None, mapped: bool = True, **changes: Any
) -> Seen:
    """Return a good state with some changes."""
    return replace(
        GOOD,
        preferences=replace(PREFERENCES, **(preferences or {})),
        mapping=MAPPING if mapped else None,
        external_address=GOOD.external_address if mapped else None,
        **changes,
    )


def said(state: MappingState, error: str | None = None, **changes: Any) -> Account:
    """Return the account of a server that says this."""
    return replace(ACCOUNT, mapping_state=state, mapping_error=error, **changes)


FRESH = {"publish": False, "manual_mode": False}
AUTO_PUBLISHED = {"manual_mode": False}


@pytest.mark.parametrize(
    ("wanted", "truth", "steps"),
    [
        pytest.param(WANTED, GOOD, (), id="all-is-well"),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences=FRESH, mapped=False),
            (Open(32400),),
            id="automatic-on-opens-before-it-publishes",
        ),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences=FRESH),
            (PUBLISH_OURS,),
            id="automatic-on-publishes-what-is-open-in-one-write",
        ),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences={"publish": False}),
            (PUBLISH_OURS,),
            id="automatic-on-writes-all-that-belongs-together",
        ),
        pytest.param(
            replace(WANTED, port=40000),
            replace(
                seen(preferences={"manual_port": 32400}),
                mapping=replace(MAPPING, external_port=40000),
            ),
            (
                Write(
                    PreferenceChange(publish=True, manual_mode=True, manual_port=40000)
                ),
            ),
            id="automatic-publishes-the-port-that-the-router-gave",
        ),
        pytest.param(
            replace(WANTED, port=40000),
            GOOD,
            (Close(),),
            id="automatic-closes-before-it-opens-another-port",
        ),
        pytest.param(
            WANTED, seen(mapped=False), (Open(32400),), id="automatic-heals-a-lost-port"
        ),
        pytest.param(
            WANTED,
            seen(preferences=AUTO_PUBLISHED),
            (PUBLISH_OURS,),
            id="automatic-takes-over-from-the-server",
        ),
        pytest.param(
            WANTED, seen(renewal_due=True), (Renew(),), id="automatic-renews-in-time"
        ),
        pytest.param(
            WANTED,
            seen(preferences=AUTO_PUBLISHED, renewal_due=True),
            (PUBLISH_OURS, Renew()),
            id="automatic-publishes-and-renews",
        ),
        pytest.param(
            WANTED,
            seen(renewal_due=True, obstacle=Reason.NO_ROUTER),
            (),
            id="automatic-leaves-a-silent-router-alone-when-renewing",
        ),
        pytest.param(
            WANTED,
            seen(mapped=False, obstacle=Reason.NO_ROUTER),
            (),
            id="automatic-leaves-the-server-alone-while-healing",
        ),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences=FRESH, mapped=False, obstacle=Reason.NO_ROUTER),
            (PUBLISH_SERVERS,),
            id="automatic-on-lets-the-server-try-where-we-failed",
        ),
        pytest.param(
            WANTED,
            seen(mapped=False, obstacle=Reason.REFUSED_FOR_OTHER_HOST),
            (PUBLISH_SERVERS,),
            id="automatic-leaves-it-to-the-server-where-only-it-may-map",
        ),
        pytest.param(
            WANTED,
            seen(
                preferences=AUTO_PUBLISHED,
                mapped=False,
                obstacle=Reason.REFUSED_FOR_OTHER_HOST,
            ),
            (),
            id="automatic-left-it-to-the-server",
        ),
        pytest.param(
            replace(WANTED, port=40000),
            seen(obstacle=Reason.NO_ROUTER),
            (),
            id="automatic-waits-with-another-port-for-a-silent-router",
        ),
        pytest.param(
            replace(WANTED, engaged=False),
            seen(preferences=AUTO_PUBLISHED, mapped=False),
            (),
            id="automatic-opens-nothing-that-nobody-asked-for",
        ),
        pytest.param(
            replace(WANTED, engaged=False),
            GOOD,
            (Close(),),
            id="automatic-closes-what-is-not-ours-to-open",
        ),
        pytest.param(
            replace(WANTED, request=OFF),
            GOOD,
            (UNPUBLISH, Close()),
            id="automatic-off-closes-without-waiting-for-the-server",
        ),
        pytest.param(
            WANTED,
            seen(preferences={"publish": False}),
            (Close(),),
            id="automatic-off-in-plex-closes-as-well",
        ),
        pytest.param(
            WANTED,
            seen(preferences=FRESH, mapped=False),
            (),
            id="automatic-off-stays-off",
        ),
        pytest.param(
            replace(WANTED, request=OFF),
            seen(obstacle=Reason.NO_ROUTER),
            (UNPUBLISH,),
            id="automatic-off-unpublishes-while-the-router-is-silent",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER, request=ON),
            seen(preferences=FRESH, mapped=False),
            (PUBLISH_SERVERS,),
            id="server-on",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER, request=ON),
            GOOD,
            (Close(), PUBLISH_SERVERS),
            id="server-on-closes-what-was-ours",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER), GOOD, (Close(),), id="server-needs-no-ours"
        ),
        pytest.param(
            replace(WANTED, mode=SERVER),
            seen(preferences=AUTO_PUBLISHED, mapped=False),
            (),
            id="server-is-left-alone",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER, request=OFF),
            seen(preferences=AUTO_PUBLISHED, mapped=False),
            (UNPUBLISH,),
            id="server-off",
        ),
        pytest.param(
            replace(WANTED, mode=MANUAL, request=ON),
            seen(preferences=FRESH, mapped=False),
            (PUBLISH_BY_HAND,),
            id="manual-on",
        ),
        pytest.param(
            replace(WANTED, mode=MANUAL, request=ON),
            seen(mapped=False, obstacle=Reason.NO_ROUTER),
            (),
            id="manual-on-was-on",
        ),
        pytest.param(
            replace(WANTED, mode=MANUAL, request=OFF),
            seen(mapped=False),
            (UNPUBLISH,),
            id="manual-off",
        ),
    ],
)
def test_steps(wanted: Wanted, truth: Seen, steps: tuple[Step, ...]) -> None:
    """Each difference between wish and truth has its steps."""
    assert make_plan(wanted, truth).steps == steps


MAPPED, FAILED, WAITING, UNKNOWN = (
    MappingState.MAPPED,
    MappingState.FAILED,
    MappingState.WAITING,
    MappingState.UNKNOWN,
)


@pytest.mark.parametrize(
    ("truth", "status", "cause"),
    [
        pytest.param(GOOD, Status.REACHABLE, None, id="reachable"),
        pytest.param(
            seen(obstacle=Reason.REFUSED),
            Status.REACHABLE,
            Reason.REFUSED,
            id="reachable-in-spite-of-an-obstacle",
        ),
        pytest.param(
            seen(settled=False),
            Status.CONNECTING,
            Cause.CHECKING,
            id="green-is-provisional",
        ),
        pytest.param(
            seen(settled=False, obstacle=Reason.PORT_TAKEN),
            Status.CONNECTING,
            Reason.PORT_TAKEN,
            id="green-is-provisional-with-an-obstacle",
        ),
        pytest.param(
            seen(settled=False, account=said(MAPPED, "unreachable")),
            Status.CONNECTING,
            Cause.CHECKING,
            id="red-is-provisional",
        ),
        pytest.param(
            seen(account=said(MAPPED, "unreachable")),
            Status.UNREACHABLE,
            Cause.PORT_CLOSED,
            id="mapped-and-unreachable",
        ),
        pytest.param(
            seen(account=said(MAPPED, "UnReachable")),
            Status.UNREACHABLE,
            Cause.PORT_CLOSED,
            id="error-in-another-case",
        ),
        pytest.param(
            seen(
                mapped=False,
                account=said(MAPPED, "unreachable"),
                obstacle=Reason.NO_ROUTER,
            ),
            Status.UNREACHABLE,
            Reason.NO_ROUTER,
            id="unreachable-because-of-an-obstacle",
        ),
        pytest.param(
            seen(account=said(MAPPED, "brandnew")),
            Status.UNREACHABLE,
            Cause.OTHER,
            id="mapped-with-an-unknown-error",
        ),
        pytest.param(
            seen(account=said(MAPPED, "jumboframes")),
            Status.UNREACHABLE,
            Cause.JUMBO_FRAMES,
            id="jumbo-frames",
        ),
        pytest.param(
            seen(account=said(MAPPED, "publisherror")),
            Status.NOT_PUBLISHED,
            Cause.PUBLISH_FAILED,
            id="publish-error",
        ),
        pytest.param(
            seen(account=said(FAILED, "publisherror")),
            Status.NOT_PUBLISHED,
            Cause.PUBLISH_FAILED,
            id="publish-error-while-failed",
        ),
        pytest.param(
            seen(account=said(MAPPED, "myplexgone")),
            Status.NOT_PUBLISHED,
            Cause.PLEX_TV_GONE,
            id="plex-tv-gone",
        ),
        pytest.param(
            seen(mapped=False, account=said(FAILED)),
            Status.NOT_MAPPED,
            Cause.SERVER_CANNOT_MAP,
            id="failed",
        ),
        pytest.param(
            seen(mapped=False, account=said(FAILED), obstacle=Reason.TABLE_FULL),
            Status.NOT_MAPPED,
            Reason.TABLE_FULL,
            id="failed-because-of-an-obstacle",
        ),
        pytest.param(
            seen(account=said(MAPPED, "doublenat")),
            Status.DOUBLE_NAT,
            Cause.DOUBLE_NAT,
            id="double-nat-as-the-server-says",
        ),
        pytest.param(
            replace(
                seen(account=said(MAPPED, "unreachable")),
                external_address=IPv4Address("192.168.0.2"),
            ),
            Status.DOUBLE_NAT,
            Cause.DOUBLE_NAT,
            id="quirk-62-private-external-address",
        ),
        pytest.param(
            replace(
                seen(account=said(MAPPED, "unreachable")),
                external_address=IPv4Address("0.0.0.0"),
            ),
            Status.DOUBLE_NAT,
            Cause.DOUBLE_NAT,
            id="quirk-25-no-external-address",
        ),
        pytest.param(
            replace(
                seen(account=said(MAPPED, "unreachable")),
                external_address=IPv4Address("100.64.3.4"),
            ),
            Status.DOUBLE_NAT,
            Cause.CARRIER_NAT,
            id="quirk-26-carrier-nat",
        ),
        pytest.param(
            replace(
                seen(account=said(MAPPED, "unreachable")),
                external_address=IPv4Address("198.51.100.99"),
            ),
            Status.DOUBLE_NAT,
            Cause.CARRIER_NAT,
            id="plex-tv-sees-another-address",
        ),
        pytest.param(
            replace(GOOD, external_address=IPv4Address("100.64.3.4")),
            Status.REACHABLE,
            None,
            id="reachable-through-two-routers",
        ),
        pytest.param(
            replace(
                seen(
                    account=said(
                        MAPPED, "unreachable", public_address=None, public_port=None
                    )
                ),
            ),
            Status.UNREACHABLE,
            Cause.PORT_CLOSED,
            id="blank-addresses-are-no-double-nat",
        ),
        pytest.param(
            seen(account=said(WAITING)),
            Status.CONNECTING,
            Cause.CHECKING,
            id="waiting",
        ),
        pytest.param(
            seen(account=said(WAITING), obstacle=Reason.FAILED),
            Status.CONNECTING,
            Reason.FAILED,
            id="waiting-with-an-obstacle",
        ),
        pytest.param(seen(account=said(UNKNOWN)), Status.UNKNOWN, None, id="unknown"),
        pytest.param(
            seen(account=said(UNKNOWN), obstacle=Reason.NO_ROUTER),
            Status.UNKNOWN,
            Reason.NO_ROUTER,
            id="unknown-with-an-obstacle",
        ),
        pytest.param(
            seen(account=said(MAPPED, sign_in_state=SignInState.NONE)),
            Status.SIGNED_OUT,
            Cause.SIGNED_OUT,
            id="signed-out",
        ),
        pytest.param(
            seen(account=said(FAILED, sign_in_state=SignInState.INVALID)),
            Status.SIGNED_OUT,
            Cause.SIGNED_OUT,
            id="signed-out-by-plex-tv",
        ),
        pytest.param(
            seen(account=said(MAPPED, "badauth")),
            Status.SIGNED_OUT,
            Cause.SIGNED_OUT,
            id="token-of-the-server-refused",
        ),
        pytest.param(
            seen(account=said(MAPPED, sign_in_state=SignInState.UNKNOWN)),
            Status.REACHABLE,
            None,
            id="sign-in-state-not-known",
        ),
        pytest.param(
            seen(preferences=FRESH, mapped=False, account=said(MAPPED)),
            Status.DISABLED,
            None,
            id="disabled-whatever-the-server-says",
        ),
        pytest.param(
            seen(preferences=FRESH, mapped=False, obstacle=Reason.NO_ROUTER),
            Status.DISABLED,
            None,
            id="disabled-with-nothing-left-to-close",
        ),
        pytest.param(
            seen(preferences=FRESH, obstacle=Reason.NO_ROUTER),
            Status.DISABLED,
            Reason.NO_ROUTER,
            id="disabled-and-not-closed",
        ),
    ],
)
def test_verdict(truth: Seen, status: Status, cause: Cause | Reason | None) -> None:
    """Each state has its word and its reason."""
    plan = make_plan(WANTED, truth)

    assert (plan.status, plan.cause) == (status, cause)


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        (replace(WANTED, engaged=False), Cause.NOT_OPENED),
        (WANTED, Cause.SERVER_CANNOT_MAP),
        (replace(WANTED, mode=SERVER, engaged=False), Cause.SERVER_CANNOT_MAP),
        (replace(WANTED, mode=MANUAL, engaged=False), Cause.SERVER_CANNOT_MAP),
    ],
)
def test_not_mapped_tells_who_did_not_map(wanted: Wanted, cause: Cause) -> None:
    """A port that nobody was told to open is no failure of the server."""
    plan = make_plan(wanted, seen(mapped=False, account=said(FAILED)))

    assert (plan.status, plan.cause) == (Status.NOT_MAPPED, cause)


@pytest.mark.parametrize(
    ("request_", "publish", "enabled"),
    [
        (ON, False, True),
        (OFF, True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_a_fresh_wish_counts_more_than_the_server(
    request_: Request | None, publish: bool, enabled: bool
) -> None:
    """Without a wish the switch of the server is the owner's word."""
    wanted = replace(WANTED, request=request_)

    assert is_enabled(wanted, replace(PREFERENCES, publish=publish)) is enabled


@pytest.mark.parametrize(
    ("before", "now", "mode"),
    [
        (False, False, AUTOMATIC),
        (True, True, AUTOMATIC),
        (False, True, MANUAL),
        (True, False, SERVER),
    ],
)
def test_adopt_mode(before: bool, now: bool, mode: PortMapping) -> None:
    """Who ticks the box in Plex takes the port into his own hands, or the server's."""
    assert (
        adopt_mode(
            AUTOMATIC,
            replace(PREFERENCES, manual_mode=before),
            replace(PREFERENCES, manual_mode=now),
        )
        is mode
    )


@pytest.mark.parametrize(
    ("preferences", "account", "mode"),
    [
        pytest.param({"manual_mode": True}, ACCOUNT, MANUAL, id="port-set-by-hand"),
        pytest.param(
            {"publish": False, "manual_mode": True},
            said(UNKNOWN),
            MANUAL,
            id="port-set-by-hand-but-off",
        ),
        pytest.param(AUTO_PUBLISHED, ACCOUNT, SERVER, id="server-manages"),
        pytest.param(
            AUTO_PUBLISHED,
            said(MAPPED, "unreachable"),
            AUTOMATIC,
            id="server-believes-to-manage",
        ),
        pytest.param(AUTO_PUBLISHED, said(FAILED), AUTOMATIC, id="server-fails"),
        pytest.param(FRESH, said(MAPPED), AUTOMATIC, id="off"),
    ],
)
def test_propose_mode(
    preferences: dict[str, Any], account: Account, mode: PortMapping
) -> None:
    """What works is proposed to stay as it is."""
    assert propose_mode(replace(PREFERENCES, **preferences), account) is mode


# A small world: what the steps do to the truth, with a router of one mind.

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
    renewal_due=st.booleans(),
    external_address=st.sampled_from(
        [None, IPv4Address(PUBLIC), IPv4Address("10.0.0.2"), IPv4Address("100.64.0.1")]
    ),
    obstacle=st.none() | REASONS,
    settled=st.booleans(),
    probe_due=st.booleans(),
)
WISHES = st.builds(
    Wanted,
    mode=st.sampled_from(PortMapping),
    port=PORTS,
    engaged=st.booleans(),
    request=st.none() | st.sampled_from(Request),
)
ROUNDS = 5


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
            case _ if isinstance(self.router, Reason):
                return replace(self, seen=replace(self.seen, obstacle=self.router))
            case Open():
                # What the router gives is what is wanted from then on.
                mapping = replace(MAPPING, external_port=self.router)
                return replace(
                    self,
                    wanted=replace(self.wanted, port=self.router),
                    seen=replace(self.seen, mapping=mapping, renewal_due=False),
                )
            case Renew():
                return replace(self, seen=replace(self.seen, renewal_due=False))
            case Probe():
                return replace(self, seen=replace(self.seen, probe_due=False))
            case Close():
                return replace(self, seen=replace(self.seen, mapping=None))

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
        seen=replace(world.seen, mapping=None),
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
