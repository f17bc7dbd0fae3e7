"""Whatever happens in whatever order."""

import asyncio
from collections.abc import Callable
from logging import ERROR
from typing import Any

from freezegun import freeze_time
from freezegun.api import TickingDateTimeFactory
import hypothesis
from hypothesis import HealthCheck, given, settings
import pytest

from custom_components.plex_remote_access.const import CONF_PORT_MAPPING, CONF_ROUTER
from tests.common import asked_at_its_ports, become, make_entry, our_tasks
from tests.home import Home
from tests.portmap.common import PACKAGE
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from . import CHOSEN, SHORT
from .kept import KEPT
from .order import ROUTERS, Order, orders, routers
from .sequence import Note, play
from .world import World

type Live = Callable[[str, Order], None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try the seeds that are asked for."""
    if "seed" in metafunc.fixturenames:
        effort = metafunc.config.stash.get(CHOSEN, SHORT)
        metafunc.parametrize("seed", effort.seeds)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a router that says nothing no longer than one on this machine needs."""
    for limit in ("ACTION_TIMEOUT", "DESCRIPTION_TIMEOUT", "UNDO_TIMEOUT"):
        monkeypatch.setattr(f"{PACKAGE}.const.{limit}", 0.5)


@pytest.fixture
def live(
    socket_enabled: None,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> Live:
    """Have things happen in a world of their own."""
    caplog.set_level(ERROR)

    def live(speaks: str, order: Order) -> None:
        caplog.clear()
        hass_storage.clear()
        with freeze_time("2026-11-02 12:00:00", tick=True) as freezer:
            assert isinstance(freezer, TickingDateTimeFactory)
            asyncio.run(
                _live(Home(hass_storage), freezer, speaks, order, record_property)
            )
        unhandled = [
            record.getMessage()
            for record in caplog.records
            # That of the simulators tells of connections that end too early.
            if record.exc_info and record.name != "aiohttp.server"
        ]
        assert unhandled == []

    return live


async def _live(
    home: Home, freezer: TickingDateTimeFactory, speaks: str, order: Order, note: Note
) -> None:
    async with Router(**ROUTERS[speaks]) as router, asked_at_its_ports(router):
        outside = DirectOutside(router.wan_address, router.dial)
        async with PlexServer(outside=outside, lan_address="127.0.0.1") as plex:
            world = World(
                home=home, plex=plex, router=router, outside=outside, freezer=freezer
            )
            await home.begin(
                make_entry(
                    plex, {CONF_PORT_MAPPING: "automatic", CONF_ROUTER: "127.0.0.1"}
                )
            )
            try:
                await play(world, order, note)
            finally:
                await home.end()
            await become(our_tasks, 0)


def test_any_order(
    live: Live,
    seed: int | None,
    request: pytest.FixtureRequest,
) -> None:
    """Each time that all is mended, all is as the owner wants it, and told so."""
    effort = request.config.stash.get(CHOSEN, SHORT)

    @settings(
        max_examples=effort.orders,
        derandomize=seed is None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(speaks=routers, order=orders)
    def hold(speaks: str, order: Order) -> None:
        live(speaks, order)

    if seed is not None:
        hold = hypothesis.seed(seed)(hold)
    hold()


@pytest.mark.parametrize(("speaks", "order"), KEPT)
def test_order_that_once_broke_something(live: Live, speaks: str, order: Order) -> None:
    """It never does again."""
    live(speaks, order)
