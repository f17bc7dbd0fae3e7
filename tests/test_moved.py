"""Tests of servers that have moved."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.plextv import PlexTv
from tests.simulators.plextv_account import device

from .certificates import direct_name, trust
from .common import RELAY, become, jumping_time, pass_time, turn
from .flows import announce, enter
from .test_sign_in import listed, way_to


@pytest.fixture
def away(hass: HomeAssistant, mock_config_entry: MockConfigEntry) -> MockConfigEntry:
    """An entry with an address at which nothing answers any more."""
    mock_config_entry.add_to_hass(hass)
    data = {**mock_config_entry.data, "port": 9}
    hass.config_entries.async_update_entry(mock_config_entry, data=data)
    return mock_config_entry


@pytest.fixture
async def moved_plex(plex: PlexServer) -> AsyncIterator[PlexServer]:
    """The same server at another port, with its certificate."""
    async with PlexServer(
        machine_identifier=plex.machine_identifier, token=plex.token, tls=True
    ) as moved:
        yield moved


@pytest.fixture
def trusted(moved_plex: PlexServer) -> Iterator[None]:
    """Have that certificate trusted, and be of those where its name is not known."""
    with trust(moved_plex):
        yield


def with_certificate(plex: PlexServer, certificate_hash: str) -> dict[str, Any]:
    """Return the server as plex.tv lists it, with a name for its certificate."""
    uri = f"https://{direct_name(certificate_hash)}:{plex.port}"
    return device(plex.machine_identifier, way_to(plex, uri=uri))


@pytest.mark.usefixtures("mock_setup_entry", "trusted", "name_service")
async def test_known_server_has_moved(
    hass: HomeAssistant,
    moved_plex: PlexServer,
    plex_tv: PlexTv,
    away: MockConfigEntry,
) -> None:
    """It is found again where plex.tv says that it is, and proves that it is."""
    before = dict(away.data)
    plex_tv.account.token = moved_plex.token
    plex_tv.account.devices = [
        device("another"),
        with_certificate(moved_plex, moved_plex.certificate_hash),
    ]

    result = await announce(hass, moved_plex.port)

    assert result["reason"] == "already_configured"
    assert away.data == {**before, "port": moved_plex.port, "ssl": True}


@pytest.mark.usefixtures("mock_setup_entry", "trusted", "name_service")
async def test_impostor_where_the_server_was_last(
    hass: HomeAssistant,
    moved_plex: PlexServer,
    plex_tv: PlexTv,
    away: MockConfigEntry,
) -> None:
    """Whoever has another certificate, though a good one, is not the server."""
    before = dict(away.data)
    plex_tv.account.token = moved_plex.token
    plex_tv.account.devices = [with_certificate(moved_plex, "0" * 32)]

    await announce(hass, moved_plex.port)

    assert away.data == before
    assert {request.endpoint for request in moved_plex.requests} == {Endpoint.IDENTITY}


@pytest.mark.usefixtures("mock_setup_entry")
async def test_impostor_without_a_certificate_where_the_server_was_last(
    hass: HomeAssistant,
    plex: PlexServer,
    plex_tv: PlexTv,
    away: MockConfigEntry,
) -> None:
    """An answer in the name of the server is no proof, wherever it comes from."""
    before = dict(away.data)
    plex_tv.account.token = plex.token
    plex_tv.account.devices = [listed(plex)]

    await announce(hass, plex.port)

    assert away.data == before
    assert {request.endpoint for request in plex.requests} == {Endpoint.IDENTITY}


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize("knows_the_token", [True, False])
async def test_impostor(
    hass: HomeAssistant,
    plex: PlexServer,
    plex_tv: PlexTv,
    away: MockConfigEntry,
    *,
    knows_the_token: bool,
) -> None:
    """Who claims to be a server that is away gets neither its place nor its token."""
    before = dict(away.data)
    if knows_the_token:
        plex_tv.account.token = plex.token
    plex_tv.account.devices = [
        device(plex.machine_identifier, way_to(plex, uri="https://127.0.0.1:9", port=9))
    ]
    async with PlexServer(machine_identifier=plex.machine_identifier) as impostor:
        await announce(hass, impostor.port)

        assert {request.endpoint for request in impostor.requests} == {
            Endpoint.IDENTITY
        }
    assert away.data == before


@pytest.mark.usefixtures("mock_setup_entry")
async def test_owner_confirms(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv, away: MockConfigEntry
) -> None:
    """Where nothing is proven, the owner says whether it is right."""
    plex_tv.account.token = plex.token
    before = dict(away.data)

    result = await announce(hass, plex.port)

    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "moved_confirm"
    assert result["description_placeholders"] == {"server": "Den", "host": "127.0.0.1"}
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"name": "Den"}
    assert away.data == before

    result = await enter(hass, result["flow_id"], {})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "moved"
    assert away.data == {**before, "port": plex.port}
    assert {request.endpoint for request in plex.requests} == {Endpoint.IDENTITY}


@pytest.mark.usefixtures("plex_tv", "init_integration")
async def test_server_at_its_new_address(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """It is used there at once."""
    plex.faults.endpoints = dict.fromkeys(Endpoint, EndpointFault(hang_up=True))
    async with PlexServer(
        machine_identifier=plex.machine_identifier, token=plex.token
    ) as moved:
        result = await announce(hass, moved.port)
        await enter(hass, result["flow_id"], {})
        await hass.async_block_till_done()

        assert mock_config_entry.state is ConfigEntryState.LOADED
        await turn(hass, "on", RELAY)
        assert moved.preferences["RelayEnabled"] is True


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_encrypted_server_stays_encrypted(
    hass: HomeAssistant, plex: PlexServer, away: MockConfigEntry
) -> None:
    """What answers in the clear is no successor of it; what is encrypted is."""
    data = {**away.data, "ssl": True, "verify_ssl": True}
    hass.config_entries.async_update_entry(away, data=data)
    async with PlexServer(
        machine_identifier=plex.machine_identifier, tls=True
    ) as moved:
        assert (await announce(hass, plex.port))["reason"] == "already_configured"
        result = await announce(hass, moved.port)
        await enter(hass, result["flow_id"], {})

    assert away.data == {**data, "port": moved.port, "verify_ssl": False}


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_server_comes_back_before_the_owner_confirms(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """Then it has not moved."""
    mock_config_entry.add_to_hass(hass)
    before = dict(mock_config_entry.data)
    async with PlexServer(machine_identifier=plex.machine_identifier) as other:
        plex.faults.endpoints[Endpoint.IDENTITY] = EndpointFault(hang_up=True)
        result = await announce(hass, other.port)
        plex.faults.endpoints.clear()
        result = await enter(hass, result["flow_id"], {})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "not_moved"
    assert mock_config_entry.data == before


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_gone_before_the_owner_confirms(
    hass: HomeAssistant, plex: PlexServer, away: MockConfigEntry
) -> None:
    """What answered at the new address does so no longer."""
    before = dict(away.data)
    result = await announce(hass, plex.port)
    plex.faults.endpoints[Endpoint.IDENTITY] = EndpointFault(hang_up=True)

    result = await enter(hass, result["flow_id"], {})

    assert result["reason"] == "not_moved"
    assert away.data == before


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
@pytest.mark.parametrize("status", [None, 503])
async def test_no_question_while_the_server_is_there(
    hass: HomeAssistant,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
    status: int | None,
) -> None:
    """Nor while it is starting."""
    mock_config_entry.add_to_hass(hass)
    plex.faults.endpoints[Endpoint.IDENTITY] = EndpointFault(status)
    async with PlexServer(machine_identifier=plex.machine_identifier) as other:
        result = await announce(hass, other.port)

    assert result["reason"] == "already_configured"


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_no_question_about_an_expired_certificate(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry, plex: PlexServer
) -> None:
    """Whoever shows one is still there."""
    mock_config_entry.add_to_hass(hass)
    async with PlexServer(
        machine_identifier=plex.machine_identifier, tls=True
    ) as secure:
        data = {**mock_config_entry.data, "port": secure.port, "ssl": True}
        hass.config_entries.async_update_entry(
            mock_config_entry, data={**data, "verify_ssl": True}
        )
        result = await announce(hass, plex.port)

    assert result["reason"] == "already_configured"


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_no_question_about_a_server_that_is_turned_off(
    hass: HomeAssistant, plex: PlexServer, away: MockConfigEntry
) -> None:
    """Its owner does not care where it is."""
    await hass.config_entries.async_set_disabled_by(
        away.entry_id, ConfigEntryDisabler.USER
    )

    assert (await announce(hass, plex.port))["reason"] == "already_configured"


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_ignored_question(
    hass: HomeAssistant, plex: PlexServer, away: MockConfigEntry
) -> None:
    """It does not come again, and the server stays set up."""
    await announce(hass, plex.port)
    (flow,) = hass.config_entries.flow.async_progress()
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": flow["context"]["unique_id"], "title": "Den"},
    )
    assert not hass.config_entries.flow.async_progress()

    result = await announce(hass, plex.port)

    assert result["reason"] == "already_configured"
    assert hass.config_entries.async_get_entry(away.entry_id)
    assert away.data["port"] == 9


@jumping_time
@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_question_is_taken_back(
    hass: HomeAssistant,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
    freezer: TickingDateTimeFactory,
) -> None:
    """Within a minute from when the server answers where it was."""
    mock_config_entry.add_to_hass(hass)
    async with PlexServer(machine_identifier=plex.machine_identifier) as other:
        plex.faults.endpoints[Endpoint.IDENTITY] = EndpointFault(hang_up=True)
        await announce(hass, other.port)
        assert hass.config_entries.flow.async_progress()

        plex.faults.endpoints.clear()
        await pass_time(hass, freezer, 61)

        await become(hass.config_entries.flow.async_progress, [])


@jumping_time
@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_question_stands(
    hass: HomeAssistant,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
    freezer: TickingDateTimeFactory,
) -> None:
    """As long as something else answers there."""
    mock_config_entry.add_to_hass(hass)
    async with PlexServer(machine_identifier=plex.machine_identifier) as other:
        plex.faults.endpoints[Endpoint.IDENTITY] = EndpointFault(404)
        await announce(hass, other.port)
        before = len(plex.requests)

        await pass_time(hass, freezer, 61)

        await become(lambda: len(plex.requests), before + 1)
        await become(lambda: plex.requests[-1].status, 404)
        assert hass.config_entries.flow.async_progress()


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv")
async def test_server_is_removed_while_its_owner_is_asked(
    hass: HomeAssistant, plex: PlexServer, away: MockConfigEntry
) -> None:
    """Nobody is asked about it any more; about others they are."""
    async with PlexServer() as another:
        await announce(hass, another.port)
    await announce(hass, plex.port)

    await hass.config_entries.async_remove(away.entry_id)

    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "discovery_confirm"


@pytest.mark.usefixtures("mock_setup_entry", "plex_tv", "away")
async def test_flood_of_addresses(hass: HomeAssistant, plex: PlexServer) -> None:
    """Whoever claims to be the server everywhere is not asked about for ever."""
    with patch("custom_components.plex_remote_access.discovery_flow.MAX_PROPOSALS", 1):
        await announce(hass, plex.port)
        async with PlexServer(machine_identifier=plex.machine_identifier) as elsewhere:
            result = await announce(hass, elsewhere.port)

    assert result["type"] is FlowResultType.ABORT
    assert len(hass.config_entries.flow.async_progress()) == 1
