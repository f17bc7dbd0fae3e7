"""What the server says, asked no more often than needed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
import math
import time
from typing import Final

from .backoff import Backoff
from .const import ACCOUNT_INTERVAL, DEAF_INTERVAL, LATE_WRITE, PREFERENCES_INTERVAL
from .plex import Account, PlexError, PlexServer, PreferenceChange, Preferences


class ServerWatch:
    """Remembers the answers of one server until there may be others.

    The server tells what is new; the slow polls are for what it forgets to tell.
    """

    def __init__(self, server: PlexServer) -> None:
        """Know nothing yet."""
        self.server: Final = server
        self._preferences: Final = _Answer(server.preferences, PREFERENCES_INTERVAL)
        self._account: Final = _Answer(server.account, ACCOUNT_INTERVAL)
        # Until when each may still be carried out.
        self._written: Final[dict[PreferenceChange, float]] = {}
        self._asking: Final = Backoff()
        self._writing: Final = Backoff()

    @property
    def due_in(self) -> float:
        """Return the seconds until something may have changed without a word.

        A server that fails is left alone for a while: news of it are heard all the same.
        """
        return max(
            min(self._preferences.due_in, self._account.due_in),
            self._asking.due_in,
            self._writing.due_in,
        )

    @property
    def failing(self) -> bool:
        """Tell whether the server did not do what it was asked last."""
        return self._asking.failing or self._writing.failing

    @property
    def is_told(self) -> bool:
        """Tell whether the server says by itself what is new."""
        return self._account.is_told

    def listening(self, connected: bool) -> None:
        """Note whether the server tells what is new, and take nothing for granted."""
        for answer in (self._preferences, self._account):
            answer.is_told = connected
        self.expire()

    def expire(self) -> None:
        """Take no answer for granted any more: there are news."""
        self._preferences.expire()
        self._account.expire()

    async def ask(self, *, closely: bool = True) -> tuple[Preferences, Account]:
        """Ask for what may have changed; for the account always if looking closely.

        Raises PlexError.
        """
        try:
            preferences = await self._preferences.get()
            account = await self._account.get(anew=closely)
        except PlexError:
            self._asking.failed()
            raise
        self._asking.worked()
        return preferences, account

    async def write(self, change: PreferenceChange) -> Preferences:
        """Write settings in one request. Raises PlexError."""
        # Whatever comes of it, it has to be known as our doing, and seen: what is being
        # asked meanwhile may be answered as it was before.
        self._written[change] = math.inf
        try:
            preferences = await self.server.set_preferences(change)
        except PlexError:
            self._writing.failed()
            raise
        finally:
            self._written[change] = time.monotonic() + LATE_WRITE.total_seconds()
            self.expire()
        self._writing.worked()
        self._written[change] = -math.inf
        return preferences

    def before(self, preferences: Preferences, now: Preferences) -> Preferences:
        """Return earlier settings with what we wrote since; the rest others did.

        A write whose answer was lost may have been carried out, or be carried out later.
        """
        if now is preferences:
            return preferences
        for change, until in list(self._written.items()):
            preferences = change.carried_out(preferences, now)
            if not change.against(now) or time.monotonic() >= until:
                del self._written[change]
        return preferences


class _Answer[T]:
    """One answer of the server."""

    def __init__(self, ask: Callable[[], Awaitable[T]], interval: timedelta) -> None:
        """Know nothing yet."""
        self.is_told = False
        self._ask = ask
        self._interval = interval.total_seconds()
        self._value: T | None = None
        self._asked_at = -math.inf
        self._times_asked = 0
        self._times_expired = 0
        self._answered = 0

    @property
    def due_in(self) -> float:
        """Return the seconds until it may be another one."""
        interval = self._interval
        if not self.is_told:
            interval = min(interval, DEAF_INTERVAL.total_seconds())
        return self._asked_at + interval - time.monotonic()

    def expire(self) -> None:
        """Do not take it for granted any more."""
        self._asked_at = -math.inf
        self._times_expired += 1

    async def get(self, *, anew: bool = False) -> T:
        """Return the answer, asked for again if it is old. Raises as asking does."""
        if self._value is not None and not anew and self.due_in > 0:
            return self._value
        asked_at, times_expired = time.monotonic(), self._times_expired
        self._times_asked += 1
        question = self._times_asked
        try:
            value = await self._ask()
        except BaseException:
            self.expire()
            raise
        if self._value is None or question > self._answered:
            # Not what comes late, from before a later question was answered: it would
            # look as if somebody had undone what we wrote in between.
            self._value, self._answered = value, question
            # What is told in the meantime is not in it.
            if times_expired == self._times_expired:
                self._asked_at = asked_at
        return self._value
