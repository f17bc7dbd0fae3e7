"""Orders in which things may happen."""

from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from tests.common import NAT_PMP_ONLY, PCP_ONLY, UPNP_ONLY

from . import owner_events, router_events, server_events
from .event import Event

EVENTS: Final = {
    event.name: event
    for event in (*owner_events.EVENTS, *server_events.EVENTS, *router_events.EVENTS)
}
ROUTERS: Final[dict[str, dict[str, Any]]] = {
    "any": {},
    "nat_pmp": NAT_PMP_ONLY,
    "pcp": PCP_ONLY,
    "upnp": UPNP_ONLY,
}
"""What the router is like, by what it speaks."""

# The last is longer than the leases of routers.
_PAUSES: Final = (0, 0, 0, 0, 0, 0.5, 0.5, 2, 2, 12, 65, 7300)
_OFTEN: Final = [event for event in EVENTS.values() for _ in range(event.weight)]


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens, and how it falls among the rest.

    So many `turns` of the event loop later, if any, the next thing happens though this
    one is not over. The `pause` after it is in seconds.
    """

    name: str
    variant: object = None
    turns: int = 0
    pause: float = 0


type Order = list[list[Happening]]
"""What happens before all is mended and checked, several times."""


@st.composite
def _happenings(draw: st.DrawFn) -> Happening:
    event: Event = draw(st.sampled_from(_OFTEN))
    return Happening(
        event.name,
        draw(st.sampled_from(event.variants)) if event.variants else None,
        draw(st.sampled_from((0, 0, 0, 1, 2, 4, 8, 16, 30))) if event.overlaps else 0,
        draw(st.sampled_from(_PAUSES)),
    )


orders: Final = st.lists(
    st.lists(_happenings(), min_size=1, max_size=4), min_size=1, max_size=8
)
routers: Final = st.sampled_from(sorted(ROUTERS))
