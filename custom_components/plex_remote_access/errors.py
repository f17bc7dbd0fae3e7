"""How errors of the Plex client are called in the translations."""

from typing import Final

from .plex import (
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

# A subclass stands before its base.
_KEYS: Final[dict[type[PlexError], str]] = {
    PlexStartingError: "server_starting",
    PlexRefusedError: "connection_refused",
    PlexCertificateError: "invalid_certificate",
    PlexConnectionError: "cannot_connect",
    PlexAuthenticationError: "invalid_auth",
    PlexForbiddenError: "not_owner",
    PlexWriteError: "write_failed",
    PlexResponseError: "not_plex",
}


def translation_key(error: PlexError) -> str:
    """Return the key below which an error is explained to people."""
    return next(key for kind, key in _KEYS.items() if isinstance(error, kind))
