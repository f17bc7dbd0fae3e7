"""Getting a mapping: ours, the peers', and the bare exchange as the limit.

Runs on a host of the lab: `python -m tests.benchmark.mapping ROUNDS DESCRIPTION_URL`
writes the milliseconds of each round as JSON. What was mapped is deleted after each
case: miniupnpd takes the longer, the more it has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
import http.client
from ipaddress import IPv4Address
from itertools import count
import json
import socket
import subprocess
import sys
from time import perf_counter

import aiohttp
from async_upnp_client.aiohttp import AiohttpRequester
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.profiles.igd import IgdDevice
from async_upnp_client.search import async_search
from async_upnp_client.utils import CaseInsensitiveDict
import miniupnpc
from yarl import URL

from custom_components.plex_remote_access.portmap import Method, Router, Target
from custom_components.plex_remote_access.portmap.model import Mapper
from custom_components.plex_remote_access.portmap.natpmp import build_map_request
from tests.lab import LAN_ADDRESS, ROUTER_ADDRESS

# The router's kernel takes 2 or 10 ms for the same rule, by what it did just before: what
# is over in that time is measured more often, so that the medians compare.
REPEATS = 5
_PORTS = count(40000)
_SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
_IGD = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"

type Case = Callable[["Bench", int], Awaitable[None]]


class Bench:
    """What the cases share."""

    def __init__(self, session: aiohttp.ClientSession, description: URL) -> None:
        """Know the router's description, for the bare exchange only."""
        self.session = session
        self.description = description
        self.control = ""
        self.routers: dict[Method, Router] = {}
        self.started = 0.0
        self.ended = 0.0

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Count only what is done in here."""
        self.started = perf_counter()
        yield
        self.ended = perf_counter()

    async def target(self, router: Router, port: int) -> Target:
        """Return where the port is to lead."""
        return await router.find_target(LAN_ADDRESS, port, "benchmark", bytes(12))


def ours(method: Method, *, warm: bool) -> Case:
    """Map through one protocol: with a router that is known, or from nothing."""

    async def case(bench: Bench, port: int) -> None:
        if warm:
            router = bench.routers.setdefault(method, Router(bench.session))
            known = await bench.target(router, next(_PORTS))
            mapper = _mapper(router, method, known)
            await mapper.map(known, known.port)
            _delete(bench, known.port)
        with bench.clock():
            if not warm:
                router = Router(bench.session)
            target = await bench.target(router, port)
            await _mapper(router, method, target).map(target, port)

    return case


def _mapper(router: Router, method: Method, target: Target) -> Mapper:
    return next(one for one in router.mappers(target) if one.method is method)


async def ours_any(bench: Bench, port: int) -> None:
    """Map as Home Assistant does it: all protocols at once, from nothing."""
    with bench.clock():
        router = Router(bench.session)
        await router.map(await bench.target(router, port), port)


async def raw_nat_pmp(bench: Bench, port: int) -> None:
    """One datagram there and one back."""
    with (
        bench.clock(),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.connect((ROUTER_ADDRESS, 5351))
        udp.send(build_map_request(port, port, 3600))
        udp.recv(64)


async def raw_soap(bench: Bench, port: int) -> None:
    """One AddPortMapping and its read-back, with everything known."""
    with bench.clock():
        _add(bench, port)
        _read(bench, port, 200)


async def raw_soap_with_look(bench: Bench, port: int) -> None:
    """The same after a look whether the port is somebody else's."""
    with bench.clock():
        _read(bench, port, 500)
        _add(bench, port)
        _read(bench, port, 200)


def _add(bench: Bench, port: int) -> None:
    _soap(
        bench,
        "AddPortMapping",
        f"<NewRemoteHost/><NewExternalPort>{port}</NewExternalPort>"
        f"<NewProtocol>TCP</NewProtocol><NewInternalPort>{port}</NewInternalPort>"
        f"<NewInternalClient>{LAN_ADDRESS}</NewInternalClient>"
        "<NewEnabled>1</NewEnabled><NewPortMappingDescription>raw"
        "</NewPortMappingDescription><NewLeaseDuration>3600</NewLeaseDuration>",
    )


def _read(bench: Bench, port: int, status: int) -> None:
    _soap(
        bench,
        "GetSpecificPortMappingEntry",
        f"<NewRemoteHost/><NewExternalPort>{port}</NewExternalPort>"
        "<NewProtocol>TCP</NewProtocol>",
        status,
    )


def _delete(bench: Bench, port: int) -> None:
    _soap(
        bench,
        "DeletePortMapping",
        f"<NewRemoteHost/><NewExternalPort>{port}</NewExternalPort>"
        "<NewProtocol>TCP</NewProtocol>",
    )


def _soap(bench: Bench, action: str, arguments: str, status: int = 200) -> None:
    body = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/'
        'envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
        f'<s:Body><u:{action} xmlns:u="{_SERVICE}">{arguments}</u:{action}></s:Body>'
        "</s:Envelope>"
    )
    connection = http.client.HTTPConnection(
        str(bench.description.host), bench.description.port, timeout=5
    )
    connection.request(
        "POST",
        bench.control,
        body,
        {"Content-Type": "text/xml", "SOAPAction": f'"{_SERVICE}#{action}"'},
    )
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != status:
        raise RuntimeError(f"{action}: {response.status}")


async def natpmpc(bench: Bench, port: int) -> None:
    """The command line client of libnatpmp."""
    with bench.clock():
        _run("natpmpc", "-g", ROUTER_ADDRESS, "-a", port, port, "tcp", 3600)


async def upnpc(bench: Bench, port: int) -> None:
    """The command line client of miniupnpc."""
    with bench.clock():
        _run("upnpc", "-a", LAN_ADDRESS, port, port, "tcp", 3600)


def _run(*command: object) -> None:
    subprocess.run(
        [str(word) for word in command], check=True, capture_output=True, timeout=30
    )


async def miniupnpc_python(bench: Bench, port: int) -> None:
    """The Python module of miniupnpc, with its usual window."""
    with bench.clock():
        client = miniupnpc.UPnP()
        client.discover()
        client.selectigd()
        client.addportmapping(port, "TCP", LAN_ADDRESS, port, "peer", "")


def upnp_client(*, whole_window: bool) -> Case:
    """async_upnp_client: its whole search window, or its first answer."""

    async def case(bench: Bench, port: int) -> None:
        with bench.clock():
            found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

            async def answer(headers: CaseInsensitiveDict) -> None:
                if not found.done():
                    found.set_result(headers["location"])

            search = asyncio.create_task(
                async_search(
                    answer,
                    timeout=4,
                    search_target=_IGD,
                    source=(LAN_ADDRESS, 0),
                )
            )
            if whole_window:
                await search
            location = await found
            search.cancel()
            factory = UpnpFactory(AiohttpRequester(), non_strict=True)
            device = await factory.async_create_device(location)
            await IgdDevice(device, None).async_add_port_mapping(
                remote_host=IPv4Address(0),
                external_port=port,
                protocol="TCP",
                internal_port=port,
                internal_client=IPv4Address(LAN_ADDRESS),
                enabled=True,
                description="peer",
                lease_duration=timedelta(hours=1),
            )

    return case


QUICK: dict[str, Case] = {
    "raw NAT-PMP": raw_nat_pmp,
    "raw SOAP": raw_soap,
    "raw SOAP, with a look before": raw_soap_with_look,
    **{
        f"ours {method} {'warm' if warm else 'cold'}": ours(method, warm=warm)
        for method in Method
        for warm in (False, True)
    },
    "ours all cold": ours_any,
}
PEERS: dict[str, Case] = {
    "natpmpc": natpmpc,
    "upnpc": upnpc,
    "miniupnpc (Python)": miniupnpc_python,
    "async_upnp_client, whole search": upnp_client(whole_window=True),
    "async_upnp_client, first answer": upnp_client(whole_window=False),
}


async def _control_path(bench: Bench) -> str:
    async with bench.session.get(bench.description) as response:
        text = await response.text()
    service = text[text.index("WANIPConnection") :]
    return service[service.index("<controlURL>") + 12 : service.index("</controlURL>")]


async def main(rounds: int, description: str) -> None:
    """Run the cases in turn, round by round, so that nobody has the better hour."""
    figures: dict[str, list[float]] = {name: [] for name in QUICK | PEERS}
    async with aiohttp.ClientSession() as session:
        bench = Bench(session, URL(description))
        bench.control = await _control_path(bench)
        turns = [*QUICK.items()] * REPEATS + [*PEERS.items()]
        for _ in range(rounds):
            for name, case in turns:
                port = next(_PORTS)
                await case(bench, port)
                _delete(bench, port)
                figures[name].append((bench.ended - bench.started) * 1000)
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
