"""Waiting for what comes of something that the owner does in a dialog."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN, STANDING
from .coordinator import PlexRemoteAccessConfigEntry
from .errors import update_failed
from .plan import Status
from .plex import PlexError
from .snapshot import Snapshot

type Attempt = asyncio.Task[HomeAssistantError | None]
"""What is done, and what went wrong with it; it is not given up with the dialog."""
type Outcome = Snapshot | HomeAssistantError

_TEXTS: Final = f"component.{DOMAIN}.entity.sensor.status"
_AWAITED: Final = frozenset({Status.CONNECTING, Status.UNKNOWN})


async def async_attempt(action: Awaitable[None]) -> HomeAssistantError | None:
    """Do something, and return what went wrong."""
    try:
        await action
    except PlexError as err:
        return update_failed(err)
    except HomeAssistantError as err:
        return err
    return None


async def async_wait_for_outcome(
    entry: PlexRemoteAccessConfigEntry, attempt: Attempt
) -> Outcome:
    """Wait for plex.tv's verdict, but not for ever; or return what went wrong."""
    if (error := await asyncio.shield(attempt)) is not None:
        return error
    coordinator = entry.runtime_data
    news = asyncio.Event()
    leave = coordinator.async_add_listener(news.set)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(STANDING.total_seconds()):
                while coordinator.data.status in _AWAITED:
                    await news.wait()
                    news.clear()
    finally:
        leave()
    return coordinator.data


async def async_explain(hass: HomeAssistant, outcome: Outcome) -> str:
    """Return in words why nobody gets in, with those of the router."""
    if isinstance(outcome, HomeAssistantError):
        return str(outcome)
    texts = await async_get_translations(hass, hass.config.language, "entity", {DOMAIN})
    if outcome.reason is None:
        return texts[f"{_TEXTS}.state.{outcome.status}"]
    reason = texts[f"{_TEXTS}.state_attributes.reason.state.{outcome.reason}"]
    return f"{reason} ({outcome.answer})" if outcome.answer else reason


def is_good(outcome: Outcome) -> bool:
    """Tell whether people get in."""
    return isinstance(outcome, Snapshot) and outcome.reachable is True
