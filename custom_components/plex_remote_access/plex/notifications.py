"""News of a Plex server as it tells them (websocket)."""

import asyncio
from collections.abc import Callable
import json
import logging
from typing import Any, Final

from .client import PlexServer
from .errors import PlexError

_LOGGER: Final = logging.getLogger(__name__)

# What concerns remote access. The content is not used: whether it is complete, or
# comes before the server's own answers change, differs between versions.
_TYPES: Final = frozenset({"account", "preference", "reachability"})

# News have a few hundred bytes.
_LONGEST_FRAME: Final = 65536

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0


async def listen(
    server: PlexServer,
    on_news: Callable[[], None],
    on_connection: Callable[[bool], None],
) -> None:
    """Call `on_news` whenever there may be something new, until cancelled.

    That includes each connection and its end: nothing is repeated that was missed.
    `on_connection` is told when news can be expected, and when not.
    """
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE
    while True:
        connected_at: float | None = None
        try:
            async with server.notifications() as messages:
                connected_at = loop.time()
                on_connection(True)
                on_news()
                async for message in messages:
                    if is_news(message.data):
                        on_news()
        except PlexError as err:
            _LOGGER.debug("Not listening: %s", err)
        if connected_at is not None:
            on_connection(False)
            on_news()
            if loop.time() - connected_at >= pause:
                # It was no connection that breaks at once, over and over.
                pause = FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def is_news(frame: Any) -> bool:
    """Tell whether a frame, of whatever form, is about remote access.

    So may be what is too long to be read.
    """
    try:
        if len(frame) > _LONGEST_FRAME:
            return True
        content = json.loads(frame)
        # Very old servers have nothing around it.
        return content.get("NotificationContainer", content)["type"] in _TYPES
    except ValueError, LookupError, TypeError, AttributeError, RecursionError:
        return False
