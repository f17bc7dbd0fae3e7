"""Fixtures: how much there is of everything, and many servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.plex_remote_access.portmap import const
from tests.common import make_entry
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from .sizes import CHOSEN, SHORT, Sizes

# Before any test has changed it.
PATIENCE = const.PATIENCE


@pytest.fixture
def sizes(request: pytest.FixtureRequest) -> Sizes:
    """How much there is of everything."""
    return request.config.stash.get(CHOSEN, SHORT)


@pytest.fixture(autouse=True)
async def as_people_run_it() -> None:
    """Do not keep where everything was begun, as event loops do for debugging."""
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
async def servers(
    hass: HomeAssistant,
    outside: DirectOutside,
    options: dict[str, Any],
    simulated_ports: None,
    sizes: Sizes,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[list[PlexServer]]:
    """Servers behind one router, all of them set up, with remote access off."""
    # They queue up at the router, which takes more than the moment that others give it.
    monkeypatch.setattr(const, "PATIENCE", PATIENCE)
    await async_setup_component(hass, "homeassistant", {})
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(
                PlexServer(
                    friendly_name=f"Den {number}",
                    outside=outside,
                    lan_address="127.0.0.1",
                )
            )
            for number in range(sizes.servers)
        ]
        for server in servers:
            entry = make_entry(server, options)
            entry.add_to_hass(hass)
            await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        yield servers


@pytest.fixture
def numbers_open(router: Router) -> list[int]:
    """How many ports were open after each change of the router's table."""
    numbers: list[int] = []
    tell = router.table.changed

    def changed() -> None:
        numbers.append(len(router.table))
        tell()

    router.table.changed = changed
    return numbers
