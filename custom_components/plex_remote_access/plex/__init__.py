"""Client of a Plex Media Server and of plex.tv, free of Home Assistant.

It speaks the part of the server's HTTP interface that belongs to Remote Access, and
what plex.tv offers for signing in.
"""

from .client import PlexServer
from .errors import (
    PlexAuthenticationError,
    PlexCertificateError,
    PlexConnectionError,
    PlexError,
    PlexForbiddenError,
    PlexProbeError,
    PlexRefusedError,
    PlexResponseError,
    PlexSignedOutError,
    PlexSignInExpiredError,
    PlexStartingError,
    PlexStrangerError,
    PlexTroubleError,
    PlexTvError,
    PlexWriteError,
)
from .gdm import FoundServer, search
from .model import (
    SIGNED_OUT,
    Account,
    Identity,
    MappingState,
    PreferenceChange,
    Preferences,
    SignInState,
)
from .notifications import listen
from .plextv import PLEX_TV, AccountServer, Connection, Pin, PlexTv

__all__ = [
    "PLEX_TV",
    "SIGNED_OUT",
    "Account",
    "AccountServer",
    "Connection",
    "FoundServer",
    "Identity",
    "MappingState",
    "Pin",
    "PlexAuthenticationError",
    "PlexCertificateError",
    "PlexConnectionError",
    "PlexError",
    "PlexForbiddenError",
    "PlexProbeError",
    "PlexRefusedError",
    "PlexResponseError",
    "PlexServer",
    "PlexSignInExpiredError",
    "PlexSignedOutError",
    "PlexStartingError",
    "PlexStrangerError",
    "PlexTroubleError",
    "PlexTv",
    "PlexTvError",
    "PlexWriteError",
    "PreferenceChange",
    "Preferences",
    "SignInState",
    "listen",
    "search",
]
