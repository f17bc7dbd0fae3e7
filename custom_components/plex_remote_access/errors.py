"""How errors are told to people."""

from typing import Final

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .plex import (
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
from .portmap import Mapping
from .snapshot import ends_at

# A subclass stands before its base.
_KEYS: Final[dict[type[PlexError], str]] = {
    PlexStartingError: "server_starting",
    PlexRefusedError: "connection_refused",
    PlexCertificateError: "invalid_certificate",
    PlexConnectionError: "cannot_connect",
    PlexAuthenticationError: "invalid_auth",
    PlexForbiddenError: "not_owner",
    PlexSignedOutError: "signed_out",
    PlexStrangerError: "wrong_server",
    PlexWriteError: "write_failed",
    PlexProbeError: "probe_refused",
    PlexTroubleError: "server_trouble",
    PlexResponseError: "not_plex",
    PlexTvError: "plex_tv_unavailable",
    PlexSignInExpiredError: "sign_in_expired",
}


def translation_key(error: PlexError) -> str:
    """Return the key below which an error is explained to people."""
    return next(key for kind, key in _KEYS.items() if isinstance(error, kind))


def update_failed(error: PlexError) -> UpdateFailed:
    """Return what makes the entities unavailable, with the reason."""
    return UpdateFailed(
        translation_domain=DOMAIN, translation_key=translation_key(error)
    )


def switch_failed(error: HomeAssistantError) -> UpdateFailed:
    """Return the same error, of a linked switch, as one of a look."""
    return UpdateFailed(
        translation_domain=error.translation_domain,
        translation_key=error.translation_key,
        translation_placeholders=error.translation_placeholders,
    )


def interrupted() -> HomeAssistantError:
    """Return what the owner has to know of a wish that came during a reload."""
    return HomeAssistantError(translation_domain=DOMAIN, translation_key="interrupted")


def still_open(leaving: tuple[Mapping, ...]) -> HomeAssistantError:
    """Return what the owner has to know of ports that were not proven closed."""
    if not leaving:
        return HomeAssistantError(
            translation_domain=DOMAIN, translation_key="perhaps_still_open"
        )
    mapping = leaving[-1]
    placeholders = {"port": str(mapping.external_port)}
    end = ends_at(mapping)
    if end is None:
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="still_open",
            translation_placeholders=placeholders,
        )
    placeholders["time"] = dt_util.as_local(end).strftime("%H:%M")
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="still_open_until",
        translation_placeholders=placeholders,
    )
