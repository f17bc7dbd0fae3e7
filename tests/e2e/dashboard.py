"""A dashboard as an owner would make one."""

from typing import Any, Final

from .integration import RemoteAccess

PATH: Final = "/plex-remote/home"
_URL_PATH: Final = "plex-remote"


def make_dashboard(remote_access: RemoteAccess) -> None:
    """Make a dashboard with the switch and what it brings about."""

    def tile(key: str, **more: Any) -> dict[str, Any]:
        return {
            "type": "tile",
            "entity": remote_access.entity_id(key),
            "name": {"type": "entity"},
            **more,
        }

    def section(heading: str, *tiles: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "grid",
            "cards": [{"type": "heading", "heading": heading}, *tiles],
        }

    client = remote_access.client
    client.command(
        "lovelace/dashboards/create",
        url_path=_URL_PATH,
        title="Plex",
        icon="mdi:home-export-outline",
        mode="storage",
    )
    switch = tile(
        "remote_access",
        name="Remote access",
        color="green",
        features=[{"type": "toggle"}],
        grid_options={"columns": "full"},
    )
    view = {
        "type": "sections",
        "path": PATH.rpartition("/")[2],
        "title": "Plex",
        "sections": [
            section(
                remote_access.server.name,
                switch,
                tile("reachable", color="green"),
                tile("status"),
            ),
            section(
                "From the Internet",
                tile("public_ip"),
                tile("public_port"),
                tile("mapping_method"),
                tile("port_mapping"),
            ),
        ],
    }
    client.command("lovelace/config/save", url_path=_URL_PATH, config={"views": [view]})
