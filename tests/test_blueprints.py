"""Tests of the blueprints: each is imported and does its job."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.components import automation
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint, DomainBlueprints
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.plex_remote_access.const import DOCUMENTATION
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from .common import (
    PUBLIC_IP,
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

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]

FOLDER = (
    Path(__file__).parent.parent / "blueprints" / "automation" / "plex_remote_access"
)
FILES = sorted(FOLDER.glob("*.yaml"))
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


@pytest.fixture(autouse=True)
async def automations_end(hass: HomeAssistant) -> AsyncIterator[None]:
    """Leave no automation that waits for its hour."""
    yield
    if entity_ids := hass.states.async_entity_ids(automation.DOMAIN):
        await hass.services.async_call(
            automation.DOMAIN, "turn_off", {"entity_id": entity_ids}, blocking=True
        )


async def use(hass: HomeAssistant, name: str, **entered: Any) -> None:
    """Make an automation of a blueprint."""
    assert await async_setup_component(
        hass,
        automation.DOMAIN,
        {
            automation.DOMAIN: {
                "use_blueprint": {"path": f"{name}.yaml", "input": entered}
            }
        },
    )
    await hass.async_block_till_done()
    (entity_id,) = hass.states.async_entity_ids(automation.DOMAIN)
    assert state_of(hass, entity_id).state == "on"


def in_an_hour() -> str:
    """Return the time of the day in an hour."""
    return (dt_util.now() + timedelta(hours=1)).strftime("%H:%M:%S")


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
) -> None:
    """People are told when it breaks, and that it works again."""
    told = async_mock_service(hass, "test", "tell")
    await use(
        hass,
        "tell_me",
        server={"entity_id": SWITCH},
        down=[{"action": "test.tell", "data": {"what": "down"}}],
        up=[{"action": "test.tell", "data": {"what": "up"}}],
    )

    await go_up(hass, plex, freezer)
    assert [call.data["what"] for call in told] == ["up"]
    await go_down(hass, plex, outside, freezer)
    assert [call.data["what"] for call in told] == ["up", "down"]


async def test_retry_when_address_changes(
    hass: HomeAssistant,
    plex: PlexServer,
    outside: DirectOutside,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """plex.tv checks at once; not while remote access is off."""
    await use(
        hass,
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


async def test_closed_at_night(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """Closed in the evening, open in the morning."""
    evening = in_an_hour()
    morning = (dt_util.now() + timedelta(hours=9)).strftime("%H:%M:%S")
    await use(
        hass,
        "closed_at_night",
        remote_access=SWITCH,
        evening=evening,
        morning=morning,
    )
    await turn(hass, "on")
    assert open_ports(router) == [32400]

    await pass_time(hass, freezer, 3601)
    await pass_time(hass, freezer, 62)
    await become(lambda: state_of(hass, SWITCH).state, "off")
    assert open_ports(router) == []

    await pass_time(hass, freezer, 8 * 3600)
    await become(lambda: state_of(hass, SWITCH).state, "on")
    await become(lambda: open_ports(router), [32400])


async def test_stays_closed_in_the_evening(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """What is off is not turned on for a minute."""
    await use(hass, "closed_at_night", remote_access=SWITCH, evening=in_an_hour())

    await pass_time(hass, freezer, 3601)

    assert state_of(hass, SWITCH).state == "off"
    assert open_ports(router) == []


async def test_open_for_a_while(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory
) -> None:
    """Open after the button was pressed, closed when the time is over."""
    hass.states.async_set("input_button.guests", "unknown")
    await use(
        hass,
        "open_for_a_while",
        button="input_button.guests",
        remote_access=SWITCH,
        duration={"hours": 2},
    )
    assert state_of(hass, SWITCH).state == "off"

    hass.states.async_set("input_button.guests", dt_util.utcnow().isoformat())
    await hass.async_block_till_done()
    await become(lambda: open_ports(router), [32400])

    await pass_time(hass, freezer, 7201)
    await become(lambda: state_of(hass, SWITCH).state, "off")
    assert open_ports(router) == []


async def test_lower_limit_at_peak_hours(
    hass: HomeAssistant, freezer: TickingDateTimeFactory
) -> None:
    """Less while others need it, and all of it afterwards."""
    before = state_of(hass, STREAM_LIMIT)
    _, limit, *_ = [
        option for option in before.attributes["options"] if option != before.state
    ]
    await use(
        hass,
        "lower_limit_at_peak_hours",
        stream_limit=STREAM_LIMIT,
        limit=limit,
        otherwise=before.state,
        begin=in_an_hour(),
        end=(dt_util.now() + timedelta(hours=2)).strftime("%H:%M:%S"),
    )

    await pass_time(hass, freezer, 3601)
    await become(lambda: state_of(hass, STREAM_LIMIT).state, limit)
    await pass_time(hass, freezer, 3600)
    await become(lambda: state_of(hass, STREAM_LIMIT).state, before.state)
