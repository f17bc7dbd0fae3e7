"""The small world in which everything happens."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.home import Home
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Entry, Router

type Lift = Callable[[World], Awaitable[None] | None]


@dataclass(kw_only=True, eq=False)
class World:
    """Home, server and router, and what a bystander knows of the owner's will.

    `wanted` and `mode` are None where nobody can tell: what the owner asked for failed
    before his eyes, or Plex and he said different things at once. Then only one thing
    counts: that all sides agree.
    """

    home: Home
    plex: PlexServer
    router: Router
    outside: DirectOutside
    freezer: TickingDateTimeFactory
    wanted: bool | None = False
    ends_at: datetime | None = None
    """When remote access ends that is on for a while."""
    mode: str | None = "automatic"
    foreign: list[Entry] = field(default_factory=list)
    faults: dict[str, Lift] = field(default_factory=dict)
    """What is out of order, and how it is mended."""
    words: int = 0
    """How often the owner said on or off."""
    news: bool = False
    """Whether Plex said something that need not have been heard yet."""
    busy: int = 0
    """How many of the owner's acts are under way."""
    acts: list[asyncio.Task[None]] = field(default_factory=list)
    """Those that other things overlap with."""

    @property
    def hass(self) -> HomeAssistant:
        """Return what runs at home now."""
        return self.home.hass

    @property
    def entry(self) -> MockConfigEntry:
        """Return the server as the owner has set it up."""
        return self.home.entry

    @property
    def ours(self) -> list[Entry]:
        """Return what is in the router's table and not somebody else's."""
        return [entry for entry in self.router.table if entry not in self.foreign]

    @property
    def ambiguous(self) -> bool:
        """Tell whether what Plex says now may be overtaken by what was said before."""
        return bool(self.faults or self.busy or self.news)

    def will(self, wanted: bool | None, seconds: float | None = None) -> None:
        """Take down what the owner wants, for a while or for good."""
        self.wanted = wanted
        self.ends_at = None
        if seconds is not None:
            self.ends_at = dt_util.utcnow() + timedelta(seconds=seconds)

    def look_at_the_clock(self) -> None:
        """Want what was on for a while to be off when its time is over."""
        if self.ends_at is not None and dt_util.utcnow() >= self.ends_at:
            self.will(False)

    def nobody_knows(self) -> None:
        """Take what was said last, and not carried out or not heard, for nobody's word."""
        self.words += 1
        self.will(None)
        self.mode = None

    def forget_table(self) -> None:
        """Have nobody hold a port any more."""
        self.foreign.clear()
        self.router.table.clear()

    async def ask(self, action: Coroutine[Any, Any, None]) -> bool:
        """Do what an owner does; tell whether it worked, or failed before his eyes."""
        self.busy += 1
        try:
            await action
        except HomeAssistantError:
            return False
        finally:
            self.busy -= 1
        return True
