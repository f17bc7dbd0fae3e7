"""Has the integration find plex.tv somewhere else.

An integration for Home Assistant, set up in YAML with the `url` of a simulator.
"""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import ConfigType
from yarl import URL

from custom_components.plex_remote_access import clients
from custom_components.plex_remote_access.plex import plextv


def setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Lead everything there that would go to plex.tv, also people."""
    url = URL(config["plextv_elsewhere"]["url"])
    clients.__dict__["PLEX_TV"] = url
    plextv.__dict__["SIGN_IN_PAGE"] = url / "auth"
    return True
