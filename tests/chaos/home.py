"""The home in which things go wrong, and what its owner wants."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.e2e.client import RefusedError
from tests.e2e.homeassistant import DOMAIN, HomeAssistant
from tests.e2e.integration import FlowError, RemoteAccess, entry_ids
from tests.e2e.namespace import inside
from tests.e2e.plex import PUBLISHED, PlexControl
from tests.e2e.polling import poll
from tests.e2e.world import World, world
from tests.lab import (
    LAN_ADDRESS,
    NAS_ADDRESS,
    Host,
    MappingRefusedError,
    PortForward,
    Protocol,
    RouterOptions,
)

from .clock import WallClock

# What other programs of the home have at the router.
_NEIGHBOURS: Final = ((51413, Protocol.TCP), (3074, Protocol.UDP))

# How often the server looks by itself whether it is still reached; real ones do so every
# few minutes.
_RECHECK: Final = 8

_INSIDE_VIEW: Final = Path(__file__).parent / "inside_view"

# The C library keeps what is free at the end of any arena but the first: memory would grow
# by the list of all objects once the view happens to begin it in the arena of a thread.
ONE_ARENA: Final = {"MALLOC_ARENA_MAX": "1"}

# Whoever asks a Home Assistant that is down, or for what it cannot do now.
REFUSALS: Final = (RefusedError, FlowError, OSError, ValueError)


@dataclass(slots=True)
class Home:
    """A world, and what is to be true in it."""

    world: World
    random: Random
    clock: WallClock
    entry: RemoteAccess
    wanted: bool = False
    foreign: list[PortForward] = field(default_factory=list)
    refreshed_at: list[float] = field(default_factory=list)
    log_read: int = 0
    _entity_ids: dict[str, str] = field(default_factory=dict)

    # Who is there

    @property
    def home_assistant(self) -> HomeAssistant:
        """Return Home Assistant."""
        return self.world.home_assistant

    @property
    def plex(self) -> PlexControl:
        """Return the server, seen from behind."""
        return self.world.plex

    # What the owner does

    def turn(self, *, on: bool) -> None:
        """Turn the switch; what the owner is told then is for `insist`."""
        self.wanted = on
        with suppress(*REFUSALS):
            self.entry.turn("on" if on else "off")

    def select(self, mode: str) -> None:
        """Choose who opens the port."""
        with suppress(*REFUSALS):
            self.call("select/select_option", "port_mapping", option=mode)

    def call(self, action: str, key: str, **fields: Any) -> None:
        """Perform an action on an entity."""
        entity_id = self.entity_ids()[key]
        self.home_assistant.client.post(
            f"/api/services/{action}", entity_id=entity_id, **fields
        )

    def remove(self) -> None:
        """Remove the entry."""
        with suppress(*REFUSALS):
            self.entry.remove()
        self._entity_ids.clear()

    def insist(self) -> None:
        """Do again what failed, as an owner does when all is well again."""
        with suppress(*REFUSALS):
            if not entry_ids(self.home_assistant.client):
                self.entry = set_up(self.world)
                self._entity_ids.clear()
            if self.state("port_mapping") != "automatic":
                self.call("select/select_option", "port_mapping", option="automatic")
            if self.published() != self.wanted:
                self.entry.turn("on" if self.wanted else "off")

    # What is seen from outside

    def entity_ids(self) -> dict[str, str]:
        """Return what the entities are called."""
        if not self._entity_ids:
            prefix = f"{self.world.server.machine_identifier}_"
            self._entity_ids = {
                entity["unique_id"].removeprefix(prefix): entity["entity_id"]
                for entity in self.home_assistant.client.command(
                    "config/entity_registry/list"
                )
                if entity["platform"] == DOMAIN
            }
        return self._entity_ids

    def states(self) -> dict[str, str]:
        """Return the state of every entity of ours."""
        seen = {
            state["entity_id"]: str(state["state"])
            for state in self.home_assistant.client.get("/api/states")
        }
        return {
            key: seen[entity_id]
            for key, entity_id in self.entity_ids().items()
            if entity_id in seen
        }

    def state(self, key: str) -> str:
        """Return the state of one entity."""
        return self.states().get(key, "missing")

    def published(self) -> bool:
        """Return what the server's own switch says."""
        return bool(self.plex.preferences().get(PUBLISHED, False))

    def forwards(self) -> list[PortForward]:
        """Return what the router forwards to the server."""
        return [
            forward
            for forward in self.world.port_forwards()
            if (forward.target_address, forward.target_port) == (LAN_ADDRESS, 32400)
        ]

    # The neighbours

    def settle_neighbours(self) -> None:
        """Have the other programs of the home at the router what they want there."""
        witness = self.world.lab.witness_in(Host.NAS)
        for port, protocol in _NEIGHBOURS:
            with suppress(MappingRefusedError):
                witness.delete(port, protocol)
            # A router without the Internet maps nothing.
            with suppress(MappingRefusedError):
                self.world.lab.add_foreign_rule(port, protocol, lease=86400)
        self.note_foreign()

    def note_foreign(self) -> None:
        """Take what others have at the router for how it is to stay."""
        self.foreign = [
            forward
            for forward in self.world.port_forwards()
            if forward.target_address == NAS_ADDRESS
        ]


def set_up(running: World) -> RemoteAccess:
    """Add the server, as the owner does."""
    return RemoteAccess.set_up(
        running.home_assistant.client,
        running.server,
        port_mapping="automatic",
        advanced={},
    )


def wait(look: Callable[[], bool], timeout: float) -> None:
    """Wait until something is so."""
    poll(look, bool, timeout)


@contextmanager
def make_home(folder: Path, random: Random, router: RouterOptions) -> Generator[Home]:
    """Bring a home up in which everything is well yet."""
    clock = WallClock(folder)
    with (
        world(
            "current",
            folder,
            router=router,
            components=[_INSIDE_VIEW],
            env=clock.env | ONE_ARENA,
        ) as running,
        inside(running.namespace),
    ):
        running.plex.change(timing={"recheck": _RECHECK, "down": 0.5})
        running.plex.change(call="restart")
        wait(lambda: not _is_up(running), 10)
        wait(lambda: _is_up(running), 10)
        home = Home(running, random, clock, set_up(running))
        home.settle_neighbours()
        yield home


def _is_up(running: World) -> bool:
    with suppress(OSError):
        return bool(running.plex.read()["state"]["phase"] == "running")
    return False
