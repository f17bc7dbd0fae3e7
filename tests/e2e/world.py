"""A home in the lab: its Plex server, its Home Assistant and the Internet."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import sys
from typing import Any, Final

from tests.lab import (
    INTERNET_ADDRESS,
    LAN_ADDRESS,
    Connection,
    Host,
    Lab,
    PortForward,
    RouterOptions,
    missing_needs,
)
from tests.simulators.plextv_account import connection, device

from .homeassistant import ROOT, HomeAssistant
from .integration import Server
from .namespace import inside
from .plex import PlexControl, plex_command

VERSIONS: Final = {
    "current": ROOT / ".venv/bin/python",
    "next": ROOT / ".cache/ha-next/bin/python",
}

ARTIFACTS: Final = ROOT / "test-artifacts"

_PLEXTV_PORT: Final = 8080


@dataclass(frozen=True, slots=True)
class World:
    """All there is, shared by the tests of one Home Assistant version."""

    version: str
    lab: Lab
    plex: PlexControl
    server: Server
    home_assistant: HomeAssistant

    @property
    def namespace(self) -> Path:
        """Return where Home Assistant can be reached."""
        return Path("/run/netns") / self.lab.namespace(Host.LAN)

    @property
    def artifacts(self) -> Path:
        """Return where to keep what a person may want to see."""
        return ARTIFACTS / self.version

    def identity_from_wan(self, port: int) -> str:
        """Return what the Internet gets from the public address."""
        url = f"http://{self.lab.public_address}:{port}/identity"
        return self.lab.http_get_from_wan(url).body

    def connect_from_wan(self, port: int) -> Connection:
        """Return what becomes of a connection from the Internet."""
        return self.lab.connect_from_wan(self.lab.public_address, port)

    def port_forwards(self) -> list[PortForward]:
        """Return which ports the router forwards."""
        return self.lab.port_forwards()


def missing(version: str) -> list[str]:
    """Return what a world needs and this machine has not."""
    needs = missing_needs()
    if not VERSIONS[version].exists():
        needs.append(f"{VERSIONS[version]} (scripts/setup --next)")
    return needs


def _listed(server: Server) -> dict[str, Any]:
    """Return how plex.tv lists the server."""
    return device(
        server.machine_identifier,
        connection(server.host, server.port),
        name=server.name,
        accessToken=server.token,
    )


@contextmanager
def world(
    version: str,
    folder: Path,
    *,
    router: RouterOptions | None = None,
    components: Sequence[Path] = (),
    integrations: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Generator[World]:
    """Bring a world up, and down whatever happens in it."""
    server = Server(
        name="Den",
        host=LAN_ADDRESS,
        port=32400,
        token="owner-token",
        machine_identifier="d" * 40,
    )
    plextv = f"http://{INTERNET_ADDRESS}:{_PLEXTV_PORT}"
    with Lab(router, logs=folder / "lab") as lab, ExitStack() as stack:
        lab.start(
            Host.WAN,
            sys.executable,
            "-m",
            "tests.simulators.plextv",
            f"--host={INTERNET_ADDRESS}",
            f"--port={_PLEXTV_PORT}",
            f"--devices={json.dumps([_listed(server)])}",
            cwd=ROOT,
        ).wait_bound(("tcp", _PLEXTV_PORT))
        lab.start(
            Host.LAN,
            *plex_command(server, "0.0.0.0", plextv),
            cwd=ROOT,
        ).wait_bound(("tcp", server.port))
        home_assistant = HomeAssistant(
            VERSIONS[version],
            folder / "config",
            plextv=plextv,
            components=components,
            integrations=integrations,
            env=env,
        )
        running = World(
            version,
            lab,
            PlexControl(f"http://127.0.0.1:{server.port}"),
            server,
            home_assistant,
        )
        running.artifacts.mkdir(parents=True, exist_ok=True)
        with inside(running.namespace):
            stack.enter_context(home_assistant)
        yield running
