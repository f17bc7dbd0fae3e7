"""What can go wrong with a Plex server, to be switched on and off while it runs."""

from dataclasses import dataclass, field
from enum import StrEnum


class Endpoint(StrEnum):
    """The endpoints that requests are counted by and faults are set for."""

    IDENTITY = "identity"
    ROOT = "root"
    PREFS = "prefs"
    PREFS_GET = "prefs_get"
    PREFS_PUT = "prefs_put"
    ACCOUNT = "account"
    SIGN_OUT = "sign_out"
    CLAIM = "claim"
    SESSIONS = "sessions"
    REFRESH = "refresh"
    WEBSOCKET = "websocket"
    EVENT_SOURCE = "event_source"
    OTHER = "other"


@dataclass
class EndpointFault:
    """How one endpoint misbehaves; without a status it only is slow."""

    status: int | None = None
    delay: float = 0
    hang: bool = False
    hang_up: bool = False
    # How many requests it hits, None for all.
    remaining: int | None = None


class ReachabilityEvents(StrEnum):
    """How verdicts are told to those who listen."""

    NORMAL = "normal"
    LOST = "lost"
    DUPLICATED = "duplicated"
    # Told before the account shows it.
    EARLY = "early"
    LATE = "late"


class PreferenceEvents(StrEnum):
    """How changed settings are told to those who listen."""

    ONE_EACH = "one_each"
    ONE_FRAME = "one_frame"
    NOT_HIDDEN = "not_hidden"
    LOST = "lost"


@dataclass
class Faults:
    """Everything that can be made to go wrong."""

    endpoints: dict[Endpoint, EndpointFault] = field(default_factory=dict)

    # Settings that a PUT accepts but does not change.
    ignored_preferences: set[str] = field(default_factory=set)
    # Whether the good part of a PUT with an unknown setting is applied.
    partial_writes: bool = False

    # The identity, too, answers 503 while the server starts.
    identity_starting: bool = False
    # A connection from 127.0.0.1 counts as one from another host.
    loopback_is_remote: bool = False
    # A shared user reads the settings that are not hidden, rather than a 403.
    shared_user_reads_preferences: bool = False

    # What the server finds instead of asking for a verdict: publisherror, doublenat,
    # jumboframes, badauth or myplexgone.
    mapping_error: str | None = None
    mapping_error_state: str = "mapped"
    # After a publisherror nothing but a restart publishes again.
    publish_error_sticks: bool = False
    # The verdict turns around every so many seconds, beginning with the next one.
    flapping: float | None = None

    reachability_events: ReachabilityEvents = ReachabilityEvents.NORMAL
    preference_events: PreferenceEvents = PreferenceEvents.ONE_EACH
    # Whether the last mapping state stays to be read after switching off.
    keeps_mapping_state: bool = False
    # Whether the mapping it made stays in the router after switching off.
    keeps_router_mapping: bool = False
    # Whether a PUT of the port that is set already publishes nothing anew.
    ignores_unchanged_writes: bool = False
    # Whether switching off tells a reachability of false.
    event_on_disable: bool = False
    # Every event comes among frames that are about something else.
    noise: bool = False


@dataclass
class Timing:
    """How long a server takes, in seconds; quick by default."""

    enabling: float = 0.02
    provisional: float = 0.02
    verdict: float = 0.02
    # How much too early or too late a shifted reachability event is.
    event_shift: float = 0.05
    # The background look at mapping and verdict, None for never.
    recheck: float | None = None
    # A restart: nothing listens, then 503, then an answer with ``startState``.
    down: float = 0.05
    boot: float = 0.1
    start_state: float = 0.05
    websocket_ping: float | None = None
    event_source_ping: float = 10

    @classmethod
    def realistic(cls) -> Timing:
        """Return what real servers take."""
        return cls(
            enabling=3,
            provisional=10,
            verdict=5,
            event_shift=1,
            recheck=600,
            down=5,
            boot=30,
            start_state=10,
            websocket_ping=30,
        )
