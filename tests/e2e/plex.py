"""The simulated Plex server and its plex.tv, as processes of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
import sys
from typing import Any, Final
import urllib.request

from .integration import Server

PUBLISHED: Final = "PublishServerOnPlexOnlineKey"
MANUAL_MODE: Final = "ManualPortMappingMode"
MANUAL_PORT: Final = "ManualPortMappingPort"

_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def plex_command(server: Server, host: str, plextv: str) -> list[str]:
    """Return the command that runs the Plex server."""
    return [
        sys.executable,
        "-m",
        "tests.simulators.plex",
        f"--host={host}",
        f"--port={server.port}",
        f"--token={server.token}",
        f"--name={server.name}",
        f"--machine-identifier={server.machine_identifier}",
        f"--lan-address={server.host}",
        f"--plextv={plextv}",
        "--control",
    ]


@dataclass(frozen=True, slots=True)
class PlexControl:
    """The simulated Plex server, seen from behind."""

    url: str

    def read(self) -> dict[str, Any]:
        """Return its state and the requests so far."""
        return self._request(None)

    def change(self, **wanted: Any) -> dict[str, Any]:
        """Change preferences, set faults or call something."""
        return self._request(wanted)

    def reset(self) -> None:
        """Bring the server to where an owner begins."""
        self.change(
            preferences={
                PUBLISHED: False,
                MANUAL_MODE: False,
                MANUAL_PORT: 32400,
            }
        )

    def preferences(self) -> dict[str, Any]:
        """Return the preferences that are not as delivered."""
        preferences: dict[str, Any] = self.read()["preferences"]
        return preferences

    def _request(self, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """Ask the simulator's control API."""
        request = urllib.request.Request(
            f"{self.url}/__control__",
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json"},
        )
        with _OPENER.open(request, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        return answer
