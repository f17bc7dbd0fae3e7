"""What the tests of events have in common."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from freezegun.api import TickingDateTimeFactory

from custom_components.plex_remote_access.portmap.gena import Subscription
from tests.simulators.router import Router
from tests.simulators.router.records import HttpRequest

# Half of the time that is asked for.
HALF = 900


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


def subscribes(router: Router) -> list[HttpRequest]:
    """Return what the router was asked."""
    return [
        request for request in router.http_requests if request.method == "SUBSCRIBE"
    ]


async def pass_time(freezer: TickingDateTimeFactory, seconds: float) -> None:
    """Let time pass at once, when nobody waits for an answer."""
    await asyncio.sleep(0.05)
    freezer.tick(timedelta(seconds=seconds))
    await asyncio.sleep(0.05)
