"""What the router says, for a shell: `python -m portmap status`.

Run it from the folder that holds `portmap`; it needs aiohttp and defusedxml.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
import hashlib
from ipaddress import IPv4Address
import logging
import math
import signal
import sys
import time
from typing import Final
import uuid

import aiohttp

from .keeper import Keeper
from .model import Mapping, Place, PortMapError, Target
from .neighbours import other_routers
from .port import KeptPort
from .router import Router
from .upnp import UpnpMapper

_MARK: Final = "Plex Remote Access (shell)"


def _arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m portmap", description=__doc__)
    parser.add_argument("--router", type=IPv4Address, help="instead of the default")
    parser.add_argument("--verbose", action="store_true", help="tell every step")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="which protocols the router speaks")
    for name, text in (
        ("map", "open a port until its lease ends"),
        ("release", "close it again"),
        ("watch", "open a port, keep it open and tell what happens, until Ctrl-C"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("port", type=_port, help="port of the server")
        command.add_argument("--external", type=_port, help="port on the router")
        command.add_argument("--host", default="127.0.0.1", help="the server")
    return parser.parse_args()


def _port(text: str) -> int:
    """Read a port; 0 would stand for all of them."""
    if not 1 <= (port := int(text)) <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not between 1 and 65535")
    return port


def _nonce() -> bytes:
    """Return how the router knows this machine again, in a later run as well."""
    return hashlib.sha256(f"{_MARK} {uuid.getnode()}".encode()).digest()[:12]


async def _status(router: Router, arguments: argparse.Namespace) -> None:
    """Tell what the router is, protocol by protocol."""
    route = await router.find_route()
    print(f"Router    {route.gateway}, asked from {route.source}")
    target = await _target(router, "127.0.0.1", 32400)
    for mapper in router.mappers(target):
        started = time.monotonic()
        try:
            await mapper.probe()
            answer = f"answers ({(time.monotonic() - started) * 1000:.0f} ms)"
        except PortMapError as err:
            answer = _failure(err)
        print(f"{mapper.method:<9} {answer}")
        if not answer.startswith("answers"):
            continue
        try:
            print(f"{'':<9} external address {await mapper.external_address()}")
        except PortMapError as err:
            print(f"{'':<9} no external address: {_failure(err)}")
    for other in await other_routers(router.session, route, router.ports.ssdp):
        print(f"Another   {other.address} ({other.model}) is a router as well")


async def _map(router: Router, arguments: argparse.Namespace) -> None:
    """Open a port once."""
    target = await _target(router, arguments.host, arguments.port)
    mapping = await router.map(target, arguments.external or arguments.port)
    print(_describe(mapping))
    print(f"External address {await router.external_address(mapping)}")


async def _release(router: Router, arguments: argparse.Namespace) -> None:
    """Close what `map` opened, in every protocol."""
    target = await _target(router, arguments.host, arguments.port)
    for mapper in router.mappers(target):
        mapping = Mapping(
            method=mapper.method,
            gateway=(await router.find_route()).gateway,
            target=target,
            external_port=arguments.external or arguments.port,
            granted_at=-math.inf,
            good_until=None,
        )
        try:
            await mapper.release(mapping)
            if isinstance(mapper, UpnpMapper):
                # The router may have given another port than it was asked for.
                await mapper.tidy(target, None)
        except PortMapError as err:
            print(f"{mapper.method:<9} {_failure(err)}")
        else:
            print(f"{mapper.method:<9} nothing of ours is open")


async def _watch(router: Router, arguments: argparse.Namespace) -> None:
    """Keep a port open, and tell each change."""
    keeper = Keeper(router)
    port = keeper.keep(
        Place(
            host=arguments.host,
            port=arguments.port,
            description=_MARK,
            nonce=_nonce(),
        ),
        changed=lambda: _tell(port),
    )
    await port.open(arguments.external or arguments.port)
    _tell(port)
    keeper.add(port)
    try:
        await keeper.run()
    finally:
        await port.close()
        _tell(port)


def _tell(port: KeptPort) -> None:
    """Tell how a port stands, with the time of the day."""
    now = f"{datetime.now().astimezone():%H:%M:%S}"
    print(now, _describe(port.mapping) if port.mapping else "closed", flush=True)
    if port.external_address is not None:
        print(now, f"external address {port.external_address}", flush=True)
    if port.obstacle is not None:
        print(now, _failure(port.obstacle), flush=True)


def _describe(mapping: Mapping) -> str:
    target = f"{mapping.target.address}:{mapping.target.port}"
    if mapping.good_until is None:
        lease = "until it is deleted"
    else:
        lease = f"for {(mapping.good_until - time.monotonic()) / 60:.0f} min"
    return f"{mapping.method}: port {mapping.external_port} leads to {target} {lease}"


def _failure(error: PortMapError) -> str:
    return f"{error.reason}: {error.detail}"


async def _target(router: Router, host: str, port: int) -> Target:
    return await router.find_target(host, port, _MARK, _nonce())


_COMMANDS: Final[dict[str, Callable[[Router, argparse.Namespace], Awaitable[None]]]] = {
    "status": _status,
    "map": _map,
    "release": _release,
    "watch": _watch,
}


async def _main(arguments: argparse.Namespace) -> None:
    task = asyncio.current_task()
    assert task is not None
    # Also where it runs in the background, which has Ctrl-C ignored: what was opened is
    # closed before the end.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    async with aiohttp.ClientSession() as session:
        router = Router(session, gateway=arguments.router)
        await _COMMANDS[arguments.command](router, arguments)


def main() -> None:
    """Do what the command line says."""
    arguments = _arguments()
    logging.basicConfig(level=logging.DEBUG if arguments.verbose else logging.WARNING)
    try:
        asyncio.run(_main(arguments))
    except PortMapError as err:
        sys.exit(_failure(err))
    except asyncio.CancelledError:
        pass


if __name__ == "__main__":
    main()
