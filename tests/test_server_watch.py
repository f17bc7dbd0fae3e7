"""Tests of how often the server is asked, and of what its answers are worth."""

import asyncio
from dataclasses import replace
from unittest.mock import AsyncMock, Mock

from custom_components.plex_remote_access.plex import PlexServer, Preferences
from custom_components.plex_remote_access.server_watch import ServerWatch

from .plan_states import ACCOUNT, PREFERENCES

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
