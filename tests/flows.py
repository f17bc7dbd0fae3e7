"""Walking through the config flow."""

from ipaddress import ip_address
from typing import Any

from homeassistant.config_entries import SOURCE_USER, SOURCE_ZEROCONF, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import get_schema_suggested_value

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import PlexServer

from .common import become


def address_of(plex: PlexServer, **changes: Any) -> dict[str, Any]:
    """Return what is entered for a server."""
    return {
        "host": "127.0.0.1",
        "port": plex.port,
        "ssl": False,
        "verify_ssl": False,
        "token": plex.token,
        **changes,
    }


async def choose(hass: HomeAssistant, way: str) -> ConfigFlowResult:
    """Begin at the menu and take one of the ways it offers."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "user"
    assert way in result["menu_options"]
    return await enter(hass, result["flow_id"], {"next_step_id": way})


async def announce(
    hass: HomeAssistant, port: int | None, host: str = "127.0.0.1"
) -> ConfigFlowResult:
    """Have a server announce itself."""
    kind = "_plexmediasvr._tcp.local."
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=ip_address(host),
            ip_addresses=[ip_address(host)],
            hostname="den.local.",
            name=f"Den._{kind}".replace("__", "_"),
            port=port,
            properties={},
            type=kind,
        ),
    )


async def come_back(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Come back from the page on which somebody signs in, and wait for the rest."""
    return await wait(hass, await return_from_page(hass, result))


async def return_from_page(
    hass: HomeAssistant, result: ConfigFlowResult
) -> ConfigFlowResult:
    """Come back from the page on which somebody signs in."""
    assert result["type"] is FlowResultType.EXTERNAL_STEP
    assert result["step_id"] == "plex_account"
    await become(
        lambda: step_of(hass, result["flow_id"]), FlowResultType.EXTERNAL_STEP_DONE
    )
    return await hass.config_entries.flow.async_configure(result["flow_id"])


async def wait(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Wait until nothing takes a while any more."""
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done(wait_background_tasks=True)
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    return result


def step_of(hass: HomeAssistant, flow_id: str) -> FlowResultType:
    """Return what kind of step a dialog shows."""
    step = hass.config_entries.flow._progress[flow_id].cur_step
    assert step
    return step["type"]


async def start(hass: HomeAssistant) -> str:
    """Begin at the menu and return the flow."""
    result = await choose(hass, "manual")
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "manual"
    assert result["errors"] == {}
    return result["flow_id"]


async def enter(
    hass: HomeAssistant, flow_id: str, entered: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in the form that is shown."""
    return await hass.config_entries.flow.async_configure(flow_id, entered)


async def reach_last_step(hass: HomeAssistant, plex: PlexServer) -> ConfigFlowResult:
    """Connect to the server."""
    result = await enter(hass, await start(hass), address_of(plex))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "remote_access"
    assert result["errors"] == {}
    return result


def suggested(result: ConfigFlowResult, field: str) -> Any:
    """Return what a form holds in a field."""
    schema = result["data_schema"]
    assert schema is not None
    return get_schema_suggested_value(schema.schema, field)


def proposed(result: ConfigFlowResult, field: str) -> Any:
    """Return what a form enters by itself."""
    schema = result["data_schema"]
    assert schema is not None
    return schema({})[field]
