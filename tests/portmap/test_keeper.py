"""Tests of looking after all ports behind one router."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from ipaddress import IPv4Address
from unittest.mock import AsyncMock, Mock, patch

import pytest

from custom_components.plex_remote_access.portmap import (
    Keeper,
    Mapping,
    Method,
    PortMapError,
    Reason,
    Signal,
)
from custom_components.plex_remote_access.portmap.route import Route

from .common import MAPPING, PACKAGE, ROUTE
from .fakes import FakeClock

ELSEWHERE = replace(ROUTE, gateway=IPv4Address("127.0.0.8"))


class FakePort:
    """A port that counts how it is looked after."""

    def __init__(self, clock: FakeClock, every: float | None = 60) -> None:
        """Be due every so many seconds."""
        self.tended: list[tuple[float, Signal | None]] = []
        self.changed = Mock()
        self.failed: list[PortMapError] = []
        self.news = False
        self.was_just_granted = False
        self.mapping: Mapping | None = None
        self.error: Exception | None = None
        self._clock = clock
        self._every = every
        self.due_at = every and clock.time + every

    async def tend(self, signal: Signal | None, *, evented: bool) -> bool:
        """Note it."""
        self.tended.append((self._clock.time, signal))
        self.due_at = self._every and self._clock.time + self._every
        if self.error is not None:
            raise self.error
        return self.news

    def fail(self, error: PortMapError) -> None:
        """Note it."""
        self.failed.append(error)
        self.due_at = self._clock.time + 60


@pytest.fixture
def router() -> Mock:
    """A router that stays where it is."""
    return Mock(route=ROUTE, event_url=None, find_route=AsyncMock(return_value=ROUTE))


@pytest.fixture
def listened() -> Iterator[list[Route]]:
    """Where announcements are listened to."""
    routes: list[Route] = []

    @asynccontextmanager
    async def listen(
        route: Route, heard: Callable[[], None], *, port: int, old_port: int
    ) -> AsyncIterator[None]:
        routes.append(route)
        yield

    with patch(f"{PACKAGE}.keeper.listen", listen):
        yield routes


@pytest.fixture
def keeper(router: Mock, fake_clock: FakeClock, listened: list[Route]) -> Keeper:
    """A keeper with nothing to do."""
    return Keeper(router, fake_clock)


async def run(keeper: Keeper, until: Callable[[], bool]) -> None:
    """Have the keeper at work until something is so."""
    task = asyncio.create_task(keeper.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            while not until():
                await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    assert until()


async def test_what_is_due_is_done(keeper: Keeper, fake_clock: FakeClock) -> None:
    """Each port in its own time."""
    often, seldom = FakePort(fake_clock, 60), FakePort(fake_clock, 150)
    keeper.add(often)  # type: ignore[arg-type]  # a fake
    keeper.add(seldom)  # type: ignore[arg-type]  # a fake

    await run(keeper, lambda: len(often.tended) >= 4)

    assert [at - 1000 for at, _ in often.tended[:4]] == [60, 120, 180, 240]
    assert [at - 1000 for at, _ in seldom.tended] == [150]


async def test_many_signals_are_one(keeper: Keeper, fake_clock: FakeClock) -> None:
    """They come in groups; a flood costs less than one look a second."""
    port = FakePort(fake_clock, None)
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    flood = asyncio.create_task(_flood(keeper, fake_clock, 1005))

    await run(keeper, flood.done)

    times = [round(at - 1000, 2) for at, signal in port.tended if signal]
    assert times[:4] == [0.25, 0.65, 2.65, 4.65]


@pytest.mark.parametrize(
    ("just_granted", "signal", "looks"),
    [
        pytest.param(True, Signal.REPEATED_EVENT, [], id="echo-of-our-own-request"),
        pytest.param(True, Signal.EVENT, [Signal.EVENT], id="news"),
        pytest.param(False, Signal.REPEATED_EVENT, [Signal.EVENT], id="later"),
    ],
)
async def test_echo_is_no_news(
    keeper: Keeper,
    fake_clock: FakeClock,
    just_granted: bool,
    signal: Signal,
    looks: list[Signal],
) -> None:
    """The router telling of our own request does not lead to the next one."""
    port = FakePort(fake_clock, 60)
    port.was_just_granted = just_granted
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    keeper.signal(signal)

    await run(keeper, lambda: fake_clock.time >= 1060)

    assert [seen for _, seen in port.tended if seen] == looks


async def _flood(keeper: Keeper, clock: FakeClock, until: float) -> None:
    while clock.time < until:
        keeper.signal()
        await asyncio.sleep(0)


async def test_only_a_difference_is_told(keeper: Keeper, fake_clock: FakeClock) -> None:
    """Whoever waits for news is not called for nothing."""
    same, other = FakePort(fake_clock), FakePort(fake_clock)
    other.news = True
    keeper.add(same)  # type: ignore[arg-type]  # a fake
    keeper.add(other)  # type: ignore[arg-type]  # a fake

    await run(keeper, lambda: other.changed.called)

    same.changed.assert_not_called()


async def test_one_mistake_does_not_end_the_care_for_others(
    keeper: Keeper, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told in the log, and tried again."""
    broken, sound = FakePort(fake_clock), FakePort(fake_clock)
    broken.error = RuntimeError("mistake")
    keeper.add(broken)  # type: ignore[arg-type]  # a fake
    keeper.add(sound)  # type: ignore[arg-type]  # a fake

    await run(keeper, lambda: len(sound.tended) >= 3)

    assert len(broken.tended) >= 2
    assert broken.failed[0].reason is Reason.FAILED
    assert "could not be looked after" in caplog.text


async def test_another_router(
    keeper: Keeper, fake_clock: FakeClock, router: Mock, listened: list[Route]
) -> None:
    """Its announcements are listened to instead."""
    port = FakePort(fake_clock)
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    await run(keeper, lambda: len(port.tended) >= 1)
    router.find_route.return_value = router.route = ELSEWHERE

    await run(keeper, lambda: ELSEWHERE in listened)


async def test_no_route(keeper: Keeper, fake_clock: FakeClock, router: Mock) -> None:
    """The ports hear of it, and it is looked for again."""
    port = FakePort(fake_clock)
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    error = PortMapError(Reason.NO_ROUTER, "No route")
    router.find_route.side_effect = [error, error, ROUTE, ROUTE]

    await run(keeper, lambda: len(port.tended) >= 1)

    assert port.failed == [error, error]


async def test_events_are_subscribed_where_the_router_has_them(
    keeper: Keeper, fake_clock: FakeClock, router: Mock
) -> None:
    """At its newest address, as that changes with each restart."""
    port = FakePort(fake_clock)
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    subscription = Mock(active=True, run=lambda: asyncio.Event().wait())
    router.event_url = "http://127.0.0.1:5000/evt"
    with patch(f"{PACKAGE}.keeper.Subscription", return_value=subscription) as made:
        await run(keeper, lambda: len(port.tended) >= 2)
        router.event_url = "http://127.0.0.1:6000/evt"
        await run(keeper, lambda: made.call_count >= 2)

    assert made.call_args.args[1] == "http://127.0.0.1:6000/evt"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        pytest.param(Method.PCP, None, id="asked-again-often"),
        pytest.param(Method.NAT_PMP, None, id="nat-pmp-as-well"),
        pytest.param(Method.UPNP, "http://127.0.0.1:5000/evt", id="asked-seldom"),
    ],
)
def test_router_that_tells_us_of_ourselves(
    keeper: Keeper, fake_clock: FakeClock, router: Mock, method: Method, url: str | None
) -> None:
    """Its events cost more than all the rest, where most looks lead to one."""
    port = FakePort(fake_clock)
    port.mapping = replace(MAPPING, method=method)
    port.was_just_granted = True
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    router.event_url = "http://127.0.0.1:5000/evt"
    assert keeper.event_url == router.event_url

    keeper.signal(Signal.REPEATED_EVENT)

    assert keeper.event_url == url


async def test_subscription_ends_at_the_echo(
    keeper: Keeper, fake_clock: FakeClock, router: Mock
) -> None:
    """At once, not with the next look, and for as long as the router is there."""
    port = FakePort(fake_clock)
    port.was_just_granted = True
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    router.event_url = "http://127.0.0.1:5000/evt"
    ended = Mock()

    async def subscription() -> None:
        keeper.signal(Signal.REPEATED_EVENT)
        try:
            await asyncio.Event().wait()
        finally:
            ended(fake_clock.time)

    with patch(
        f"{PACKAGE}.keeper.Subscription", return_value=Mock(run=subscription)
    ) as made:
        await run(keeper, lambda: fake_clock.time >= 1180)

    made.assert_called_once()
    ended.assert_called_once_with(1000)


async def test_port_that_is_let_go(keeper: Keeper, fake_clock: FakeClock) -> None:
    """Nobody looks after it any more."""
    port = FakePort(fake_clock)
    keeper.add(port)  # type: ignore[arg-type]  # a fake
    assert not keeper.idle

    keeper.remove(port)  # type: ignore[arg-type]  # a fake

    assert keeper.idle
