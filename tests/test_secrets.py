"""Tests that tokens and the public address stay out of the log."""

import logging
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.diagnostics import (
    async_get_config_entry_diagnostics,
)
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.plextv import PlexTv
from tests.simulators.router import Router

from .common import (
    MANUAL_PORT,
    PUBLIC_IP,
    UPLOAD_SPEED,
    jumping_time,
    pass_time,
    press_retry,
    set_number,
    state_of,
    turn,
)
from .dialogs import Listener, walk_through_dialogs
from .flows import choose, come_back, enter
from .test_issues import told, wait_for_verdict
from .test_sign_in import listed

pytestmark = jumping_time

OURS = "custom_components.plex_remote_access"


@pytest.fixture
def whole_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log with everything that is ever written to it."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger=OURS)
    return caplog


def our_log(log: pytest.LogCaptureFixture) -> str:
    """Return what the integration itself has written."""
    return "\n".join(
        log.handler.format(record)
        for record in log.records
        if record.name.startswith(OURS)
    )


async def test_nothing_secret_is_logged(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    whole_log: pytest.LogCaptureFixture,
    init_integration: MockConfigEntry,
) -> None:
    """Neither when all goes well nor when nothing does."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await press_retry(hass)
    assert state_of(hass, PUBLIC_IP).state == "198.51.100.7"

    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)
    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang_up=True)
    await pass_time(hass, freezer, 61)
    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)
    await router.stop()
    await turn(hass, "on")
    await hass.config_entries.async_reload(init_integration.entry_id)
    await hass.config_entries.async_remove(init_integration.entry_id)
    await hass.async_block_till_done()

    assert our_log(whole_log)
    assert "198.51.100.7" not in our_log(whole_log)
    assert plex.token not in whole_log.text
    assert plex.account.auth_token not in whole_log.text


FAULTS = [
    pytest.param(EndpointFault(hang_up=True), id="hangs-up"),
    *(
        pytest.param(EndpointFault(status), id=str(status))
        for status in (400, 401, 403, 404, 429, 500, 503)
    ),
]


BROKEN = [
    Endpoint.IDENTITY,
    Endpoint.ROOT,
    Endpoint.PREFS,
    Endpoint.PREFS_PUT,
    Endpoint.ACCOUNT,
    Endpoint.REFRESH,
    Endpoint.WEBSOCKET,
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_action_or_error_tells_a_secret(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    whole_log: pytest.LogCaptureFixture,
    init_integration: MockConfigEntry,
    fault: EndpointFault,
) -> None:
    """Every action, with each endpoint out of order in turn."""
    entry, listener = init_integration, Listener()
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    for number, endpoint in enumerate(BROKEN):
        plex.faults.endpoints = {endpoint: fault}
        await plex.notifications.close()
        for action in (
            set_number(hass, UPLOAD_SPEED, 20 + number),
            set_number(hass, MANUAL_PORT, 40000 + number),
            press_retry(hass),
            async_get_config_entry_diagnostics(hass, entry),
        ):
            await listener.hear(action)
        await pass_time(hass, freezer, 61)
    plex.faults.endpoints = {}
    await pass_time(hass, freezer, 61)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert listener.errors
    for text in (whole_log.text, *listener.shown, *listener.errors):
        assert plex.token not in text
        assert plex.account.auth_token not in text
    for text in (our_log(whole_log), *listener.shown, *listener.errors):
        assert "198.51.100.7" not in text


def what_is_kept(hass: HomeAssistant) -> str:
    """Return what is written to disk of states, and all that Repairs knows."""
    attributes = [dict(state.attributes) for state in hass.states.async_all()]
    return f"{attributes} {ir.async_get(hass).issues}"


ASKED_BY_DIALOGS = [
    Endpoint.IDENTITY,
    Endpoint.ROOT,
    Endpoint.PREFS,
    Endpoint.PREFS_PUT,
    Endpoint.ACCOUNT,
]


@pytest.mark.usefixtures("plex_tv")
@pytest.mark.parametrize(
    "fault",
    [
        EndpointFault(hang_up=True),
        EndpointFault(401),
        EndpointFault(403),
        EndpointFault(500),
    ],
)
async def test_no_dialog_tells_a_secret(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    whole_log: pytest.LogCaptureFixture,
    init_integration: MockConfigEntry,
    fault: EndpointFault,
) -> None:
    """Every dialog, with each endpoint out of order in turn."""
    entry, listener, kept = init_integration, Listener(), list[str]()
    before, diagnostics = dict(entry.data), list[str]()
    await async_setup_component(hass, REPAIRS, {})
    await turn(hass, "on")
    await wait_for_verdict(hass, plex, freezer)
    assert state_of(hass, PUBLIC_IP).state == "198.51.100.7"
    plex.faults.mapping_error = "publisherror"
    await turn(hass, "off")
    await turn(hass, "on")
    await wait_for_verdict(hass, plex, freezer)
    assert told(hass) == {"not_published"}

    for number, endpoint in enumerate(ASKED_BY_DIALOGS):
        plex.faults.endpoints = {endpoint: fault}
        await walk_through_dialogs(hass, entry, plex, listener, number)
        diagnostics.append(str(await async_get_config_entry_diagnostics(hass, entry)))
        kept.append(what_is_kept(hass))
        hass.config_entries.async_update_entry(entry, data=before)
        plex.faults.endpoints = {}
        await pass_time(hass, freezer, 61)
        await hass.config_entries.async_reload(entry.entry_id)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert listener.errors
    told_to_all = [our_log(whole_log), *listener.errors, *diagnostics, *kept]
    for text in (whole_log.text, *listener.shown, *told_to_all):
        assert plex.token not in text
        assert plex.account.auth_token not in text
    for text in told_to_all:
        assert "198.51.100.7" not in text


@pytest.mark.parametrize(
    "fault", [{"hang_up": True}, {"status": 401}, {"status": 500}, {"status": 503}]
)
async def test_nothing_secret_is_logged_when_set_up_fails(
    hass: HomeAssistant,
    plex: PlexServer,
    whole_log: pytest.LogCaptureFixture,
    simulated_ports: None,
    mock_config_entry: MockConfigEntry,
    fault: dict[str, Any],
) -> None:
    """The reason that is shown with the entry included."""
    mock_config_entry.add_to_hass(hass)
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(**fault)

    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    await hass.async_block_till_done()

    assert mock_config_entry.reason
    assert plex.token not in whole_log.text
    assert plex.token not in mock_config_entry.reason


@pytest.mark.usefixtures("mock_setup_entry")
async def test_nothing_secret_is_logged_while_signing_in(
    hass: HomeAssistant,
    plex: PlexServer,
    plex_tv: PlexTv,
    whole_log: pytest.LogCaptureFixture,
) -> None:
    """Neither the token nor what leads to it, whatever plex.tv answers."""
    plex_tv.account.token = "account-s3cret"
    plex_tv.account.devices = [listed(plex)]
    for status in (503, 429, 401, None):
        plex_tv.account.status = status
        await choose(hass, "plex_account")
    (pin,) = plex_tv.account.pins.values()
    for flow in hass.config_entries.flow.async_progress():
        hass.config_entries.flow.async_abort(flow["flow_id"])

    plex_tv.account.eager = True
    result = await come_back(hass, await choose(hass, "plex_account"))
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang_up=True)
    result = await enter(
        hass, result["flow_id"], {"port_mapping": "automatic", "manual_port": 40000}
    )
    assert result["errors"] == {"base": "cannot_connect"}

    for secret in (plex.token, plex_tv.account.token, pin.code):
        assert secret not in whole_log.text
    assert our_log(whole_log)
