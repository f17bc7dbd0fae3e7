"""Tests that what the README shows to be copied can be used as it is."""

from pathlib import Path
import re
from typing import Any

from homeassistant.components import automation, script
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest

from tests.simulators.router import Router

from .common import STATUS, SWITCH, jumping_time, open_ports, state_of, turn

pytestmark = [
    jumping_time,
    pytest.mark.usefixtures("automations_end", "init_integration"),
]

README = (Path(__file__).parent.parent / "README.md").read_text()
TEXTS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
BLOCKS = [block for block in map(parse_yaml, TEXTS) if isinstance(block, dict)]
# Some show only the part of an automation that they are about.
AUTOMATIONS = [
    {"triggers": {"trigger": "event", "event_type": "any"}, "actions": [], **block}
    for block in BLOCKS
    if block.keys() & {"triggers", "conditions"}
]
ACTIONS = {block["action"]: block for block in BLOCKS if "action" in block}
CARDS = [block for block in BLOCKS if "cards" in block]
# One that people make themselves.
HELPER = "input_button.open_plex"


def test_nothing_else_is_shown() -> None:
    """Each example is of a kind that is looked at here."""
    assert len(TEXTS) == len(AUTOMATIONS) + len(ACTIONS) + len(CARDS)
    assert len(AUTOMATIONS) >= 7
    assert set(ACTIONS) == {
        "plex_remote_access.enable_for",
        "plex_remote_access.retry",
    }


@pytest.mark.parametrize(
    "config", AUTOMATIONS, ids=lambda config: config.get("alias", "a part")
)
async def test_automation(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, config: dict[str, Any]
) -> None:
    """Home Assistant takes it, and finds all that it is about."""
    assert await async_setup_component(
        hass, automation.DOMAIN, {automation.DOMAIN: {"alias": "Plex", **config}}
    )
    (entity_id,) = hass.states.async_entity_ids(automation.DOMAIN)

    assert state_of(hass, entity_id).state == "on"
    used = set(automation.entities_in_automation(hass, entity_id))
    assert used
    assert used - {HELPER} <= set(entity_registry.entities)


async def make_script(hass: HomeAssistant, *sequence: dict[str, Any]) -> None:
    """Have a script that does what is shown."""
    assert await async_setup_component(
        hass, script.DOMAIN, {script.DOMAIN: {"shown": {"sequence": [*sequence]}}}
    )


async def test_retry(hass: HomeAssistant) -> None:
    """It returns what the README says."""
    answer = {"stop": "", "response_variable": "result"}
    await make_script(hass, ACTIONS["plex_remote_access.retry"], answer)

    result = await hass.services.async_call(
        script.DOMAIN, "shown", blocking=True, return_response=True
    )

    assert result
    how = result[SWITCH]
    assert isinstance(how, dict)
    assert how["status"] == state_of(hass, STATUS).state == "disabled"
    section = README.partition("## Actions")[2].partition("```")[0]
    assert set(re.findall(r"`(\w+)`", section)) == set(how)
    assert f"result['{SWITCH}'].status" in section


async def test_enable_for(hass: HomeAssistant, router: Router) -> None:
    """It opens the port, and says until when."""
    await make_script(hass, ACTIONS["plex_remote_access.enable_for"])

    await hass.services.async_call(script.DOMAIN, "shown", blocking=True)

    assert open_ports(router) == [32400]
    assert state_of(hass, SWITCH).state == "on"
    assert state_of(hass, STATUS).attributes["closes_at"]
    await turn(hass, "off")


@pytest.mark.parametrize("card", CARDS)
def test_card(entity_registry: er.EntityRegistry, card: dict[str, Any]) -> None:
    """All that it shows is there."""
    used = set(re.findall(r"\w+\.den_\w+", str(card)))

    assert used
    assert used <= set(entity_registry.entities)
