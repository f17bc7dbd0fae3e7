"""Tests of signing in with Plex: from the menu to the entry."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, PlexServer
from tests.simulators.plextv import PlexTv
from tests.simulators.plextv_account import connection, device

from .common import become
from .flows import (
    address_of,
    choose,
    come_back,
    enter,
    return_from_page,
    step_of,
    suggested,
    wait,
)

pytestmark = pytest.mark.usefixtures("mock_setup_entry")


def way_to(plex: PlexServer, **changes: Any) -> dict[str, Any]:
    """Return the way to the server as plex.tv lists it."""
    uri = f"https://127.0.0.1:{plex.port}"
    return {**connection("127.0.0.1", plex.port, uri=uri), **changes}


def listed(plex: PlexServer, **changes: Any) -> dict[str, Any]:
    """Return the server as plex.tv lists it, with the token of its owner."""
    return device(
        plex.machine_identifier, way_to(plex), accessToken=plex.token, **changes
    )


async def sign_in(hass: HomeAssistant, plex_tv: PlexTv) -> ConfigFlowResult:
    """Sign in without delay."""
    plex_tv.account.eager = True
    return await come_back(hass, await choose(hass, "plex_account"))


async def test_only_server(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """Whoever has one server is asked nothing about it."""
    plex_tv.account.devices = [
        listed(plex),
        device("somebody-else's", owned=False),
        device("a-player", provides="player"),
    ]

    result = await sign_in(hass, plex_tv)
    assert result["step_id"] == "remote_access"
    result = await enter(hass, result["flow_id"], {"port_mapping": "automatic"})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Den"
    assert result["data"] == address_of(plex)
    assert result["result"].unique_id == plex.machine_identifier


async def test_what_takes_a_while(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """It is told what is being done."""
    plex_tv.account.eager = True
    plex_tv.account.devices = [listed(plex)]
    flow = hass.config_entries.flow

    result = await return_from_page(hass, await choose(hass, "plex_account"))
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["progress_action"] == "signed_in"
    again = await flow.async_configure(result["flow_id"])
    assert again["type"] is FlowResultType.SHOW_PROGRESS

    await become(
        lambda: step_of(hass, result["flow_id"]), FlowResultType.SHOW_PROGRESS_DONE
    )
    result = await flow.async_configure(result["flow_id"])
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["progress_action"] == "finding"
    assert result["description_placeholders"] == {"server": "Den"}
    again = await flow.async_configure(result["flow_id"])
    assert again["type"] is FlowResultType.SHOW_PROGRESS

    result = await wait(hass, result)
    assert result["step_id"] == "remote_access"


async def test_one_of_several(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """The others are offered by name, but for those that are set up."""
    MockConfigEntry(domain=DOMAIN, unique_id="attic").add_to_hass(hass)
    plex_tv.account.devices = [
        listed(plex),
        device("cellar", name="Cellar"),
        device("attic", name="Attic"),
    ]

    result = await sign_in(hass, plex_tv)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "server"
    assert result["data_schema"]
    selector = result["data_schema"].schema["server"]
    assert [option["label"] for option in selector.config["options"]] == [
        "Den",
        "Cellar",
    ]

    result = await enter(hass, result["flow_id"], {"server": plex.machine_identifier})
    result = await wait(hass, result)
    assert result["step_id"] == "remote_access"


@pytest.mark.parametrize(
    ("devices", "reason"),
    [
        ([], "no_servers"),
        ([device("shared", owned=False)], "no_servers"),
        ([device("attic")], "all_configured"),
    ],
)
async def test_nothing_to_choose_from(
    hass: HomeAssistant, plex_tv: PlexTv, devices: list[dict[str, Any]], reason: str
) -> None:
    """It is said why."""
    MockConfigEntry(domain=DOMAIN, unique_id="attic").add_to_hass(hass)
    plex_tv.account.devices = devices

    result = await sign_in(hass, plex_tv)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


async def test_best_way_is_taken(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """Neither a public address, nor another server, nor the address of a container."""
    async with PlexServer() as stranger:
        plex_tv.account.devices = [
            device(
                plex.machine_identifier,
                way_to(plex, address="9.9.9.9", uri="https://9.9.9.9:32400"),
                way_to(plex, relay=True),
                way_to(stranger),
                way_to(plex, address="127.0.0.1", uri="https://127.0.0.1:9", port=9),
                way_to(plex),
                accessToken=plex.token,
            )
        ]

        result = await sign_in(hass, plex_tv)

        result = await enter(hass, result["flow_id"], {"port_mapping": "automatic"})
        assert result["data"] == address_of(plex)
        # It was asked who it is; that needs no token.
        assert {request.endpoint for request in stranger.requests} == {
            Endpoint.IDENTITY
        }


async def test_server_is_not_at_home(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """Its address can be entered, and the token needs not."""
    plex_tv.account.devices = [
        device(
            plex.machine_identifier,
            connection("9.9.9.9", 32400, uri="https://9.9.9.9:32400"),
            connection("127.0.0.1", 9, uri="https://127.0.0.1:9"),
            accessToken=plex.token,
        )
    ]
    result = await sign_in(hass, plex_tv)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "manual"
    assert result["errors"] == {"base": "not_at_home"}
    assert suggested(result, "host") == "127.0.0.1"
    assert suggested(result, "port") == 9

    entered = address_of(plex)
    del entered["token"]
    result = await enter(hass, result["flow_id"], entered)

    assert result["step_id"] == "remote_access"


async def test_server_is_only_known_from_outside(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """A public address is not proposed either: it would be closed with remote access."""
    plex_tv.account.devices = [
        device(
            plex.machine_identifier,
            connection("9.9.9.9", 32400, uri="https://9.9.9.9:32400"),
            accessToken=plex.token,
        )
    ]

    result = await sign_in(hass, plex_tv)

    assert result["errors"] == {"base": "not_at_home"}
    assert suggested(result, "host") is None
    entered = address_of(plex)
    del entered["token"]
    result = await enter(hass, result["flow_id"], entered)
    assert result["step_id"] == "remote_access"


async def test_somebody_comes_back(
    hass: HomeAssistant,
    plex: PlexServer,
    plex_tv: PlexTv,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Coming back from the page has plex.tv asked at once."""
    plex_tv.account.devices = [listed(plex)]
    result = await choose(hass, "plex_account")
    client = await hass_client_no_auth()
    assert result["url"].startswith("https://app.plex.tv/auth#?")
    (pin,) = plex_tv.account.pins.values()
    assert pin.code in result["url"]
    await become(lambda: len(pin.polls), 1)
    again = await hass.config_entries.flow.async_configure(result["flow_id"])
    assert again["type"] is FlowResultType.EXTERNAL_STEP
    assert again["url"] == result["url"]

    plex_tv.account.confirm()
    answer = await client.get(
        f"/api/{DOMAIN}/callback", params={"flow_id": result["flow_id"]}
    )

    assert answer.status == HTTPStatus.OK
    assert plex.token not in await answer.text()
    result = await come_back(hass, result)
    assert result["step_id"] == "remote_access"
    assert plex_tv.account.polls_refused == 0


async def test_somebody_unknown_comes_back(
    hass: HomeAssistant,
    plex_tv: PlexTv,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Strangers learn nothing from it."""
    result = await choose(hass, "plex_account")
    client = await hass_client_no_auth()

    answer = await client.get(f"/api/{DOMAIN}/callback", params={"flow_id": "?"})
    assert answer.status == HTTPStatus.OK
    answer = await client.get(f"/api/{DOMAIN}/callback")
    assert answer.status == HTTPStatus.OK

    assert step_of(hass, result["flow_id"]) is FlowResultType.EXTERNAL_STEP
    hass.config_entries.flow.async_abort(result["flow_id"])


async def test_page_leads_back_to_where_people_see_us(
    hass: HomeAssistant, plex_tv: PlexTv, hass_client: ClientSessionGenerator
) -> None:
    """Through the address in their browser."""
    await async_setup_component(hass, "config", {})
    # No view can be added any more once there is a client.
    earlier = await choose(hass, "plex_account")
    hass.config_entries.flow.async_abort(earlier["flow_id"])
    client = await hass_client()
    flow = await (
        await client.post("/api/config/config_entries/flow", json={"handler": DOMAIN})
    ).json()

    result = await (
        await client.post(
            f"/api/config/config_entries/flow/{flow['flow_id']}",
            json={"next_step_id": "plex_account"},
            headers={"HA-Frontend-Base": "https://home.example:8123"},
        )
    ).json()

    fragment = URL(result["url"], encoded=True).raw_fragment
    asked = URL(f"?{fragment.removeprefix('?')}", encoded=True).query
    assert URL(asked["forwardUrl"]) == URL(
        f"https://home.example:8123/api/{DOMAIN}/callback"
    ).with_query(flow_id=flow["flow_id"])
    hass.config_entries.flow.async_abort(flow["flow_id"])


async def test_dialog_is_closed(hass: HomeAssistant, plex_tv: PlexTv) -> None:
    """plex.tv is not asked any more."""
    result = await choose(hass, "plex_account")
    (pin,) = plex_tv.account.pins.values()
    await become(lambda: len(pin.polls), 1)

    hass.config_entries.flow.async_abort(result["flow_id"])

    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(pin.polls) == 1


async def test_new_token_by_signing_in(
    hass: HomeAssistant,
    plex: PlexServer,
    plex_tv: PlexTv,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Whoever is asked for a token can sign in instead."""
    mock_config_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        mock_config_entry, data={**mock_config_entry.data, "token": "revoked"}
    )
    plex_tv.account.eager = True
    plex_tv.account.devices = [device("another"), listed(plex)]
    result = await mock_config_entry.start_reauth_flow(hass)

    result = await come_back(hass, await enter(hass, result["flow_id"], {}))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert mock_config_entry.data["token"] == plex.token


async def test_new_token_from_another_account(
    hass: HomeAssistant, plex_tv: PlexTv, mock_config_entry: MockConfigEntry
) -> None:
    """It is said that this account does not have the server."""
    mock_config_entry.add_to_hass(hass)
    plex_tv.account.eager = True
    plex_tv.account.devices = [device("another")]
    result = await mock_config_entry.start_reauth_flow(hass)

    result = await come_back(hass, await enter(hass, result["flow_id"], {}))

    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
    assert result["errors"] == {"base": "not_in_account"}


@pytest.mark.parametrize("status", [429, 503])
async def test_plex_tv_does_not_begin(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv, status: int
) -> None:
    """The next attempt works."""
    plex_tv.account.devices = [listed(plex)]
    plex_tv.account.status = status
    result = await choose(hass, "plex_account")
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "sign_in_failed"
    assert result["menu_options"] == ["plex_account", "manual"]

    plex_tv.account.status = None
    plex_tv.account.eager = True
    result = await enter(hass, result["flow_id"], {"next_step_id": "plex_account"})

    result = await come_back(hass, result)
    assert result["step_id"] == "remote_access"


async def test_nobody_signs_in(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv
) -> None:
    """After that there is the other way."""
    plex_tv.account.lifetime = timedelta()
    result = await come_back(hass, await choose(hass, "plex_account"))
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "sign_in_failed"

    result = await enter(hass, result["flow_id"], {"next_step_id": "manual"})
    result = await enter(hass, result["flow_id"], address_of(plex))
    assert result["step_id"] == "remote_access"


@pytest.mark.usefixtures("socket_enabled")
async def test_menu_without_the_plex_integration(hass: HomeAssistant) -> None:
    """What cannot be chosen is not offered."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )

    assert result["menu_options"] == ["plex_account", "manual"]
