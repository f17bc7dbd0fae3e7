"""Tests of the blueprints, and of the same automations in the README: each does its job."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.components import automation
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint, DomainBlueprints
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml, parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.plex_remote_access.const import DOCUMENTATION, DOMAIN
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from .common import (
    PUBLIC_IP,
    STATUS,
    STREAM_LIMIT,
    SWITCH,
    become,
    jumping_time,
    open_ports,
    pass_time,
    state_of,
    turn,
)
from .test_trigger import go_down, go_up

pytestmark = [
    jumping_time,
    pytest.mark.usefixtures("automations_end", "init_integration"),
]

FOLDER = (
    Path(__file__).parent.parent / "blueprints" / "automation" / "plex_remote_access"
)
FILES = sorted(FOLDER.glob("*.yaml"))
BUTTON = "input_button.open_plex"
HOUR = 3600
README = (FOLDER.parents[2] / "README.md").read_text()


def load(path: Path) -> Blueprint:
    """Read a blueprint as Home Assistant does."""
    content = load_yaml(path)
    assert isinstance(content, dict)
    return Blueprint(
        content,
        expected_domain=automation.DOMAIN,
        path=path.name,
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )


@pytest.fixture(autouse=True)
def imported() -> Iterator[None]:
    """Have all blueprints where Home Assistant looks for them."""
    with patch.object(
        DomainBlueprints,
        "_load_blueprint",
        lambda _self, name: load(FOLDER / name),
    ):
        yield


class Automations:
    """Makes an automation, in one of the two ways that people have."""

    def __init__(self, hass: HomeAssistant, *, plain: bool) -> None:
        """Take the blueprint, or the text of the README."""
        self._hass = hass
        self._plain = plain

    async def add(self, name: str, **entered: Any) -> None:
        """Make an automation; what is entered for a blueprint is as in the README."""
        blueprint = {"use_blueprint": {"path": f"{name}.yaml", "input": entered}}
        config = plain(name) if self._plain else blueprint
        assert await async_setup_component(
            self._hass, automation.DOMAIN, {automation.DOMAIN: config}
        )
        await self._hass.async_block_till_done()
        (entity_id,) = self._hass.states.async_entity_ids(automation.DOMAIN)
        assert state_of(self._hass, entity_id).state == "on"


@pytest.fixture(params=["blueprint", "README"])
def automations(hass: HomeAssistant, request: pytest.FixtureRequest) -> Automations:
    """Somebody who makes automations."""
    return Automations(hass, plain=request.param == "README")


def plain(name: str) -> dict[str, Any]:
    """Return the automation of the README that is called like a blueprint."""
    alias = load(FOLDER / f"{name}.yaml").name
    (text,) = re.findall(rf"```yaml\n(alias: {alias}\n.*?)```", README, re.DOTALL)
    config = parse_yaml(text)
    assert isinstance(config, dict)
    return config


@pytest.fixture
async def at_noon(hass: HomeAssistant) -> None:
    """Have it be noon here when time begins."""
    await hass.config.async_set_time_zone("UTC")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_imports(path: Path) -> None:
    """It says where it comes from, and the README has the button for it."""
    blueprint = load(path)

    assert blueprint.validate() is None
    source = (
        f"{DOCUMENTATION}/blob/main/blueprints/automation/{FOLDER.name}/{path.name}"
    )
    assert blueprint.metadata["source_url"] == source
    assert f"blueprint_import/?blueprint_url={source}" in README


async def test_tell_me(
    hass: HomeAssistant,
    plex: PlexServer,
    outside: DirectOutside,
    router: Router,
    freezer: TickingDateTimeFactory,
    automations: Automations,
) -> None:
    """People are told in words when it breaks, until it works again."""
    told = async_mock_service(hass, "persistent_notification", "create")
    over = async_mock_service(hass, "persistent_notification", "dismiss")
    await automations.add("tell_me", server={"entity_id": STATUS})

    await go_up(hass, plex, freezer)
    assert (len(told), len(over)) == (0, 1)
    await go_down(hass, plex, outside, freezer)
    assert [call.data["message"] for call in told] == [
        "plex.tv could not connect; the port is closed somewhere on the way"
    ]
    assert len(over) == 1


@pytest.mark.parametrize("automations", ["blueprint"], indirect=True)
async def test_tell_me_in_another_way(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    automations: Automations,
) -> None:
    """Whatever is entered is done."""
    told = async_mock_service(hass, "test", "tell")
    await automations.add(
        "tell_me",
        server={"entity_id": SWITCH},
        up=[{"action": "test.tell", "data": {"what": "up"}}],
    )

    await go_up(hass, plex, freezer)

    assert [call.data["what"] for call in told] == ["up"]


async def test_retry_when_address_changes(
    hass: HomeAssistant,
    plex: PlexServer,
    outside: DirectOutside,
    router: Router,
    freezer: TickingDateTimeFactory,
    automations: Automations,
) -> None:
    """plex.tv is to look at once; not while remote access is off."""
    retried = async_mock_service(hass, DOMAIN, "retry")
    await automations.add(
        "retry_when_address_changes", remote_access=SWITCH, address=PUBLIC_IP
    )
    await go_up(hass, plex, freezer)
    assert retried == []

    router.set_wan_address("198.51.100.8")
    outside.address = "198.51.100.8"
    await plex.remote_access.refresh()
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become(lambda: state_of(hass, PUBLIC_IP).state, "198.51.100.8")
    await become(lambda: len(retried), 1)

    await turn(hass, "off")
    await pass_time(hass, freezer, 31)
    assert len(retried) == 1


@pytest.mark.parametrize("automations", ["blueprint"], indirect=True)
async def test_retry_when_an_address_of_somebody_else_changes(
    hass: HomeAssistant,
    plex: PlexServer,
    outside: DirectOutside,
    router: Router,
    freezer: TickingDateTimeFactory,
    automations: Automations,
) -> None:
    """plex.tv checks at once; not while remote access is off."""
    await automations.add(
        "retry_when_address_changes",
        remote_access=SWITCH,
        address="sensor.any",
    )
    hass.states.async_set("sensor.any", "198.51.100.7")
    hass.states.async_set("sensor.any", "198.51.100.8")
    await hass.async_block_till_done()
    assert plex.refresh_count == 0

    await go_up(hass, plex, freezer)
    hass.states.async_set("sensor.any", "unavailable")
    hass.states.async_set("sensor.any", "198.51.100.8")
    await hass.async_block_till_done()
    assert plex.refresh_count == 0
    hass.states.async_set("sensor.any", "198.51.100.9")
    await hass.async_block_till_done()

    await become(lambda: plex.refresh_count, 1)
    assert state_of(hass, PUBLIC_IP).state == "198.51.100.7"


@pytest.mark.usefixtures("at_noon")
async def test_closed_at_night(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
    automations: Automations,
) -> None:
    """Closed in the evening, open in the morning."""
    await automations.add("closed_at_night", remote_access=SWITCH)
    await turn(hass, "on")
    await pass_time(hass, freezer, 11 * HOUR)
    assert open_ports(router) == [32400]

    await pass_time(hass, freezer, HOUR / 2 + 1)
    await pass_time(hass, freezer, 62)
    await become(lambda: state_of(hass, SWITCH).state, "off")
    assert open_ports(router) == []

    await pass_time(hass, freezer, 7.5 * HOUR)
    await become(lambda: state_of(hass, SWITCH).state, "on")
    await become(lambda: open_ports(router), [32400])


@pytest.mark.usefixtures("at_noon")
async def test_stays_closed_in_the_evening(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
    automations: Automations,
) -> None:
    """What is off is not turned on for a minute."""
    await automations.add("closed_at_night", remote_access=SWITCH)

    await pass_time(hass, freezer, 11.5 * HOUR + 1)

    assert state_of(hass, SWITCH).state == "off"
    assert open_ports(router) == []


async def test_open_for_a_while(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
    automations: Automations,
) -> None:
    """Open after the button was pressed, closed when the time is over."""
    hass.states.async_set(BUTTON, "unknown")
    await automations.add("open_for_a_while", button=BUTTON, remote_access=SWITCH)
    assert state_of(hass, SWITCH).state == "off"

    hass.states.async_set(BUTTON, dt_util.utcnow().isoformat())
    await hass.async_block_till_done()
    await become(lambda: open_ports(router), [32400])

    await pass_time(hass, freezer, 3 * HOUR + 1)
    await become(lambda: state_of(hass, SWITCH).state, "off")
    assert open_ports(router) == []


@pytest.mark.usefixtures("at_noon")
async def test_lower_limit_at_peak_hours(
    hass: HomeAssistant, freezer: TickingDateTimeFactory, automations: Automations
) -> None:
    """Less while others need it, and all of it afterwards."""
    assert state_of(hass, STREAM_LIMIT).state == "Original (No limit)"
    await automations.add("lower_limit_at_peak_hours", stream_limit=STREAM_LIMIT)

    await pass_time(hass, freezer, 6 * HOUR + 1)
    await become(lambda: state_of(hass, STREAM_LIMIT).state, "4 Mbps (720p)")
    await pass_time(hass, freezer, 5 * HOUR)
    await become(lambda: state_of(hass, STREAM_LIMIT).state, "Original (No limit)")


@pytest.mark.usefixtures("at_noon")
@pytest.mark.parametrize("automations", ["blueprint"], indirect=True)
async def test_other_limits(
    hass: HomeAssistant, freezer: TickingDateTimeFactory, automations: Automations
) -> None:
    """Those that are entered, at the hours that are entered."""
    await automations.add(
        "lower_limit_at_peak_hours",
        stream_limit=STREAM_LIMIT,
        limit="2 Mbps (480p)",
        otherwise="20 Mbps (1080p)",
        begin="13:00:00",
        end="14:00:00",
    )

    await pass_time(hass, freezer, HOUR + 1)
    await become(lambda: state_of(hass, STREAM_LIMIT).state, "2 Mbps (480p)")
    await pass_time(hass, freezer, HOUR)
    await become(lambda: state_of(hass, STREAM_LIMIT).state, "20 Mbps (1080p)")
