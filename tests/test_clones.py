"""Tests of copies of a server, which have the identity of the original."""

from collections.abc import AsyncIterator

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import PlexTv

from .flows import address_of, announce, choose, come_back, enter, start
from .test_core_plex import core_entry_for
from .test_sign_in import listed
from .test_translations import ENGLISH

pytestmark = pytest.mark.usefixtures("mock_setup_entry")

ABORTS = ENGLISH["config"]["abort"]


@pytest.fixture
async def clone(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> AsyncIterator[PlexServer]:
    """A copy that runs beside the original, which is set up."""
    mock_config_entry.add_to_hass(hass)
    async with PlexServer(machine_identifier=plex.machine_identifier) as server:
        yield server


async def test_entered_by_hand(
    hass: HomeAssistant, clone: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """It is refused, and said why."""
    before = dict(mock_config_entry.data)

    result = await enter(hass, await start(hass), address_of(clone))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert "copy of a server" in ABORTS["already_configured"]
    assert mock_config_entry.data == before


async def test_found_in_the_network(
    hass: HomeAssistant, clone: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """It neither is proposed nor takes the place of the original."""
    before = dict(mock_config_entry.data)

    result = await announce(hass, clone.port)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert mock_config_entry.data == before


async def test_signed_in(
    hass: HomeAssistant, clone: PlexServer, plex_tv: PlexTv
) -> None:
    """The account has nothing that is not set up already."""
    plex_tv.account.eager = True
    plex_tv.account.devices = [listed(clone)]

    result = await come_back(hass, await choose(hass, "plex_account"))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "all_configured"


async def test_known_to_the_plex_integration(
    hass: HomeAssistant, clone: PlexServer
) -> None:
    """It is not offered."""
    core_entry_for(clone).add_to_hass(hass)

    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )

    assert "core_plex" not in result["menu_options"]


async def test_both_forms_are_open(hass: HomeAssistant, plex: PlexServer) -> None:
    """The second one to finish is the one that is refused."""
    async with PlexServer(machine_identifier=plex.machine_identifier) as clone:
        first, second = await start(hass), await start(hass)
        await enter(hass, first, address_of(plex))
        await enter(hass, second, address_of(clone))
        result = await enter(hass, first, {"port_mapping": "automatic"})
        assert result["type"] is FlowResultType.CREATE_ENTRY

        finish = enter(hass, second, {"port_mapping": "automatic"})

        with pytest.raises(UnknownFlow):
            await finish
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.data == address_of(plex)
