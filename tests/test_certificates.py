"""Tests of servers whose certificate is verified, from the form to the switch."""

from collections.abc import AsyncIterator, Iterator

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from tests.simulators.plex import PlexServer
from tests.simulators.plextv import PlexTv
from tests.simulators.plextv_account import device

from .certificates import direct_name, resolve, trust
from .common import RELAY, turn
from .flows import address_of, choose, come_back, enter, start
from .test_sign_in import way_to

pytestmark = pytest.mark.usefixtures("name_service", "simulated_ports")

OTHER_NAME = direct_name("0" * 32)


@pytest.fixture
async def secure_plex(socket_enabled: None) -> AsyncIterator[PlexServer]:
    """A server with a certificate for its plex.direct names."""
    async with PlexServer(tls=True) as server:
        yield server


@pytest.fixture(autouse=True)
def name(secure_plex: PlexServer) -> Iterator[str]:
    """The name that the certificate is for; another one leads there as well."""
    name = direct_name(secure_plex.certificate_hash)
    with resolve(name, OTHER_NAME):
        yield name


@pytest.fixture
def trusted(secure_plex: PlexServer) -> Iterator[None]:
    """Have the one trusted who vouches for the server."""
    with trust(secure_plex):
        yield


@pytest.mark.usefixtures("trusted")
async def test_verified(
    hass: HomeAssistant, secure_plex: PlexServer, name: str
) -> None:
    """All that is asked and told, news included, goes over verified connections."""
    entered = address_of(secure_plex, host=name, ssl=True, verify_ssl=True)
    await enter(hass, flow_id := await start(hass), entered)
    options = {"port_mapping": "manual", "advanced": {"router": "127.0.0.1"}}
    result = await enter(hass, flow_id, options)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == entered
    await hass.async_block_till_done()

    assert result["result"].state is ConfigEntryState.LOADED
    assert secure_plex.notifications.listeners == 1
    await turn(hass, "on", RELAY)
    assert secure_plex.preferences["RelayEnabled"] is True


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("host", [OTHER_NAME, "127.0.0.1"])
async def test_certificate_for_another_name(
    hass: HomeAssistant, secure_plex: PlexServer, host: str
) -> None:
    """It is said where the mistake is; the server has seen no token."""
    entered = address_of(secure_plex, host=host, ssl=True, verify_ssl=True)

    result = await enter(hass, await start(hass), entered)

    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"verify_ssl": "invalid_certificate"}
    assert secure_plex.requests == []


async def test_nobody_vouches_for_the_certificate(
    hass: HomeAssistant, secure_plex: PlexServer, name: str
) -> None:
    """The right name is not enough; it works once the owner does not insist."""
    entered = address_of(secure_plex, host=name, ssl=True)
    flow_id = await start(hass)

    result = await enter(hass, flow_id, {**entered, "verify_ssl": True})
    assert result["errors"] == {"verify_ssl": "invalid_certificate"}
    assert secure_plex.requests == []

    result = await enter(hass, flow_id, entered)
    assert result["step_id"] == "remote_access"


@pytest.mark.usefixtures("trusted", "mock_setup_entry")
async def test_verified_after_signing_in(
    hass: HomeAssistant, secure_plex: PlexServer, plex_tv: PlexTv, name: str
) -> None:
    """Of all ways the one that can be verified is taken."""
    assert await data_after_signing_in(hass, secure_plex, plex_tv, name) == address_of(
        secure_plex, host=name, ssl=True, verify_ssl=True
    )


@pytest.mark.usefixtures("mock_setup_entry")
async def test_not_verified_after_signing_in(
    hass: HomeAssistant, secure_plex: PlexServer, plex_tv: PlexTv, name: str
) -> None:
    """Where nobody vouches, it is encrypted all the same, and no token was shown."""
    assert await data_after_signing_in(hass, secure_plex, plex_tv, name) == address_of(
        secure_plex, ssl=True
    )


async def data_after_signing_in(
    hass: HomeAssistant, plex: PlexServer, plex_tv: PlexTv, name: str
) -> dict[str, object]:
    """Sign in, and return what the entry of the only server holds."""
    plex_tv.account.eager = True
    way = way_to(plex, uri=f"https://{name}:{plex.port}")
    plex_tv.account.devices = [
        device(plex.machine_identifier, way, accessToken=plex.token)
    ]
    result = await come_back(hass, await choose(hass, "plex_account"))
    result = await enter(hass, result["flow_id"], {"port_mapping": "manual"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return dict(result["data"])
