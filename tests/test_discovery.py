"""Tests of finding servers in the local network."""

from unittest.mock import AsyncMock

from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_INTEGRATION_DISCOVERY
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from custom_components.plex_remote_access.plex import FoundServer
from tests.simulators.plex import PlexServer
from tests.simulators.plextv import PlexTv
from tests.simulators.plextv_account import device

from .flows import address_of, announce, choose, come_back, enter, suggested
from .test_core_plex import core_entry_for
from .test_sign_in import listed

pytestmark = pytest.mark.usefixtures("mock_setup_entry")


async def test_announced(hass: HomeAssistant, plex: PlexServer) -> None:
    """The owner confirms with a token."""
    result = await announce(hass, plex.port)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "discovery_confirm"
    assert result["description_placeholders"]
    assert result["description_placeholders"]["server"] == "Den"
    assert result["description_placeholders"]["host"] == "127.0.0.1"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"name": "Den"}

    result = await enter(hass, result["flow_id"], {"token": "wrong"})
    assert result["errors"] == {"token": "invalid_auth"}
    result = await enter(hass, result["flow_id"], {"token": plex.token})
    assert result["step_id"] == "remote_access"
    result = await enter(hass, result["flow_id"], {"port_mapping": "automatic"})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == address_of(plex)


async def test_sign_in_for_what_was_found(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """Of all servers of the account it is this one."""
    plex_tv.account.eager = True
    plex_tv.account.devices = [device("another"), listed(plex)]
    result = await announce(hass, plex.port)

    result = await come_back(hass, await enter(hass, result["flow_id"], {}))

    assert result["step_id"] == "remote_access"


async def test_found_server_is_somebody_elses(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """The account does not have it."""
    plex_tv.account.eager = True
    plex_tv.account.devices = [device("another")]
    result = await announce(hass, plex.port)

    result = await come_back(hass, await enter(hass, result["flow_id"], {}))

    assert result["step_id"] == "discovery_confirm"
    assert result["errors"] == {"base": "not_in_account"}
    result = await enter(hass, result["flow_id"], {"token": plex.token})
    assert result["step_id"] == "remote_access"


async def test_sign_in_fails_for_what_was_found(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """The other way is that with a token."""
    plex_tv.account.status = 503
    result = await announce(hass, plex.port)
    result = await enter(hass, result["flow_id"], {})
    assert result["menu_options"] == ["plex_account", "discovery_confirm"]

    result = await enter(hass, result["flow_id"], {"next_step_id": "discovery_confirm"})

    assert result["step_id"] == "discovery_confirm"


async def test_plex_integration_knows_what_was_found(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """Confirming is enough."""
    core_entry_for(plex).add_to_hass(hass)
    result = await announce(hass, plex.port)

    result = await enter(hass, result["flow_id"], {})

    assert result["step_id"] == "remote_access"


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 9), ("9.9.9.9", 32400)])
async def test_nothing_that_can_be_used(
    hass: HomeAssistant, socket_enabled: None, host: str, port: int
) -> None:
    """Nobody is bothered with it."""
    result = await announce(hass, port, host)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "cannot_connect"


@pytest.mark.usefixtures("socket_enabled")
async def test_announced_without_port(hass: HomeAssistant) -> None:
    """Such an announcement leads nowhere."""
    result = await announce(hass, None)

    assert result["reason"] == "cannot_connect"


async def test_secure_server(hass: HomeAssistant, socket_enabled: None) -> None:
    """One that refuses plain connections is found as well."""
    async with PlexServer(tls=True, preferences={"secureConnections": 0}) as plex:
        plex.faults.loopback_is_remote = True
        result = await announce(hass, plex.port)
        result = await enter(hass, result["flow_id"], {"token": plex.token})
        result = await enter(hass, result["flow_id"], {"port_mapping": "automatic"})

        assert result["data"] == address_of(plex, ssl=True)


async def test_ignored_server(hass: HomeAssistant, plex: PlexServer) -> None:
    """It stays ignored."""
    MockConfigEntry(
        domain=DOMAIN, unique_id=plex.machine_identifier, source=SOURCE_IGNORE
    ).add_to_hass(hass)

    result = await announce(hass, plex.port)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_known_server(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """Nothing changes while it is where it was."""
    mock_config_entry.add_to_hass(hass)
    before = dict(mock_config_entry.data)
    async with PlexServer(machine_identifier=plex.machine_identifier) as clone:
        result = await announce(hass, clone.port)

    assert result["reason"] == "already_configured"
    assert mock_config_entry.data == before


def found(plex: PlexServer, machine_identifier: str | None = None) -> FoundServer:
    """Return what the server answers to a search."""
    return FoundServer(
        host="127.0.0.1",
        port=plex.port,
        name="Den",
        machine_identifier=machine_identifier or plex.machine_identifier,
    )


async def test_search_at_start(
    hass: HomeAssistant, plex: PlexServer, nobody_around: AsyncMock
) -> None:
    """What answers is proposed; nothing is set up."""
    nobody_around.side_effect = lambda _source, tell: tell(found(plex))

    await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done(wait_background_tasks=True)

    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_INTEGRATION_DISCOVERY
    assert flow["context"]["title_placeholders"] == {"name": "Den"}
    assert flow["step_id"] == "discovery_confirm"
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_search_in_the_dialog(
    hass: HomeAssistant, plex: PlexServer, nobody_around: AsyncMock
) -> None:
    """The form holds the address of a server that is not set up yet."""
    MockConfigEntry(domain=DOMAIN, unique_id="known").add_to_hass(hass)

    async def answer(_source: str, tell: object) -> None:
        assert callable(tell)
        tell(found(plex))
        tell(FoundServer(host="127.0.0.2", port=1, name="", machine_identifier="known"))

    nobody_around.side_effect = answer
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    await hass.async_block_till_done(wait_background_tasks=True)

    result = await enter(hass, menu["flow_id"], {"next_step_id": "manual"})

    assert suggested(result, "host") == "127.0.0.1"
    assert suggested(result, "port") == plex.port


@pytest.mark.usefixtures("socket_enabled")
async def test_nobody_answers_in_the_dialog(hass: HomeAssistant) -> None:
    """The form waits for nobody."""
    result = await choose(hass, "manual")

    assert suggested(result, "host") is None
