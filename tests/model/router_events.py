"""What the router does, and the neighbours at it."""

from functools import partial
from typing import Final

from tests.common import add_foreign, grant_mappings, refuse_mappings
from tests.simulators.router import PacketKind, Page, Protocol

from .event import Event
from .owner_events import PORTS
from .world import World

_ADDRESSES: Final = ("198.51.100.1", "198.51.100.77", "198.51.100.250")


async def _restart(world: World) -> None:
    """Start anew, with an empty table."""
    world.foreign.clear()
    world.router.restart()


async def _wipe(world: World) -> None:
    """Forget all, without a word."""
    world.forget_table()


async def _refuse(world: World) -> None:
    refuse_mappings(world.router)
    world.faults["refuses"] = lambda world: grant_mappings(world.router)


async def _silent(world: World) -> None:
    world.router.faults.packets.drop = set(PacketKind)
    world.router.faults.http.hang = set(Page)
    world.faults["silent"] = _speak


def _speak(world: World) -> None:
    world.router.faults.packets.drop = set()
    world.router.faults.http.hang = set()


async def _change_address(world: World, address: str) -> None:
    _set_address(world, address)


def _set_address(world: World, address: str) -> None:
    world.outside.address = address
    world.router.set_wan_address(address)


async def _lose_address(world: World) -> None:
    """Be without the Internet from now on."""
    world.outside.address = None
    world.router.wan_down()
    world.faults["address"] = partial(_set_address, address="198.51.100.9")


async def _private_address(world: World) -> None:
    """Be behind another router from now on."""
    world.router.set_wan_address("192.168.2.7")
    world.faults["address"] = partial(_set_address, address="198.51.100.9")


async def _steal(world: World) -> None:
    """Have somebody else be quicker after the router has forgotten us."""
    port = next((entry.external_port for entry in world.ours), 32400)
    world.forget_table()
    world.foreign.append(add_foreign(world.router, port))


async def _neighbour(world: World, port: int) -> None:
    """Have somebody else open a port that is free."""
    if world.router.table.get(Protocol.TCP, port) is None:
        world.foreign.append(add_foreign(world.router, port))


EVENTS: Final = (
    Event(name="router: restart with an empty table", happen=_restart, weight=3),
    Event(name="router: table forgotten in silence", happen=_wipe),
    Event(name="router: refuses", happen=_refuse),
    Event(name="router: silent", happen=_silent),
    Event(
        name="router: another public address",
        happen=_change_address,
        variants=_ADDRESSES,
    ),
    Event(name="router: no public address", happen=_lose_address, weight=1),
    Event(name="router: private address", happen=_private_address, weight=1),
    Event(name="router: neighbour takes our port", happen=_steal),
    Event(
        name="router: neighbour takes a free port", happen=_neighbour, variants=PORTS
    ),
)
