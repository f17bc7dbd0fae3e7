"""Whatever happens in whatever order: the short form, with orders that never change."""

from collections.abc import Callable
from logging import ERROR
from random import Random
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.common import jumping_time
from tests.portmap.common import PACKAGE
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from . import SEEDS
from .sequence import play
from .world import World

SHORT = range(1, 7)
PROTOCOLS: tuple[dict[str, bool], ...] = (
    {},
    {"pcp": False, "upnp": False},
    {"nat_pmp": False, "upnp": False},
    {"pcp": False, "nat_pmp": False},
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try the seeds that are asked for."""
    seeds: range = metafunc.config.stash.get(SEEDS, None) or SHORT
    metafunc.parametrize("seed", seeds)


@pytest.fixture
def router_options(seed: int) -> dict[str, Any]:
    """Have each protocol be the only one for some seeds."""
    return PROTOCOLS[seed % len(PROTOCOLS)]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a router that says nothing no longer than one on this machine needs."""
    for limit in ("ACTION_TIMEOUT", "DESCRIPTION_TIMEOUT", "UNDO_TIMEOUT"):
        monkeypatch.setattr(f"{PACKAGE}.const.{limit}", 0.5)


@jumping_time
@pytest.mark.usefixtures("init_integration")
async def test_any_order(
    hass: HomeAssistant,
    mock_config_entry: MockConfigEntry,
    plex: PlexServer,
    router: Router,
    outside: DirectOutside,
    freezer: TickingDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
    seed: int,
) -> None:
    """Each time that all is mended, all is as the owner wants it, and told so."""
    world = World(
        hass=hass,
        entry=mock_config_entry,
        plex=plex,
        router=router,
        outside=outside,
        freezer=freezer,
        random=Random(seed),
    )

    def note(what: str, value: object) -> None:
        record_property(what, value)
        # What a violation is told with.
        print(f"{what}: {value}")

    await play(world, 5, note)

    unhandled = [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= ERROR and record.exc_info
    ]
    assert unhandled == []
