"""Errors of the Plex client. None of them ever carries the token."""


class PlexError(Exception):
    """Something went wrong between us and the Plex server, or plex.tv."""


class PlexConnectionError(PlexError):
    """The server did not answer, or not in time."""


class PlexRefusedError(PlexConnectionError):
    """The host is there, but nothing listens on the port."""


class PlexCertificateError(PlexConnectionError):
    """The server's certificate does not prove that it is this server."""


class PlexStartingError(PlexConnectionError):
    """The server is up but still starting; it answers for real within minutes."""


class PlexAuthenticationError(PlexError):
    """The server does not know the token (HTTP 401)."""


class PlexForbiddenError(PlexError):
    """The token is valid but not the owner's."""


class PlexResponseError(PlexError):
    """The answer is not one that a Plex Media Server gives."""


class PlexTroubleError(PlexResponseError):
    """The server answers, but cannot do what it is asked (HTTP 5xx)."""


class PlexStrangerError(PlexError):
    """Another server answers at the address; it was not shown the token."""


class PlexWriteError(PlexError):
    """The server refused a change, or accepted it and kept the old value."""


class PlexProbeError(PlexError):
    """The server does not have plex.tv look again."""


class PlexSignedOutError(PlexError):
    """The server belongs to no account: it takes nobody's token."""


class PlexTvError(PlexError):
    """plex.tv did not answer, or not as it should."""


class PlexSignInExpiredError(PlexError):
    """Nobody confirmed the sign-in before plex.tv forgot about it."""
