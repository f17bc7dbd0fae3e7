"""Events of the router arrive, whatever it and its neighbours do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import IPv4Address
import re
from unittest.mock import Mock, patch

import aiohttp
from freezegun.api import TickingDateTimeFactory
import pytest

from custom_components.plex_remote_access.portmap.gena import (
    Subscription,
    granted_timeout,
)
from tests.common import become, jumping_time
from tests.simulators.router import Page, Router
from tests.simulators.router.http_server import HttpServer, Response
from tests.simulators.router.records import HttpRequest

from .common import LOOPBACK, PACKAGE

HALF = 900
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def changed() -> Mock:
    """What is called when something may be different."""
    return Mock()


@pytest.fixture
def subscription(
    session: aiohttp.ClientSession, router: Router, changed: Mock
) -> Subscription:
    """The events of the simulated router."""
    return Subscription(
        session, router.event_url, source=LOOPBACK, gateway=LOOPBACK, changed=changed
    )


@asynccontextmanager
async def running(subscription: Subscription) -> AsyncIterator[None]:
    """Run a subscription."""
    task = asyncio.create_task(subscription.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def subscribed(subscription: Subscription, router: Router) -> AsyncIterator[None]:
    """Be subscribed, and know what everything is like."""
    async with running(subscription):
        await become(lambda: len(router.event_answers), 1)
        await become(lambda: subscription.active, True)
        yield


def subscribes(router: Router) -> list[HttpRequest]:
    """Return what the router was asked."""
    return [
        request for request in router.http_requests if request.method == "SUBSCRIBE"
    ]


def sid(request: HttpRequest) -> str:
    """Return the subscription that a renewal is about."""
    return request.headers.get("sid", "")


async def pass_time(freezer: TickingDateTimeFactory, seconds: float) -> None:
    """Let time pass at once, when nobody waits for an answer."""
    await asyncio.sleep(0.05)
    freezer.tick(timedelta(seconds=seconds))
    await asyncio.sleep(0.05)


async def test_subscribe(
    subscription: Subscription, router: Router, changed: Mock
) -> None:
    """Being subscribed is no change; what is asked for is what the standard wants."""
    assert not subscription.active
    async with running(subscription):
        await become(lambda: router.event_answers[:1], [OK])
        await become(lambda: subscription.active, True)

    (request,) = subscribes(router)
    assert request.headers["nt"] == "upnp:event"
    assert request.headers["timeout"] == "Second-1800"
    assert request.headers["host"] == f"127.0.0.1:{router.http_port}"
    assert re.fullmatch(
        r"<http://127\.0\.0\.1:\d+/[\w-]{40,}>", request.headers["callback"]
    )
    changed.assert_not_called()


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(
            lambda router: router.set_wan_address("198.51.100.8"), id="address"
        ),
        pytest.param(lambda router: router.wan_down(), id="wan-down"),
        pytest.param(lambda router: router.add_foreign(1234), id="other-mapping"),
        pytest.param(lambda router: router.table.clear(), id="quirk-20-cleaned-table"),
    ],
)
async def test_change(
    router: Router,
    subscription: Subscription,
    changed: Mock,
    act: Callable[[Router], None],
) -> None:
    """Each change of the router is told at once."""
    router.add_foreign(40000)
    async with running(subscription):
        await become(lambda: len(router.event_answers), 1)
        act(router)
        await become(lambda: router.event_answers, [OK, OK])
        await become(lambda: changed.call_count, 1)
    assert len(subscribes(router)) == 1


@jumping_time
@pytest.mark.usefixtures("subscribed")
async def test_renewal(
    subscription: Subscription,
    router: Router,
    changed: Mock,
    freezer: TickingDateTimeFactory,
) -> None:
    """A subscription is renewed at half of its time, and goes on."""
    await pass_time(freezer, HALF - 5)
    assert len(subscribes(router)) == 1
    await pass_time(freezer, 5)
    await become(lambda: len(subscribes(router)), 2)
    first, renewal = subscribes(router)
    assert sid(renewal).startswith("uuid:")
    assert not {"callback", "nt"} & set(renewal.headers)
    assert subscription.active

    await pass_time(freezer, HALF)
    await become(lambda: len(subscribes(router)), 3)
    changed.assert_not_called()
    router.wan_down()
    await become(lambda: changed.call_count, 1)
    assert not sid(first)
    assert subscription.active


@jumping_time
@pytest.mark.usefixtures("subscribed")
async def test_router_was_restarted(
    subscription: Subscription,
    router: Router,
    changed: Mock,
    freezer: TickingDateTimeFactory,
) -> None:
    """A router that does not know us any more was restarted; it gets to know us."""
    router.restart()
    await pass_time(freezer, HALF)

    await become(lambda: changed.call_count, 1)
    await become(lambda: subscription.active, True)
    assert [bool(sid(request)) for request in subscribes(router)] == [
        False,
        True,
        False,
    ]
    await become(lambda: len(router.event_answers), 2)
    router.wan_down()
    await become(lambda: changed.call_count, 2)


@jumping_time
@pytest.mark.usefixtures("subscribed")
async def test_renewal_fails(
    subscription: Subscription,
    router: Router,
    changed: Mock,
    freezer: TickingDateTimeFactory,
) -> None:
    """A router that lets nobody subscribe any more is asked once more, then later."""
    router.faults.events.refuse = 503
    await pass_time(freezer, HALF)

    await become(lambda: subscription.active, False)
    await become(lambda: len(subscribes(router)), 3)
    changed.assert_not_called()
    assert router.subscribers == []

    router.faults.events.refuse = None
    await pass_time(freezer, 61)
    await become(lambda: subscription.active, True)


@jumping_time
@pytest.mark.parametrize("status", [404, 412, 501, 503])
async def test_refused(
    subscription: Subscription,
    router: Router,
    changed: Mock,
    freezer: TickingDateTimeFactory,
    status: int,
) -> None:
    """A router that refuses is asked more and more seldom, and not given up."""
    router.faults.events.refuse = status
    asked = []
    async with running(subscription):
        await become(lambda: bool(subscribes(router)), True)
        await asyncio.sleep(0.05)
        router.records.clear()
        await pass_time(freezer, 55)
        asked.append(len(subscribes(router)))
        await pass_time(freezer, 6)
        asked.append(len(subscribes(router)))
        await pass_time(freezer, 115)
        asked.append(len(subscribes(router)))
        await pass_time(freezer, 6)
        asked.append(len(subscribes(router)))
        assert not subscription.active
        router.faults.events.refuse = None
        await pass_time(freezer, 241)
        await become(lambda: subscription.active, True)
    assert asked == [0, 1, 1, 2]
    changed.assert_not_called()


@patch(f"{PACKAGE}.const.GENA_RETRY", 0.01)
@patch(f"{PACKAGE}.const.GENA_RETRY_MAX", 0.02)
async def test_router_is_never_given_up(
    subscription: Subscription, router: Router
) -> None:
    """The wait between two questions does not grow for ever."""
    router.faults.events.refuse = 503
    async with running(subscription):
        await become(lambda: len(subscribes(router)) > 20, True)


@patch(f"{PACKAGE}.const.DESCRIPTION_TIMEOUT", 0.05)
@patch(f"{PACKAGE}.const.GENA_RETRY", 0.1)
async def test_silent_router(subscription: Subscription, router: Router) -> None:
    """A router that does not answer does not hold us up."""
    router.faults.http.hang = {Page.EVENTS}
    async with running(subscription):
        await become(lambda: len(subscribes(router)), 2)
        assert not subscription.active
        router.faults.http.hang.clear()
        await become(lambda: subscription.active, True)


async def test_no_events(subscription: Subscription, router: Router) -> None:
    """A subscription without its first event is not relied upon."""
    router.faults.events.silent = True
    async with running(subscription):
        await become(lambda: len(router.subscribers), 1)
        await asyncio.sleep(0.05)
        assert not subscription.active
        router.faults.events.silent = False
        router.wan_down()
        await become(lambda: subscription.active, True)


@jumping_time
@pytest.mark.usefixtures("subscribed")
async def test_router_leaves(
    subscription: Subscription,
    router: Router,
    changed: Mock,
    freezer: TickingDateTimeFactory,
) -> None:
    """A router that is gone at the renewal is not relied upon any more."""
    await router.stop()
    await pass_time(freezer, HALF)
    await become(lambda: subscription.active, False)
    changed.assert_not_called()


@patch(f"{PACKAGE}.const.GENA_RETRY", 0.05)
async def test_router_is_gone(
    subscription: Subscription, router: Router, changed: Mock
) -> None:
    """A router that comes back later is found again."""
    await router.stop()
    async with running(subscription):
        await asyncio.sleep(0.1)
        assert not subscription.active
        await router.start()
        await become(lambda: subscription.active, True)
    changed.assert_not_called()


@pytest.mark.usefixtures("subscribed")
async def test_lost_event(
    subscription: Subscription, router: Router, changed: Mock
) -> None:
    """When an event got lost we look again, and subscribe anew."""
    (before,) = router.subscribers
    router.faults.events.skip = 1
    router.wan_down()
    router.set_wan_address("198.51.100.8")

    await become(lambda: changed.call_count, 1)
    await become(lambda: len(router.event_answers), 3)
    await become(lambda: subscription.active, True)
    (after,) = router.subscribers
    assert after != before


@jumping_time
@pytest.mark.usefixtures("subscribed")
async def test_events_are_always_lost(
    subscription: Subscription,
    router: Router,
    changed: Mock,
    freezer: TickingDateTimeFactory,
) -> None:
    """A router that cannot count is not asked in a burst."""
    router.faults.events.skip = 1
    router.wan_down()
    router.wan_down()
    await become(lambda: len(router.event_answers), 3)
    await become(lambda: subscription.active, True)
    router.faults.events.skip = 1
    router.wan_down()
    router.wan_down()
    await become(lambda: changed.call_count, 2)
    await become(lambda: subscription.active, False)
    await pass_time(freezer, 50)
    assert len(subscribes(router)) == 2
    await pass_time(freezer, 11)
    await become(lambda: subscription.active, True)


async def test_end(subscription: Subscription, router: Router) -> None:
    """The router does not go on to send events to nobody."""
    async with running(subscription):
        await become(lambda: subscription.active, True)
    assert not subscription.active
    assert router.subscribers == []


@patch(f"{PACKAGE}.const.GENA_GOODBYE", 0.1)
async def test_end_with_a_silent_router(
    subscription: Subscription, router: Router
) -> None:
    """A router that does not answer does not hold up the end."""
    async with running(subscription), asyncio.timeout(1):
        await become(lambda: subscription.active, True)
        router.faults.http.hang = {Page.EVENTS}
    assert not subscription.active


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("Second-1800", 1800, id="as-asked"),
        pytest.param(" second-300 ", 300, id="careless"),
        pytest.param("Second-0", 60, id="nothing"),
        pytest.param("Second-1", 60, id="short"),
        pytest.param("Second-604800", 86400, id="week"),
        pytest.param("Second-99999999999999", 1800, id="aeon"),
        pytest.param("Second-infinite", 1800, id="infinite"),
        pytest.param("infinite", 1800, id="just-infinite"),
        pytest.param("Second--5", 1800, id="negative"),
        pytest.param("", 1800, id="missing"),
    ],
)
def test_granted_timeout(header: str, seconds: int) -> None:
    """An absurd time neither stops renewals nor makes a burst of them."""
    assert granted_timeout(header) == seconds


@jumping_time
async def test_short_time_is_granted(
    subscription: Subscription, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """What is granted counts, not what was asked for."""
    router.faults.events.granted = "Second-300"
    async with running(subscription):
        await become(lambda: len(router.event_answers), 1)
        await become(lambda: subscription.active, True)
        await pass_time(freezer, 151)
        await become(lambda: len(subscribes(router)), 2)


@pytest.mark.parametrize(
    "other_address", [pytest.param("127.0.0.2", id="quirk-58-wrong-source")]
)
async def test_address_in_url_does_not_match(
    router: Router, changed: Mock, other_address: str
) -> None:
    """A router wants to be asked from the address of the callback, and is."""
    connector = aiohttp.TCPConnector(
        local_addr=(other_address, 0), resolver=aiohttp.ThreadedResolver()
    )
    async with aiohttp.ClientSession(connector=connector) as session:
        subscription = Subscription(
            session,
            router.event_url,
            source=LOOPBACK,
            gateway=LOOPBACK,
            changed=changed,
        )
        async with running(subscription):
            await become(lambda: subscription.active, True)
    assert [request.source for request in subscribes(router)] == [
        other_address,
        "127.0.0.1",
    ]
    assert router.subscribers == []


@pytest.mark.parametrize("status", [pytest.param(412, id="quirk-58-in-vain")])
async def test_address_in_url_never_matches(
    subscription: Subscription, router: Router, status: int
) -> None:
    """Where that does not help either, only polling remains."""
    router.faults.events.refuse = status
    async with running(subscription):
        await become(lambda: len(subscribes(router)), 2)
        await asyncio.sleep(0.05)
        assert len(subscribes(router)) == 2
        assert not subscription.active


@patch(f"{PACKAGE}.const.GENA_RETRY", 0.05)
async def test_our_address_is_gone(
    session: aiohttp.ClientSession, router: Router, changed: Mock
) -> None:
    """Without an address to be called back at, nobody is asked for it."""
    subscription = Subscription(
        session,
        router.event_url,
        source=IPv4Address("192.0.2.1"),
        gateway=LOOPBACK,
        changed=changed,
    )
    async with running(subscription):
        await asyncio.sleep(0.1)
    assert subscribes(router) == []


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(Response(headers={"TIMEOUT": "Second-300"}), id="no-name"),
        pytest.param(Response(headers={"SID": "uuid:é"}), id="unspeakable-name"),
        pytest.param(
            Response(302, headers={"LOCATION": "http://127.0.0.1:9/", "SID": "uuid:1"}),
            id="elsewhere",
        ),
    ],
)
async def test_odd_answer(
    session: aiohttp.ClientSession, changed: Mock, response: Response
) -> None:
    """What is no answer to a subscription is none."""
    answer = Mock(return_value=response)

    async def answers(request: HttpRequest) -> Response:
        return answer(request)  # type: ignore[no-any-return]

    server = HttpServer(answers)
    port = await server.start("127.0.0.1", 0)
    subscription = Subscription(
        session,
        f"http://127.0.0.1:{port}/events",
        source=LOOPBACK,
        gateway=LOOPBACK,
        changed=changed,
    )
    async with running(subscription):
        await become(lambda: answer.call_count, 1)
        await asyncio.sleep(0.05)
        assert not subscription.active
    assert answer.call_count == 1
    await server.stop()
