"""What the integration says, in English."""

import json
from typing import Any, Final

from .homeassistant import DOMAIN, ROOT

_FILE: Final = ROOT / "custom_components" / DOMAIN / "translations/en.json"


def text(*keys: str) -> str:
    """Return the text that stands under some keys."""
    found: Any = json.loads(_FILE.read_text())
    for key in keys:
        found = found[key]
    return str(found)
