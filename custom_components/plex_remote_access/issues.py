"""What people are told in Repairs, and when it is over."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOCUMENTATION, DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry
from .plan import Cause, Status
from .portmap import Reason
from .snapshot import BY_HAND, BY_SERVER, Snapshot

# Where Docker puts containers that do not share the network of their host.
_CONTAINERS: Final = IPv4Network("172.16.0.0/12")


class Issue(StrEnum):
    """What somebody has to do something about."""

    SIGNED_OUT = "signed_out"
    DOUBLE_NAT = "double_nat"
    ROUTER_REFUSED = "router_refused"
    NO_ROUTER = "no_router"
    PORT_TAKEN = "port_taken"
    MANUAL_PORT_CLOSED = "manual_port_closed"
    CONTAINER_ADDRESS = "container_address"
    NOT_PUBLISHED = "not_published"

    @property
    def is_fixable(self) -> bool:
        """Tell whether we can offer something."""
        return self not in {Issue.SIGNED_OUT, Issue.DOUBLE_NAT}


_OF_STATUS: Final = {
    Status.SIGNED_OUT: Issue.SIGNED_OUT,
    Status.DOUBLE_NAT: Issue.DOUBLE_NAT,
    Status.NOT_PUBLISHED: Issue.NOT_PUBLISHED,
}
_OF_REASON: Final[dict[Cause | Reason, Issue]] = {
    Cause.SERVER_CANNOT_MAP: Issue.ROUTER_REFUSED,
    Reason.DEVICE_PERMISSION: Issue.ROUTER_REFUSED,
    Reason.FAILED: Issue.ROUTER_REFUSED,
    Reason.REFUSED: Issue.ROUTER_REFUSED,
    Reason.REFUSED_FOR_OTHER_HOST: Issue.ROUTER_REFUSED,
    Reason.TABLE_FULL: Issue.ROUTER_REFUSED,
    Reason.NO_ROUTER: Issue.NO_ROUTER,
    Reason.PORT_TAKEN: Issue.PORT_TAKEN,
    Reason.PORT_USED_BY_ROUTER: Issue.PORT_TAKEN,
}


def issue_of(snapshot: Snapshot, host: str) -> Issue | None:
    """Return what is wrong with a server that is reached at a host."""
    if (issue := _OF_STATUS.get(snapshot.status)) is not None:
        return issue
    if snapshot.reason is Cause.SIGNED_OUT:
        # Also while it is off: nobody could switch it on.
        return Issue.SIGNED_OUT
    if snapshot.status not in {Status.NOT_MAPPED, Status.UNREACHABLE}:
        return None
    if _is_in_container(snapshot, host):
        return Issue.CONTAINER_ADDRESS
    if snapshot.reason is None:
        return None
    if snapshot.reason is Cause.PORT_CLOSED and snapshot.method == BY_HAND:
        return Issue.MANUAL_PORT_CLOSED
    return _OF_REASON.get(snapshot.reason)


def _is_in_container(snapshot: Snapshot, host: str) -> bool:
    """Tell whether the server asks the router for an address that leads nowhere."""
    if snapshot.method != BY_SERVER or snapshot.private_ip in {None, host}:
        return False
    try:
        return IPv4Address(snapshot.private_ip) in _CONTAINERS
    except ValueError:
        return False


@callback
def async_watch_issues(hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry) -> None:
    """Keep Repairs in step with how things stand, as long as the entry is loaded."""
    coordinator = entry.runtime_data

    @callback
    def update() -> None:
        snapshot = coordinator.data
        if snapshot.status in {Status.CONNECTING, Status.UNKNOWN}:
            # A verdict is still to come: what was wrong before may still be.
            return
        issue = issue_of(snapshot, entry.data[CONF_HOST])
        _delete(hass, entry, but=issue)
        if issue is not None:
            _create(hass, entry, issue, snapshot)

    update()
    entry.async_on_unload(coordinator.async_add_listener(update))


@callback
def async_tell_signed_out(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> None:
    """Tell of a server that could not be set up because it is nobody's."""
    _create(hass, entry, Issue.SIGNED_OUT)


@callback
def async_forget_issues(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> None:
    """Have nothing to complain of a server that is not watched any more."""
    _delete(hass, entry, but=None)


def placeholders(
    entry: PlexRemoteAccessConfigEntry, snapshot: Snapshot | None
) -> dict[str, str]:
    """Return what the texts of the issues tell of a server."""
    told = {"server": entry.title, "host": str(entry.data[CONF_HOST])}
    if snapshot is None:
        return told
    return {
        **told,
        "port": str(snapshot.public_port or snapshot.preferences.manual_port),
        "private_ip": snapshot.private_ip or "",
        "answer": snapshot.answer or "",
    }


def _create(
    hass: HomeAssistant,
    entry: PlexRemoteAccessConfigEntry,
    issue: Issue,
    snapshot: Snapshot | None = None,
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, issue),
        data={"entry_id": entry.entry_id, "issue": issue.value},
        is_fixable=issue.is_fixable,
        learn_more_url=f"{DOCUMENTATION}#{issue.replace('_', '-')}",
        severity=ir.IssueSeverity.ERROR,
        translation_key=issue,
        translation_placeholders=placeholders(entry, snapshot),
    )


def _delete(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry, *, but: Issue | None
) -> None:
    for issue in Issue:
        if issue is not but:
            ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, issue))


def _issue_id(entry: PlexRemoteAccessConfigEntry, issue: Issue) -> str:
    return f"{issue}_{entry.entry_id}"
