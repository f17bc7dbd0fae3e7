"""What the entities show, all from one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
import re
import time
from typing import Final

from homeassistant.util import dt as dt_util

from .plan import Cause, Plan, PortMapping, Seen, Status, Wanted, is_enabled
from .plex import Account, Preferences
from .portmap import Mapping, Method, PortMapError, Reason, is_public
from .words import plain

BY_HAND: Final = "manual"
BY_SERVER: Final = "server"
_NOBODY: Final = "none"
# Longer texts of the server's may hold addresses.
_WORD: Final = re.compile(r"[A-Za-z0-9 _-]{1,40}")
# For these a router has answered; the others we have found out by ourselves.
_ANSWERS: Final = frozenset(
    {
        Reason.DEVICE_PERMISSION,
        Reason.FAILED,
        Reason.PORT_TAKEN,
        Reason.PORT_USED_BY_ROUTER,
        Reason.REFUSED,
        Reason.REFUSED_FOR_OTHER_HOST,
        Reason.TABLE_FULL,
    }
)
METHODS: Final = [*Method, BY_SERVER, BY_HAND, _NOBODY]


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Remote access of one server at one moment; comparable, so that only news count."""

    enabled: bool
    mode: PortMapping
    status: Status
    reason: Cause | Reason | None
    answer: str | None
    """What the router said to that, in its own words."""
    server_error: str | None
    plex_pass: bool | None
    preferences: Preferences
    public_ip: str | None
    public_port: int | None
    private_ip: str | None
    private_port: int | None
    method: str
    expires: datetime | None
    open_until: datetime | None
    closes_at: datetime | None

    @property
    def reachable(self) -> bool | None:
        """Tell whether plex.tv reached the server; None while nobody can say."""
        if self.status in {Status.CONNECTING, Status.UNKNOWN}:
            return None
        return self.status is Status.REACHABLE


def take_snapshot(
    wanted: Wanted,
    seen: Seen,
    plan: Plan,
    *,
    obstacle: PortMapError | None,
    closes_at: datetime | None,
) -> Snapshot:
    """Put together what people want to see."""
    account, mapping, preferences = seen.account, seen.mapping, seen.preferences
    enabled = is_enabled(wanted, preferences)
    public_ip = account.public_address
    public_port = account.public_port
    if mapping and not public_port:
        public_port = mapping.external_port
    if seen.external_address and is_public(seen.external_address) and not public_ip:
        public_ip = str(seen.external_address)
    return Snapshot(
        enabled=enabled,
        mode=wanted.mode,
        status=plan.status,
        reason=plan.cause,
        answer=_answer(plan, obstacle),
        server_error=_in_its_words(account) if enabled else None,
        plex_pass=account.subscription_active,
        preferences=preferences,
        # A server that is switched off may go on telling its old address.
        public_ip=public_ip if enabled else None,
        public_port=public_port if enabled else None,
        private_ip=account.private_address,
        private_port=account.private_port,
        method=_method(seen, enabled=enabled),
        expires=ends_at(mapping) if mapping else None,
        open_until=_open_until(seen),
        closes_at=closes_at,
    )


def _answer(plan: Plan, obstacle: PortMapError | None) -> str | None:
    """Return what the router said to what we asked, if that is what is wrong."""
    if obstacle is None or plan.cause is not obstacle.reason:
        return None
    return plain(obstacle.detail) if obstacle.reason in _ANSWERS else None


def _in_its_words(account: Account) -> str | None:
    """Return what the server itself calls what is wrong, if that is but a word."""
    said = account.mapping_error or account.other_state
    return said if said and _WORD.fullmatch(said) else None


def _method(seen: Seen, *, enabled: bool) -> str:
    """Say how the port was opened."""
    if seen.mapping:
        return seen.mapping.method
    if not enabled:
        return _NOBODY
    return BY_HAND if seen.preferences.manual_mode else BY_SERVER


def ends_at(mapping: Mapping) -> datetime | None:
    """Return when the router drops a mapping that is not renewed, None for never."""
    if mapping.good_until is None:
        return None
    remaining = timedelta(seconds=mapping.good_until - time.monotonic())
    # To the minute: the two clocks drift, and each jitter would be written as news.
    return (dt_util.utcnow() + remaining).replace(second=0, microsecond=0)


def _open_until(seen: Seen) -> datetime | None:
    """Return until when a port may be open that the router did not confirm closed."""
    ends = [end for mapping in seen.leaving if (end := ends_at(mapping))]
    return max(ends, default=None)
