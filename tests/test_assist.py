"""Tests of what people say to Assist."""

from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers.intent import IntentResponseType
from homeassistant.setup import async_setup_component
import pytest

from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import PUBLISH, SWITCH, jumping_time, open_ports, setting, state_of

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


async def say(hass: HomeAssistant, sentence: str) -> IntentResponseType | None:
    """Say something, and return what kind of answer there is."""
    result = await conversation.async_converse(
        hass, sentence, None, Context(), language="en"
    )
    await hass.async_block_till_done()
    return result.response.response_type


async def test_on_and_off_by_voice(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The name is enough; nothing has to be exposed first."""
    assert await async_setup_component(hass, "conversation", {})
    assert await async_setup_component(hass, "intent", {})

    answer = await say(hass, "turn on Den remote access")
    assert answer is IntentResponseType.ACTION_DONE
    assert state_of(hass, SWITCH).state == "on"
    assert setting(plex, PUBLISH) is True
    assert open_ports(router) == [32400]

    answer = await say(hass, "turn off Den remote access")
    assert answer is IntentResponseType.ACTION_DONE
    assert open_ports(router) == []
