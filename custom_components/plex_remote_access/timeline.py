"""What has happened last, for those who are to find out what went wrong."""

from collections import deque
from dataclasses import asdict, is_dataclass
from typing import Any, Final

from homeassistant.util import dt as dt_util

_LENGTH: Final = 50


class Timeline:
    """The last events, each with its time. They hold no token and no address."""

    def __init__(self) -> None:
        """Have nothing to tell."""
        self._events: Final[deque[dict[str, Any]]] = deque(maxlen=_LENGTH)
        self._told: Final[dict[str, Any]] = {}

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the events, the oldest first."""
        return list(self._events)

    def happened(self, what: str, details: object = None) -> None:
        """Keep an event."""
        event = {"at": dt_util.utcnow().isoformat(timespec="milliseconds")}
        self._events.append({**event, what: _compact(details)})

    def stands(self, what: str, details: object) -> None:
        """Keep how something stands, if that is news."""
        if self._told.get(what) != details:
            self._told[what] = details
            self.happened(what, details)


def _compact(details: object) -> Any:
    """Return a step or a change without what it leaves as it is."""
    if not is_dataclass(details) or isinstance(details, type):
        return details
    return {type(details).__name__.lower(): _filled(asdict(details))}


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _filled(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }
