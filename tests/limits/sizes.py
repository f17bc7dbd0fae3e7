"""How much of everything there is."""

from dataclasses import dataclass
from typing import Final

import pytest


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Numbers; the time is simulated."""

    servers: int
    minutes_of_servers: int
    toggles: int
    idle_hours: int
    interruptions: int
    minutes_of_news: int


SHORT: Final = Sizes(
    servers=12,
    minutes_of_servers=5,
    toggles=50,
    idle_hours=1,
    interruptions=30,
    minutes_of_news=1,
)
LONG: Final = Sizes(
    servers=50,
    minutes_of_servers=60,
    toggles=500,
    idle_hours=72,
    interruptions=1800,
    minutes_of_news=10,
)
CHOSEN: Final = pytest.StashKey[Sizes]()
