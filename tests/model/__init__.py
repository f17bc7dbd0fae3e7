"""What the owner, the server and the router may do, in any order, and what must hold.

The real coordinator, plan and port mapper run in a Home Assistant of the test suite,
against both simulators and on a clock that jumps. `hypothesis` draws what happens, and
makes an order that breaks something as short as it can; what it found is kept in
`kept.py`. As sockets are real, what overlaps may meet at another point the next time:
not every violation comes back.
"""

from dataclasses import dataclass
from typing import Final

import pytest

EVENT: Final = "event"
CHECK: Final = "quiet after"
"""Properties of a test: what happened, and after how many seconds all was well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How many orders are tried for each seed; without one they are always the same."""

    seeds: tuple[int | None, ...]
    orders: int


SHORT: Final = Effort(seeds=(None,), orders=10)
CHOSEN: Final = pytest.StashKey[Effort]()
"""The effort that is asked for, instead of the short form."""
