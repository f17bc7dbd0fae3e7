"""The small world in which everything happens."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

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

    hass: HomeAssistant
    entry: MockConfigEntry
    plex: PlexServer
    router: Router
    outside: DirectOutside
    freezer: TickingDateTimeFactory
    random: Random
    wanted: bool | None = False
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

    @property
    def ours(self) -> list[Entry]:
        """Return what is in the router's table and not somebody else's."""
        return [entry for entry in self.router.table if entry not in self.foreign]

    @property
    def ambiguous(self) -> bool:
        """Tell whether what Plex says now may be overtaken by what was said before."""
        return bool(self.faults or self.busy or self.news)

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
