"""What to do about the difference between what the owner wants and what is true.

Pure: no clock, no network, no Home Assistant. Everything that happens elsewhere only
causes a fresh look, whose result is handed to `make_plan`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Final

from .plex import Account, MappingState, PreferenceChange, Preferences, SignInState
from .portmap import Mapping, Reason, why_not_public


class PortMapping(StrEnum):
    """Who opens the port on the router (the option `port_mapping`)."""

    AUTOMATIC = "automatic"
    """Home Assistant."""
    SERVER = "server"
    """The Plex server."""
    MANUAL = "manual"
    """The owner, by a forward of his own."""


class Request(StrEnum):
    """What the owner asked for just now."""

    ON = "on"
    OFF = "off"


class Status(StrEnum):
    """How remote access stands, in one word."""

    DISABLED = "disabled"
    CONNECTING = "connecting"
    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    NOT_MAPPED = "not_mapped"
    NOT_PUBLISHED = "not_published"
    DOUBLE_NAT = "double_nat"
    SIGNED_OUT = "signed_out"
    UNKNOWN = "unknown"


_SIGNED_OUT: Final = frozenset({SignInState.NONE, SignInState.INVALID})
# Against these something can be tried.
_CURABLE: Final = frozenset({Status.UNREACHABLE, Status.NOT_MAPPED})
# What people want to be warned of.
BAD_NEWS: Final = _CURABLE | {Status.NOT_PUBLISHED, Status.DOUBLE_NAT}


class Cause(StrEnum):
    """Why the status is not better. The values of `Reason` are causes as well."""

    CHECKING = "checking"
    NOT_OPENED = "not_opened"
    PORT_CLOSED = "port_closed"
    SERVER_CANNOT_MAP = "server_cannot_map"
    PUBLISH_FAILED = "publish_failed"
    PLEX_TV_GONE = "plex_tv_gone"
    SIGNED_OUT = "signed_out"
    DOUBLE_NAT = "double_nat"
    CARRIER_NAT = "carrier_nat"
    JUMBO_FRAMES = "jumbo_frames"
    STILL_OPEN = "still_open"
    ROUTER_SWITCH_OFF = "router_switch_off"
    ROUTER_SWITCH_ON = "router_switch_on"
    ROUTER_SWITCH_GONE = "router_switch_gone"
    OTHER = "other"


class Link(StrEnum):
    """How the linked switch of the router stands."""

    NONE = "none"
    """None is linked."""
    ON = "on"
    OFF = "off"
    GONE = "gone"
    """It is not there, or does not know itself."""


class Remedy(StrEnum):
    """What to try when nobody gets in though everything says that they should."""

    CHECK = "check"
    """Look at the mapping and renew it."""
    REBUILD = "rebuild"
    """Delete the mapping and add it again."""
    MOVE = "move"
    """Another external port."""
    REPUBLISH = "republish"
    """Have the server start from the beginning."""
    PROBE = "probe"
    """Have plex.tv look once more."""

    @property
    def is_for_mapping(self) -> bool:
        """Tell whether it concerns a mapping of ours."""
        return self in {Remedy.CHECK, Remedy.REBUILD, Remedy.MOVE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the owner wants.

    `request` is a wish not yet carried out; without one the server's own switch is
    the owner's word. `port` is the external port for a mapping of ours. `engaged` says
    that the owner has handed us the router port: it takes an act of his, so that a fresh
    installation changes nothing. `holds_link` says that we turned on the linked switch.
    """

    mode: PortMapping
    port: int
    engaged: bool
    holds_link: bool = False
    request: Request | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is true.

    `public_address` is where plex.tv saw the server last. `mapping` is ours, as the
    router had it last; `leaving` are those that it could not be made to close.
    `asked_for` says that the router is, or will be, asked for a mapping of ours.
    `still_open` says that what is not wanted may be open all the same.
    `obstacle` is why the router did not do what we asked. `settled` says that the
    server has had time for a verdict since the last change: until then green is
    provisional. `probe_due` says that the port was opened without the server knowing,
    and that plex.tv may be bothered. `remedy` is what to try when nobody gets in.
    """

    preferences: Preferences
    account: Account
    public_address: str | None = None
    mapping: Mapping | None = None
    asked_for: bool = False
    leaving: tuple[Mapping, ...] = ()
    still_open: bool = False
    external_address: IPv4Address | None = None
    obstacle: Reason | None = None
    settled: bool = True
    probe_due: bool = False
    remedy: Remedy | None = None
    link: Link = Link.NONE


@dataclass(frozen=True, slots=True)
class Write:
    """Write settings of the server, all in one request."""

    change: PreferenceChange


@dataclass(frozen=True, slots=True)
class Open:
    """Have the router map an external port to the server."""

    port: int


@dataclass(frozen=True, slots=True)
class Mend:
    """Try something when nobody gets in."""

    remedy: Remedy


@dataclass(frozen=True, slots=True)
class Probe:
    """Have plex.tv look again: its last try came before the port was open."""


@dataclass(frozen=True, slots=True)
class Close:
    """Have the router remove our mapping."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn the linked switch of the router."""

    on: bool


type Step = Write | Open | Mend | Probe | Close | Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do next, and the verdict on how things stand until then.

    The steps do not depend on each other: if one fails, the others are still right.
    """

    steps: tuple[Step, ...]
    status: Status
    cause: Cause | Reason | None


def make_plan(wanted: Wanted, seen: Seen) -> Plan:
    """Compare the owner's wish with the truth.

    Carried out, the steps lead to a plan without steps: that is the goal.
    """
    status, cause = _verdict(wanted, seen)
    steps = _steps(wanted, seen)
    if not steps and wanted.engaged:
        steps = _mend(seen, status)
    return Plan(steps=tuple(steps), status=status, cause=cause)


def is_enabled(wanted: Wanted, preferences: Preferences) -> bool:
    """Tell whether remote access is wanted: by a fresh wish, else as the server has it."""
    if wanted.request is not None:
        return wanted.request is Request.ON
    return preferences.publish


def adopt_mode(mode: PortMapping, before: Preferences, now: Preferences) -> PortMapping:
    """Follow the owner who ticked or unticked the manual port in Plex itself."""
    if before.manual_mode == now.manual_mode:
        return mode
    return PortMapping.MANUAL if now.manual_mode else PortMapping.SERVER


def propose_mode(preferences: Preferences, account: Account) -> PortMapping:
    """Propose to a new owner what leaves a working set-up as it is."""
    if preferences.manual_mode:
        return PortMapping.MANUAL
    if (
        preferences.publish
        and account.mapping_state is MappingState.MAPPED
        and account.mapping_error is None
    ):
        return PortMapping.SERVER
    return PortMapping.AUTOMATIC


def _steps(wanted: Wanted, seen: Seen) -> list[Step]:
    if not is_enabled(wanted, seen.preferences):
        return (
            _write(seen, PreferenceChange(publish=False))
            + _close(seen)
            + _unlink(wanted, seen)
        )
    if wanted.mode is PortMapping.AUTOMATIC:
        return _unlink(wanted, seen) + _steps_of_automatic(wanted, seen)
    if wanted.mode is PortMapping.SERVER:
        return _close(seen) + _unlink(wanted, seen) + _publish(wanted, seen)
    if wanted.request is Request.ON and seen.link in {Link.OFF, Link.GONE}:
        # The port has to be open when plex.tv tries it.
        return [*_close(seen), Turn(on=True)]
    return _close(seen) + _publish(wanted, seen)


def _steps_of_automatic(wanted: Wanted, seen: Seen) -> list[Step]:
    mapping = seen.mapping
    if not wanted.engaged:
        return _close(seen)
    if mapping is not None and mapping.external_port != wanted.port:
        # One of the two is asked for again in the next round.
        return _close(seen) if seen.obstacle is None else []
    if mapping is not None:
        # Manual mode before or with publishing: otherwise the server maps as well.
        return _write(
            seen,
            PreferenceChange(
                publish=True, manual_mode=True, manual_port=mapping.external_port
            ),
        )
    if seen.obstacle is None:
        return [Open(wanted.port)]
    if wanted.request is Request.ON or seen.obstacle is Reason.REFUSED_FOR_OTHER_HOST:
        # The server may have more luck. Not while healing: a router that restarts
        # would have us change the server's settings to and fro.
        return _write(seen, PreferenceChange(publish=True, manual_mode=False))
    return []


def _publish(wanted: Wanted, seen: Seen) -> list[Step]:
    """Publish a server whose port somebody else opens; only when asked to."""
    if wanted.request is not Request.ON:
        return []
    manual_mode = wanted.mode is PortMapping.MANUAL
    change = PreferenceChange(publish=True, manual_mode=manual_mode)
    if manual_mode and seen.mapping is not None:
        # Told what it knows already, the server has plex.tv look at the port anew.
        return [Write(replace(change, manual_port=seen.preferences.manual_port))]
    return _write(seen, change)


def _mend(seen: Seen, status: Status) -> list[Step]:
    """Try something when nobody gets in though everything says that they should."""
    if seen.remedy is not None and status in _CURABLE:
        return [Mend(seen.remedy)]
    if seen.probe_due and seen.mapping is not None and _error(seen) == "unreachable":
        return [Probe()]
    return []


def _write(seen: Seen, change: PreferenceChange) -> list[Step]:
    """Write all of a change or nothing: what belongs together goes in one request."""
    return [Write(change)] if change.against(seen.preferences) else []


def _close(seen: Seen) -> list[Step]:
    return [Close()] if seen.mapping is not None or seen.asked_for else []


def _unlink(wanted: Wanted, seen: Seen) -> list[Step]:
    """Turn off the linked switch: on a wish, later only what we turned on."""
    asked = wanted.request is Request.OFF and wanted.mode is PortMapping.MANUAL
    if seen.link is Link.ON and (asked or wanted.holds_link):
        return [Turn(on=False)]
    # It fails, so that the owner knows of the port that may stay open.
    return [Turn(on=False)] if asked and seen.link is Link.GONE else []


def _verdict(wanted: Wanted, seen: Seen) -> tuple[Status, Cause | Reason | None]:
    """Say how things stand. `mapped` with any error is not reachable."""
    account = seen.account
    error = _error(seen)
    signed_out = error == "badauth" or account.sign_in_state in _SIGNED_OUT
    if not is_enabled(wanted, seen.preferences):
        cause = Cause.SIGNED_OUT if signed_out else None
        return Status.DISABLED, _why_still_open(wanted, seen) or cause
    if signed_out:
        return Status.SIGNED_OUT, Cause.SIGNED_OUT
    obstacle: Cause | Reason | None = seen.obstacle
    if wanted.mode is PortMapping.MANUAL:
        if seen.link is Link.OFF:
            # plex.tv will not look again by itself.
            return Status.NOT_MAPPED, Cause.ROUTER_SWITCH_OFF
        if seen.link is Link.GONE:
            obstacle = Cause.ROUTER_SWITCH_GONE
    if not seen.settled:
        return Status.CONNECTING, obstacle or Cause.CHECKING
    if account.mapping_state is MappingState.MAPPED and not error:
        # Reached all the same; why not by our own mapping is still told.
        return Status.REACHABLE, obstacle
    if (double_nat := _double_nat(seen, error)) is not None:
        return Status.DOUBLE_NAT, double_nat
    match account.mapping_state, error:
        case _, "publisherror":
            return Status.NOT_PUBLISHED, Cause.PUBLISH_FAILED
        case _, "myplexgone":
            return Status.NOT_PUBLISHED, Cause.PLEX_TV_GONE
        case _, "jumboframes":
            return Status.UNREACHABLE, Cause.JUMBO_FRAMES
        case MappingState.FAILED, _:
            return Status.NOT_MAPPED, obstacle or _why(wanted, Cause.SERVER_CANNOT_MAP)
        case MappingState.MAPPED, "unreachable":
            return Status.UNREACHABLE, obstacle or _why(wanted, Cause.PORT_CLOSED)
        case MappingState.MAPPED, _:
            return Status.UNREACHABLE, Cause.OTHER
        case MappingState.WAITING, _:
            return Status.CONNECTING, obstacle or Cause.CHECKING
        case _:
            return Status.UNKNOWN, obstacle


def _error(seen: Seen) -> str:
    return (seen.account.mapping_error or "").lower()


def _double_nat(seen: Seen, error: str) -> Cause | None:
    """Tell whether another router stands between ours and the Internet."""
    address = seen.external_address
    told = seen.obstacle or (address and why_not_public(address))
    if told is Reason.CARRIER_NAT:
        return Cause.CARRIER_NAT
    if told is Reason.DOUBLE_NAT or error == "doublenat":
        return Cause.DOUBLE_NAT
    public = seen.public_address or seen.account.public_address
    if seen.mapping and address and public and str(address) != public:
        return Cause.CARRIER_NAT
    return None


def _why_still_open(wanted: Wanted, seen: Seen) -> Cause | None:
    if seen.still_open:
        return Cause.STILL_OPEN
    if wanted.mode is PortMapping.MANUAL and seen.link is Link.ON:
        return Cause.ROUTER_SWITCH_ON
    return None


def _why(wanted: Wanted, cause: Cause) -> Cause:
    """Return the cause, unless it is that nobody has handed us the port."""
    not_opened = wanted.mode is PortMapping.AUTOMATIC and not wanted.engaged
    return Cause.NOT_OPENED if not_opened else cause
