"""The dashboard of the documentation."""

from typing import Any, Final

from homeassistant.util.yaml import load_yaml_dict

from .client import Client
from .homeassistant import ROOT

PATH: Final = "/plex-remote/home"
_URL_PATH: Final = "plex-remote"
# What the README shows, for a server that is called Den.
_SECTION: Final = ROOT / "docs" / "dashboard.yaml"


def make_dashboard(client: Client) -> None:
    """Make a dashboard with the section that the documentation shows."""
    client.command(
        "lovelace/dashboards/create",
        url_path=_URL_PATH,
        title="Plex",
        icon="mdi:home-export-outline",
        mode="storage",
    )
    view: dict[str, Any] = {
        "type": "sections",
        "path": PATH.rpartition("/")[2],
        "title": "Plex",
        "sections": [load_yaml_dict(str(_SECTION))],
    }
    client.command("lovelace/config/save", url_path=_URL_PATH, config={"views": [view]})
