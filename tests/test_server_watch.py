"""Tests of how often the server is asked, and of what its answers are worth."""

import asyncio
from dataclasses import replace
from unittest.mock import AsyncMock, Mock, patch

import pytest

from custom_components.plex_remote_access.plex import (
    PlexError,
    PlexServer,
    PreferenceChange,
    Preferences,
)
from custom_components.plex_remote_access.server_watch import ServerWatch

from .plan_states import ACCOUNT, PREFERENCES
from .portmap.common import Clock

WRITTEN = replace(PREFERENCES, manual_port=40000)


async def test_late_answer_does_not_undo_a_later_one() -> None:
    """What was asked for before a write may arrive after what was asked for after it."""
    arrives = asyncio.Event()

    async def old() -> Preferences:
        await arrives.wait()
        return PREFERENCES

    async def answer() -> Preferences:
        return await old() if server.preferences.call_count == 1 else WRITTEN

    server = Mock(
        spec=PlexServer,
        preferences=AsyncMock(side_effect=answer),
        account=AsyncMock(return_value=ACCOUNT),
    )
    watch = ServerWatch(server)
    early = asyncio.create_task(watch.ask())
    await asyncio.sleep(0)
    watch.expire()
    assert (await watch.ask())[0] == WRITTEN

    arrives.set()

    assert (await early)[0] == WRITTEN
    assert (await watch.ask())[0] == WRITTEN


async def test_old_answer_is_not_taken_while_a_new_one_is_on_its_way() -> None:
    """Whoever asks meanwhile would believe that our own write did nothing."""
    arrives = asyncio.Event()

    async def slow() -> Preferences:
        await arrives.wait()
        return WRITTEN

    async def answer() -> Preferences:
        return await slow() if server.preferences.call_count == 2 else WRITTEN

    server = Mock(
        spec=PlexServer,
        preferences=AsyncMock(return_value=PREFERENCES),
        account=AsyncMock(return_value=ACCOUNT),
        set_preferences=AsyncMock(return_value=WRITTEN),
    )
    watch = ServerWatch(server)
    assert (await watch.ask())[0] == PREFERENCES
    server.preferences.side_effect = answer
    await watch.write(PreferenceChange(manual_port=40000))
    look = asyncio.create_task(watch.ask())
    await asyncio.sleep(0)

    assert (await watch.ask())[0] == WRITTEN

    arrives.set()
    assert (await look)[0] == WRITTEN


async def test_answer_from_during_a_write_is_not_taken_after_it() -> None:
    """It may tell how things were before."""
    written = asyncio.Event()

    async def write(change: PreferenceChange) -> Preferences:
        await written.wait()
        server.preferences.return_value = WRITTEN
        return WRITTEN

    server = Mock(
        spec=PlexServer,
        preferences=AsyncMock(return_value=PREFERENCES),
        account=AsyncMock(return_value=ACCOUNT),
        set_preferences=AsyncMock(side_effect=write),
    )
    watch = ServerWatch(server)
    writing = asyncio.create_task(watch.write(PreferenceChange(manual_port=40000)))
    await asyncio.sleep(0)
    assert (await watch.ask())[0] == PREFERENCES

    written.set()
    await writing

    assert (await watch.ask())[0] == WRITTEN


@pytest.mark.parametrize(
    ("seconds", "before"), [(59, WRITTEN), (61, PREFERENCES)], ids=["late", "too-late"]
)
async def test_write_is_known_as_ours_until_it_shows(
    seconds: float, before: Preferences
) -> None:
    """A server that did not answer in time may carry it out all the same."""
    server = Mock(
        spec=PlexServer, set_preferences=AsyncMock(side_effect=PlexError("no answer"))
    )
    watch = ServerWatch(server)
    clock = Clock()
    with patch("custom_components.plex_remote_access.server_watch.time", clock):
        with pytest.raises(PlexError):
            await watch.write(PreferenceChange(manual_port=40000))
        assert watch.before(PREFERENCES, PREFERENCES) == PREFERENCES
        clock.now += seconds
        assert watch.before(PREFERENCES, replace(PREFERENCES)) == PREFERENCES

        assert watch.before(PREFERENCES, WRITTEN) == before


async def test_write_that_was_answered_is_ours_once() -> None:
    """What becomes of it afterwards is somebody else's doing."""
    server = Mock(spec=PlexServer, set_preferences=AsyncMock(return_value=WRITTEN))
    watch = ServerWatch(server)
    await watch.write(PreferenceChange(manual_port=40000))
    # What the router tells meanwhile is no answer of the server.
    assert watch.before(PREFERENCES, PREFERENCES) == PREFERENCES

    assert watch.before(PREFERENCES, replace(WRITTEN)) == WRITTEN
    assert watch.before(PREFERENCES, WRITTEN) == PREFERENCES
