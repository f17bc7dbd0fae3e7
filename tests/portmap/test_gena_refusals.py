"""A router that wants no subscriptions, or is not there, is asked again later."""

import asyncio
from ipaddress import IPv4Address
from unittest.mock import Mock, patch

import aiohttp
from freezegun.api import TickingDateTimeFactory
import pytest

from custom_components.plex_remote_access.portmap.gena import Subscription
from tests.common import become, jumping_time
from tests.simulators.router import Page, Router
from tests.simulators.router.http_server import HttpServer, Response
from tests.simulators.router.records import HttpRequest

from .common import LOOPBACK, PACKAGE
from .subscriber import HALF, pass_time, running, subscribes


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
            Response(302, headers={"LOCATION": "/elsewhere", "SID": "uuid:1"}),
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
