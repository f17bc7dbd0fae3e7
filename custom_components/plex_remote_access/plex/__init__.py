"""Client of a Plex Media Server, free of Home Assistant.

It speaks the part of the server's HTTP interface that belongs to Remote Access.
"""

from .client import PlexServer
from .errors import (
    PlexAuthenticationError,
    PlexCertificateError,
    PlexConnectionError,
    PlexError,
    PlexForbiddenError,
    PlexRefusedError,
    PlexResponseError,
    PlexStartingError,
    PlexWriteError,
)
from .model import (
    Account,
    Identity,
    MappingState,
    PreferenceChange,
    Preferences,
    SignInState,
)
from .notifications import listen

__all__ = [
    "Account",
    "Identity",
    "MappingState",
    "PlexAuthenticationError",
    "PlexCertificateError",
    "PlexConnectionError",
    "PlexError",
    "PlexForbiddenError",
    "PlexRefusedError",
    "PlexResponseError",
    "PlexServer",
    "PlexStartingError",
    "PlexWriteError",
    "PreferenceChange",
    "Preferences",
    "SignInState",
    "listen",
]
