"""Tests of servers that Home Assistant's own Plex integration knows."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, PlexServer

from .flows import address_of, choose, enter, suggested

pytestmark = pytest.mark.usefixtures("mock_setup_entry")


def core_entry(
    machine_identifier: str, url: str, token: str | None, **changes: Any
) -> MockConfigEntry:
    """Return an entry of the other integration."""
    return MockConfigEntry(
        domain="plex",
        unique_id=machine_identifier,
        title=url,
        data={
            "server": changes.pop("name", "Den"),
            "server_id": machine_identifier,
            "server_config": {"url": url, "token": token, **changes},
        },
    )


def core_entry_for(plex: PlexServer, **changes: Any) -> MockConfigEntry:
    """Return the other integration's entry for the simulated server."""
    return core_entry(
        plex.machine_identifier,
        f"http://127.0.0.1:{plex.port}",
        **{"token": plex.token, **changes},
    )


async def test_only_server(hass: HomeAssistant, plex: PlexServer) -> None:
    """Nothing needs to be entered."""
    core_entry_for(plex).add_to_hass(hass)

    result = await choose(hass, "core_plex")
    assert result["step_id"] == "remote_access"
    result = await enter(hass, result["flow_id"], {"port_mapping": "automatic"})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == address_of(plex)
    assert result["result"].unique_id == plex.machine_identifier


async def test_one_of_several(hass: HomeAssistant, plex: PlexServer) -> None:
    """Those that are set up, or not usable, are left out."""
    MockConfigEntry(domain=DOMAIN, unique_id="attic").add_to_hass(hass)
    core_entry_for(plex).add_to_hass(hass)
    core_entry("attic", "http://127.0.0.1:1", "t").add_to_hass(hass)
    core_entry("cellar", "http://127.0.0.1:2", "t", name="Cellar").add_to_hass(hass)
    core_entry("unclaimed", "http://127.0.0.1:3", None).add_to_hass(hass)
    core_entry("broken", "https://[", "t").add_to_hass(hass)

    result = await choose(hass, "core_plex")
    assert result["step_id"] == "core_plex"
    assert result["data_schema"]
    selector = result["data_schema"].schema["server"]
    assert [option["label"] for option in selector.config["options"]] == [
        "Den",
        "Cellar",
    ]

    result = await enter(hass, result["flow_id"], {"server": plex.machine_identifier})
    assert result["step_id"] == "remote_access"


async def test_address_of_no_use(hass: HomeAssistant, plex: PlexServer) -> None:
    """A public address would be cut off; the owner is asked for another one."""
    core_entry(
        plex.machine_identifier, "https://9.9.9.9:32400", plex.token
    ).add_to_hass(hass)

    result = await choose(hass, "core_plex")
    assert result["step_id"] == "manual"
    assert result["errors"] == {"host": "public_address"}
    assert suggested(result, "host") == "9.9.9.9"
    assert suggested(result, "token") is None

    entered = address_of(plex, token="")
    result = await enter(hass, result["flow_id"], entered)
    assert result["step_id"] == "remote_access"


async def test_another_server_has_the_address_now(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """It is not shown the token."""
    core_entry("gone", f"http://127.0.0.1:{plex.port}", plex.token).add_to_hass(hass)

    result = await choose(hass, "core_plex")

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert {request.endpoint for request in plex.requests} == {Endpoint.IDENTITY}


async def test_new_token_is_followed(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """Whoever signs in there does not have to sign in here as well."""
    core = core_entry_for(plex, token="old")
    core.add_to_hass(hass)
    mock_config_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        mock_config_entry, data={**mock_config_entry.data, "token": "old"}
    )
    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    mock_config_entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN)

    hass.config_entries.async_update_entry(
        core,
        data={
            **core.data,
            "server_config": {**core.data["server_config"], "token": plex.token},
        },
    )
    await hass.async_block_till_done()

    assert mock_config_entry.data["token"] == plex.token
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)


async def test_known_token_saves_the_question(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """The other integration's token is tried before anybody is asked."""
    core_entry_for(plex).add_to_hass(hass)
    mock_config_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        mock_config_entry, data={**mock_config_entry.data, "token": "revoked"}
    )

    result = await mock_config_entry.start_reauth_flow(hass)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert mock_config_entry.data["token"] == plex.token


async def test_known_token_is_no_better(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """Then the owner is asked."""
    core_entry_for(plex, token="revoked as well").add_to_hass(hass)
    mock_config_entry.add_to_hass(hass)

    result = await mock_config_entry.start_reauth_flow(hass)

    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
