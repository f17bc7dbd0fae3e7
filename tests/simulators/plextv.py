"""Plex.tv as a Plex server needs it: what is my public address, am I reachable?

``PlexTv`` is the service, to be run on the Internet side. ``HttpOutside`` asks it;
``DirectOutside`` gives the same answers within one process.
"""

import argparse
import asyncio
from collections.abc import Callable
import json
import signal
from typing import Any, Protocol, Self

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    TCPConnector,
    ThreadedResolver,
    web,
)
from defusedxml import ElementTree

from .plextv_account import PlexTvAccount

type Dial = Callable[[str, int], tuple[str, int] | None]

PROBE_TIMEOUT = ClientTimeout(total=5)
# Longer than the probe that the service makes for us.
SERVICE_TIMEOUT = ClientTimeout(total=10)


class Outside(Protocol):
    """What a Plex server learns from the Internet side."""

    async def public_address(self) -> str | None:
        """Return the address the server is seen with, None when cut off."""

    async def reachable(self, address: str, port: int, machine_identifier: str) -> bool:
        """Return whether this very server answers at the public endpoint."""


def _session(timeout: ClientTimeout) -> ClientSession:
    """Return a session that trusts any certificate and starts no threads."""
    connector = TCPConnector(ssl=False, resolver=ThreadedResolver())
    return ClientSession(connector=connector, timeout=timeout)


def _identifier(body: str) -> str | None:
    """Return the machine identifier of an identity document in either form."""
    if body.lstrip().startswith("<"):
        identifier: str | None = ElementTree.fromstring(body).get("machineIdentifier")
        return identifier
    container = json.loads(body)["MediaContainer"]
    return str(container["machineIdentifier"])


async def probe(address: str, port: int, machine_identifier: str) -> bool:
    """Connect to the endpoint and compare who answers there."""
    async with _session(PROBE_TIMEOUT) as session:
        # A server that requires secure connections hangs up on plain HTTP.
        for scheme in ("http", "https"):
            try:
                async with session.get(
                    f"{scheme}://{address}:{port}/identity"
                ) as answer:
                    if answer.status == 200:
                        return _identifier(await answer.text()) == machine_identifier
            except ClientError, TimeoutError:
                continue
            except ElementTree.ParseError, ValueError, KeyError, TypeError:
                return False
    return False


class DirectOutside:
    """The Internet side within the same process.

    ``dial`` stands for the way through the Internet and the router: it turns a public
    endpoint into the one really to be connected to, None where nothing listens.
    """

    def __init__(
        self, public_address: str | None = "127.0.0.1", dial: Dial | None = None
    ) -> None:
        """Set what the server is seen with; the address may be changed later."""
        self.address = public_address
        self.dial = dial
        self.probes = 0

    async def public_address(self) -> str | None:
        """Return the address the server is seen with."""
        return self.address

    async def reachable(self, address: str, port: int, machine_identifier: str) -> bool:
        """Connect to the public endpoint and compare who answers there."""
        self.probes += 1
        endpoint = self.dial(address, port) if self.dial else (address, port)
        return endpoint is not None and await probe(*endpoint, machine_identifier)


class HttpOutside:
    """The Internet side as a ``PlexTv`` service sees it."""

    def __init__(self, url: str) -> None:
        """Set where the service is."""
        self._url = url.rstrip("/")

    async def public_address(self) -> str | None:
        """Return the address that the service saw our request come from."""
        try:
            async with (
                _session(SERVICE_TIMEOUT) as session,
                session.get(f"{self._url}/ip", raise_for_status=True) as answer,
            ):
                return await answer.text()
        except ClientError, TimeoutError:
            return None

    async def reachable(self, address: str, port: int, machine_identifier: str) -> bool:
        """Let the service connect to the public endpoint."""
        query = {
            "address": address,
            "port": str(port),
            "machine_identifier": machine_identifier,
        }
        try:
            async with (
                _session(SERVICE_TIMEOUT) as session,
                session.get(
                    f"{self._url}/probe", params=query, raise_for_status=True
                ) as answer,
            ):
                return bool((await answer.json())["reachable"])
        except ClientError, TimeoutError:
            return False


class PlexTv:
    """The service on the Internet side."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Set where to listen; port 0 takes a free one."""
        self.host = host
        self.port = port
        self.account = PlexTvAccount()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Return the address of the service."""
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Start listening."""
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening and drop what is open."""
        if self._runner is not None:
            await self._runner.cleanup()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the service."""
        return [
            web.get("/ip", self._ip),
            web.get("/probe", self._probe),
            *self.account.routes(),
        ]

    async def _ip(self, request: web.Request) -> web.Response:
        """Answer the address that the request came from."""
        return web.Response(text=request.remote or "")

    async def _probe(self, request: web.Request) -> web.Response:
        """Connect to the endpoint in question and answer what was found."""
        try:
            address = request.query["address"]
            port = int(request.query["port"])
            machine_identifier = request.query["machine_identifier"]
        except KeyError, ValueError:
            raise web.HTTPBadRequest from None
        found = await probe(address, port, machine_identifier)
        return web.json_response({"reachable": found})


async def until_stopped() -> None:
    """Wait until the process is asked to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


async def _serve(host: str, port: int, devices: list[dict[str, Any]]) -> None:
    """Run the service until the process is asked to end."""
    async with PlexTv(host, port) as plextv:
        plextv.account.devices = devices
        print(f"plex.tv simulator listening on {plextv.url}", flush=True)
        await until_stopped()


def main() -> None:
    """Run the service as a process."""
    parser = argparse.ArgumentParser(description="The Internet side of a Plex server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument(
        "--devices", type=json.loads, default=[], help="what the account has, in JSON"
    )
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.host, arguments.port, arguments.devices))


if __name__ == "__main__":
    main()
