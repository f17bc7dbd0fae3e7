"""What the integration says, in English."""

import json
from typing import Any, Final

from .homeassistant import DOMAIN, ROOT

_FOLDER: Final = ROOT / "custom_components" / DOMAIN
_FILE: Final = _FOLDER / "translations/en.json"

NAME: Final[str] = json.loads((_FOLDER / "manifest.json").read_text())["name"]


def text(*keys: str) -> str:
    """Return the text that stands under some keys."""
    return str(_find(*keys))


def names(*keys: str) -> list[str]:
    """Return the names of all that stands under some keys."""
    return [each["name"] for each in _find(*keys).values()]


def _find(*keys: str) -> Any:
    found: Any = json.loads(_FILE.read_text())
    for key in keys:
        found = found[key]
    return found
