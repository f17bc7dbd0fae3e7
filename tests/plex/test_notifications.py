"""Tests of how the news of a server are heard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.plex import PlexServer, listen, notifications
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer as SimulatedServer

PUBLISH = "PublishServerOnPlexOnlineKey"


class Ear:
    """Counts what was heard."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.heard = 0
        self.connections: list[bool] = []
        self._changed = asyncio.Event()

    def hear(self) -> None:
        """Hear something."""
        self.heard += 1
        self._changed.set()

    async def until(self, enough: Callable[[int], bool]) -> None:
        """Wait until enough was heard."""
        async with asyncio.timeout(5):
            while not enough(self.heard):
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def ear(plex: SimulatedServer, server: PlexServer) -> AsyncIterator[Ear]:
    """Somebody who listens to the server."""
    ear = Ear()
    with patch.object(notifications, "FIRST_PAUSE", 0.05):
        task = asyncio.create_task(listen(server, ear.hear, ear.connections.append))
        yield ear
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_connection_is_news(ear: Ear) -> None:
    """What happened before is not repeated, so a look is due at once."""
    await ear.until(lambda heard: heard == 1)


async def test_changed_setting_is_news(plex: SimulatedServer, ear: Ear) -> None:
    """A setting that somebody changes in Plex is heard."""
    await ear.until(lambda heard: heard == 1)

    await plex.set_preferences({PUBLISH: True})

    await ear.until(lambda heard: heard > 1)


async def test_noise_is_no_news(plex: SimulatedServer, ear: Ear) -> None:
    """Frames about playing, scanning, or in odd forms are passed over."""
    await ear.until(lambda heard: heard == 1)

    await plex.notifications.send_noise()
    await plex.set_preferences({PUBLISH: True})
    await plex.settled()

    await ear.until(lambda heard: heard > 1)
    assert ear.heard <= 4


async def test_lost_connection_comes_back(plex: SimulatedServer, ear: Ear) -> None:
    """A server that restarts is heard again; its going is news as well."""
    await ear.until(lambda heard: heard == 1)

    await plex.restart()

    await ear.until(lambda heard: heard == 3)
    assert ear.connections == [True, False, True]


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        pytest.param(EndpointFault(401), 3, id="unknown-token"),
        # Both names are tried before each pause.
        pytest.param(EndpointFault(404), 3, id="no-websocket"),
        pytest.param(EndpointFault(503), 3, id="starting"),
        pytest.param(EndpointFault(hang_up=True), 3, id="hangs-up"),
    ],
)
async def test_refused_connection_is_tried_again(
    plex: SimulatedServer, server: PlexServer, fault: EndpointFault, attempts: int
) -> None:
    """Nothing that the server says ends the listening."""
    fault.remaining = 2
    plex.faults.endpoints[Endpoint.WEBSOCKET] = fault
    ear = Ear()
    with patch.object(notifications, "FIRST_PAUSE", 0.02):
        task = asyncio.create_task(listen(server, ear.hear, ear.connections.append))
        await ear.until(lambda heard: heard == 1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    assert plex.records.counts[Endpoint.WEBSOCKET] == attempts


@pytest.mark.parametrize(
    ("frame", "is_news"),
    [
        ('{"NotificationContainer":{"type":"reachability","size":1}}', True),
        ('{"NotificationContainer":{"type":"preference"}}', True),
        ('{"NotificationContainer":{"type":"account"}}', True),
        ('{"type":"reachability","_children":[]}', True),
        (b'{"NotificationContainer":{"type":"account"}}', True),
        ('{"NotificationContainer":{"type":"playing"}}', False),
        ('{"NotificationContainer":{"type":["account"]}}', False),
        ('{"NotificationContainer":[]}', False),
        ('{"_children":[]}', False),
        ("[]", False),
        ("no json", False),
        (b"\x00\xff", False),
        (None, False),
        # Too long to be read; it may be.
        ("[" * 100_000, True),
    ],
)
def test_is_news(frame: str | bytes | None, is_news: bool) -> None:
    """Only what concerns remote access causes a look."""
    assert notifications.is_news(frame) is is_news
