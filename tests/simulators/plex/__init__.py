"""A Plex Media Server as a client of remote access sees it."""

from tests.simulators.plextv import DirectOutside, HttpOutside, Outside

from .account import SignInState
from .faults import (
    Endpoint,
    EndpointFault,
    Faults,
    PreferenceEvents,
    ReachabilityEvents,
    Timing,
)
from .gate import Phase
from .mapper import AutomaticMapper, MiniupnpcMapper
from .records import RecordedRequest
from .server import PlexServer
from .sessions import Stream
from .state import MappingState, Publication
from .wire import AccountRoot, Booleans, WireForm

__all__ = [
    "AccountRoot",
    "AutomaticMapper",
    "Booleans",
    "DirectOutside",
    "Endpoint",
    "EndpointFault",
    "Faults",
    "HttpOutside",
    "MappingState",
    "MiniupnpcMapper",
    "Outside",
    "Phase",
    "PlexServer",
    "PreferenceEvents",
    "Publication",
    "ReachabilityEvents",
    "RecordedRequest",
    "SignInState",
    "Stream",
    "Timing",
    "WireForm",
]
