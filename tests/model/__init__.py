"""What the owner, the server and the router may do, in any order, and what must hold.

The real coordinator, plan and port mapper run in a Home Assistant of the test suite,
against both simulators and on a clock that jumps. A seed draws the order of events; it
is a plain generator of random numbers, as `hypothesis` cannot run its examples within
the event loop that Home Assistant's fixtures have. So nothing is made smaller: a
violation names its seed and all that happened before it. As sockets are real, what
overlaps may meet at another point the next time: not every violation comes back.
"""

from typing import Final

import pytest

SEEDS: Final = pytest.StashKey[range]()
"""The seeds that are asked for, instead of those of the short form."""

EVENT: Final = "event"
CHECK: Final = "quiet after"
"""Properties of a test: what happened, and after how many seconds all was well."""
