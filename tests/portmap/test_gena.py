"""Events of the router arrive, whatever it and its neighbours do."""

import asyncio
from collections.abc import Callable
import re
from unittest.mock import Mock

from freezegun.api import TickingDateTimeFactory
import pytest

from custom_components.plex_remote_access.portmap.gena import (
    Subscription,
    granted_timeout,
)
from tests.common import become, jumping_time
from tests.simulators.router import Router
from tests.simulators.router.records import HttpRequest

from .subscriber import HALF, pass_time, running, subscribes

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def sid(request: HttpRequest) -> str:
    """Return the subscription that a renewal is about."""
    return request.headers.get("sid", "")


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


async def test_end(subscription: Subscription, router: Router) -> None:
    """The router does not go on to send events to nobody."""
    async with running(subscription):
        await become(lambda: subscription.active, True)
    assert not subscription.active
    assert router.subscribers == []


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
