"""Orders that once broke something, as short as they could be made."""

from typing import Final

import pytest

from .order import Happening

KEPT: Final = [
    pytest.param(
        "any",
        [
            [Happening("owner: on")],
            [
                Happening("router: private address"),
                Happening("Plex Web: on or off"),
                Happening("owner: on"),
            ],
        ],
        id="on-after-an-off-that-was-not-heard",
    ),
    pytest.param(
        "upnp",
        [
            [
                Happening("router: refuses"),
                Happening("owner: on", pause=2),
                Happening("owner: retry"),
            ],
        ],
        id="router-that-refused-while-the-owner-tried-again",
    ),
    pytest.param(
        "any",
        [
            [Happening("owner: on")],
            [Happening("owner: off")],
            [Happening("Plex Web: on or off"), Happening("owner: reload")],
        ],
        id="port-that-nobody-was-told-to-open",
    ),
]
