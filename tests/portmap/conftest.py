"""Fixtures: sessions, gateways and mappers on the loopback interface."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from unittest.mock import Mock, patch

import aiohttp
import pytest

from custom_components.plex_remote_access.portmap import KeptPort, Ports, Router
from custom_components.plex_remote_access.portmap.gena import Subscription
from custom_components.plex_remote_access.portmap.natpmp import NatPmpMapper
from custom_components.plex_remote_access.portmap.pcp import PcpMapper
from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.common import become
from tests.simulators.router import Router as SimulatedRouter

from .common import LOOPBACK, PACKAGE, PLACE, ROUTE, Clock
from .fakes import FakeClock, FakeRouter
from .responder import Responder, responding
from .scripted import ScriptedGateway, entry
from .subscriber import running


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that leaves no thread behind."""
    connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


@pytest.fixture
async def gateway(socket_enabled: None) -> AsyncIterator[ScriptedGateway]:
    """A gateway that says what the test tells it to say."""
    async with ScriptedGateway() as gateway:
        yield gateway


@pytest.fixture
async def upnp(
    session: aiohttp.ClientSession, router: SimulatedRouter
) -> AsyncIterator[UpnpMapper]:
    """UPnP with the simulated router."""
    mapper = UpnpMapper(session, ROUTE, router.ssdp_port)
    yield mapper
    mapper.abandon()
    await asyncio.sleep(0)


@pytest.fixture
def scripted_upnp(
    session: aiohttp.ClientSession, gateway: ScriptedGateway
) -> UpnpMapper:
    """UPnP with the scripted gateway."""
    return UpnpMapper(session, ROUTE, gateway.ssdp_port)


@pytest.fixture
def agreeing_upnp(scripted_upnp: UpnpMapper, gateway: ScriptedGateway) -> UpnpMapper:
    """UPnP with a gateway that maps everything, at first."""
    gateway.replies["GetSpecificPortMappingEntry"] = [714, entry()]
    gateway.replies["AddPortMapping"] = [{}]
    gateway.replies["DeletePortMapping"] = [{}]
    gateway.replies["GetExternalIPAddress"] = [{"NewExternalIPAddress": "198.51.100.7"}]
    return scripted_upnp


@pytest.fixture
def nat_pmp(router: SimulatedRouter, clock: Clock) -> NatPmpMapper:
    """NAT-PMP with the simulated router."""
    return NatPmpMapper(ROUTE, LOOPBACK, router.natpmp_port)


@pytest.fixture
def pcp(router: SimulatedRouter, clock: Clock) -> PcpMapper:
    """PCP with the simulated router."""
    return PcpMapper(ROUTE, LOOPBACK, router.natpmp_port)


@pytest.fixture
async def responder(socket_enabled: None) -> AsyncIterator[Responder]:
    """A UDP server that says what the test tells it to say."""
    async with responding() as responder:
        yield responder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock of the mappers that stands still."""
    clock = Clock()
    for module in ("epoch", "model", "patience"):
        monkeypatch.setattr(f"{PACKAGE}.{module}.time", clock)
    return clock


@pytest.fixture
def client(session: aiohttp.ClientSession, router: SimulatedRouter) -> Router:
    """The way to the Internet through the simulated router."""
    ports = Ports(pcp=router.natpmp_port, ssdp=router.ssdp_port)
    return Router(session, gateway=LOOPBACK, ports=ports)


@pytest.fixture
def changed() -> Mock:
    """What is called when the router sends an event."""
    return Mock()


@pytest.fixture
def subscription(
    session: aiohttp.ClientSession, router: SimulatedRouter, changed: Mock
) -> Subscription:
    """The events of the simulated router."""
    return Subscription(
        session, router.event_url, source=LOOPBACK, gateway=LOOPBACK, changed=changed
    )


@pytest.fixture
async def subscribed(
    subscription: Subscription, router: SimulatedRouter
) -> AsyncIterator[None]:
    """Be subscribed, and know what everything is like."""
    async with running(subscription):
        await become(lambda: len(router.event_answers), 1)
        await become(lambda: subscription.active, True)
        yield


@pytest.fixture
def short_waits() -> Iterator[None]:
    """Give up after a fraction of the time, in the same proportions."""
    with ExitStack() as stack:
        for name, value in (
            ("UDP_WAITS", (0.025, 0.05, 0.1)),
            ("PATIENCE", 0.3),
            ("DESCRIPTION_TIMEOUT", 0.3),
            ("ACTION_TIMEOUT", 1.0),
        ):
            stack.enter_context(patch(f"{PACKAGE}.const.{name}", value))
        yield


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that jumps."""
    return FakeClock()


@pytest.fixture
def fake_router(fake_clock: FakeClock) -> FakeRouter:
    """A router that agrees to everything."""
    return FakeRouter(fake_clock)


@pytest.fixture
def port(fake_router: FakeRouter, fake_clock: FakeClock) -> KeptPort:
    """A port, closed so far."""
    return KeptPort(
        fake_router.as_router, PLACE, changed=Mock(), wake=Mock(), clock=fake_clock
    )
