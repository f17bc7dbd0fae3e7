"""When a token that the server refuses is a case for its owner."""

import time
from typing import Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, SECOND_REFUSAL
from .plex import (
    PlexAuthenticationError,
    PlexError,
    PlexForbiddenError,
    PlexSignedOutError,
)

_REFUSED: Final = (PlexAuthenticationError, PlexForbiddenError, PlexSignedOutError)

_REFUSALS: Final[HassKey[dict[str, Refusals]]] = HassKey(f"{DOMAIN}.refusals")


@callback
def async_get_refusals(hass: HomeAssistant, entry_id: str) -> Refusals:
    """Return what is known of an entry's token, also from earlier tries to set it up."""
    return hass.data.setdefault(_REFUSALS, {}).setdefault(entry_id, Refusals())


@callback
def async_forget_refusals(hass: HomeAssistant, entry_id: str) -> None:
    """Know nothing more of an entry that is removed."""
    hass.data.get(_REFUSALS, {}).pop(entry_id, None)


@callback
def async_end_reauth(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Ask the owner for nothing any more: the server takes the token again."""
    for flow in entry.async_get_active_flows(hass, {SOURCE_REAUTH}):
        hass.config_entries.flow.async_abort(flow["flow_id"])


class Refusals:
    """Tells a token that is no good from a server that is not itself yet.

    A server that starts, or was just claimed, refuses good tokens for some seconds: only
    two refusals in a row and some seconds apart count.
    """

    def __init__(self) -> None:
        """Have heard no refusal."""
        self._first_at: float | None = None
        self._was_away = False

    def accepted(self) -> bool:
        """Note that the server took the token; tell whether it has just come back."""
        was_away, self._was_away = self._was_away, False
        self._first_at = None
        return was_away

    def failed(self, error: PlexError) -> bool:
        """Note an error; tell whether the token is certainly no good."""
        self._was_away = True
        if not isinstance(error, _REFUSED):
            # It is gone, or starts: what it said before does not count any more.
            self._first_at = None
            return False
        now = time.monotonic()
        if self._first_at is None:
            self._first_at = now
        return now - self._first_at >= SECOND_REFUSAL.total_seconds()

    @property
    def due_in(self) -> float | None:
        """Return the seconds until the server is to be asked again, None for never."""
        if self._first_at is None:
            return None
        due = self._first_at + SECOND_REFUSAL.total_seconds() - time.monotonic()
        return due if due > 0 else None
