"""Writing settings: what is taken over, and who is told."""

from collections.abc import Mapping

from .faults import Faults, PreferenceEvents
from .notifications import Notifications
from .preferences import Preferences, UnknownPreferenceError
from .wire import Attributes, Scalar, WireForm, json_attributes


class PreferenceWrites:
    """Takes settings over and tells everybody."""

    def __init__(
        self,
        preferences: Preferences,
        notifications: Notifications,
        faults: Faults,
        form: WireForm,
    ) -> None:
        """Set what is written to, and who listens."""
        self._preferences = preferences
        self._notifications = notifications
        self._faults = faults
        self._form = form

    def read(
        self, texts: Mapping[str, str]
    ) -> tuple[dict[str, Scalar], UnknownPreferenceError | None]:
        """Return what is to be taken over from a query, and what is wrong with it."""
        values: dict[str, Scalar] = {}
        unknown: UnknownPreferenceError | None = None
        for id_, text in texts.items():
            try:
                value = self._preferences.parse(id_, text)
            except UnknownPreferenceError as error:
                unknown = error
                continue
            if id_ not in self._faults.ignored_preferences:
                values[id_] = value
        if unknown is not None and not self._faults.partial_writes:
            values = {}
        return values, unknown

    async def store(self, values: Mapping[str, Scalar]) -> list[str]:
        """Take settings over and tell everybody; return those that changed."""
        changed = self._preferences.update(values)
        events = self._faults.preference_events
        only_shown = events is PreferenceEvents.NOT_HIDDEN
        told = [
            self._setting(id_)
            for id_ in changed
            if not (only_shown and self._preferences.hidden(id_))
        ]
        if events is PreferenceEvents.ONE_FRAME and told:
            await self._notifications.send("preference", "Setting", told)
        elif events is not PreferenceEvents.LOST:
            for setting in told:
                await self._notifications.send("preference", "Setting", [setting])
        return changed

    def _setting(self, id_: str) -> Attributes:
        """Return a setting as notifications have it."""
        return json_attributes(self._preferences.attributes(id_), self._form)
