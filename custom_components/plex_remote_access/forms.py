"""The forms of the flows, and how what people enter is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
import math
from typing import Any, Final, Self

from homeassistant.components.input_boolean import DOMAIN as INPUT_BOOLEAN_DOMAIN
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
    CONF_VERIFY_SSL,
)
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio
import voluptuous as vol
from yarl import URL

from .clients import is_on_lan
from .const import (
    CONF_ADVANCED,
    CONF_MANUAL_PORT,
    CONF_PORT_MAPPING,
    CONF_PREFERRED_PORT,
    CONF_ROUTER,
    CONF_ROUTER_SWITCH,
    CONF_STREAM_LIMIT,
    CONF_TRY_NOW,
    CONF_UPLOAD_SPEED,
    DEFAULT_PORT,
    KBPS_PER_MBPS,
)
from .plan import PortMapping
from .plex import PreferenceChange, Preferences

# No limits in the selector: what it refuses is not explained in the form.
_NUMBER = NumberSelector(NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any"))
_TEXT = TextSelector(TextSelectorConfig(autocomplete="off"))

CONF_SERVER: Final = "server"
TOKEN_HELP: Final = (
    "https://support.plex.tv/articles/"
    "204059436-finding-an-authentication-token-x-plex-token/"
)

_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_ADDRESS = {
    vol.Required(CONF_HOST): _TEXT,
    vol.Required(CONF_PORT, default=DEFAULT_PORT): _NUMBER,
    vol.Required(CONF_SSL, default=False): BooleanSelector(),
    vol.Required(CONF_VERIFY_SSL, default=False): BooleanSelector(),
}

MANUAL_SCHEMA: Final = vol.Schema(
    {**_ADDRESS, vol.Required(probatio.Secret(CONF_TOKEN)): _PASSWORD}
)
# Where the token may be left out: the present one stays, or there is another way.
TOKEN_SCHEMA: Final = vol.Schema({vol.Optional(probatio.Secret(CONF_TOKEN)): _PASSWORD})
RECONFIGURE_SCHEMA: Final = vol.Schema({**_ADDRESS, **TOKEN_SCHEMA.schema})


def server_schema(names: Mapping[str, str]) -> vol.Schema:
    """Return the form for one of several servers, by machineIdentifier."""
    return vol.Schema(
        {
            vol.Required(CONF_SERVER): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=key, label=name)
                        for key, name in names.items()
                    ],
                    mode=SelectSelectorMode.LIST,
                )
            )
        }
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What was entered in the last step: options of ours, settings of the server."""

    options: dict[str, Any]
    change: PreferenceChange

    @classmethod
    def read(cls, user_input: dict[str, Any], preferences: Preferences) -> Self:
        """Read the form. Only settings that differ from the server's are changed.

        Raises vol.Invalid with the field as path and the error's key as message.
        """
        advanced = user_input.get(CONF_ADVANCED, {})
        options: dict[str, Any] = {CONF_PORT_MAPPING: user_input[CONF_PORT_MAPPING]}
        if router := advanced.get(CONF_ROUTER, "").strip():
            options[CONF_ROUTER] = _router(router)
        if entity_id := advanced.get(CONF_ROUTER_SWITCH):
            options[CONF_ROUTER_SWITCH] = entity_id
        if (preferred := advanced.get(CONF_PREFERRED_PORT)) is not None:
            options[CONF_PREFERRED_PORT] = read_port(preferred, "base")
        speed = user_input.get(CONF_UPLOAD_SPEED)
        if speed is not None and not (speed >= 0 and math.isfinite(speed)):
            raise vol.Invalid("invalid_speed", [CONF_UPLOAD_SPEED])
        limit = user_input.get(CONF_STREAM_LIMIT)
        change = PreferenceChange(
            manual_port=read_port(
                user_input.get(CONF_MANUAL_PORT, preferences.manual_port),
                CONF_MANUAL_PORT,
            ),
            upload_rate=None if speed is None else round(speed * KBPS_PER_MBPS),
            stream_rate=None if limit is None else int(limit),
        )
        return cls(options=options, change=change.against(preferences))


async def read_address(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Read address and token. Raises vol.Invalid as Choice.read does."""
    host = user_input[CONF_HOST].strip()
    try:
        valid = bool(URL.build(scheme="http", host=host).host)
    except ValueError:
        valid = False
    if not valid:
        raise vol.Invalid("invalid_host", [CONF_HOST])
    if not await is_on_lan(host):
        # Switching remote access off would cut us off as well.
        raise vol.Invalid("public_address", [CONF_HOST])
    return {
        **user_input,
        CONF_HOST: host,
        CONF_PORT: read_port(user_input[CONF_PORT], CONF_PORT),
        CONF_TOKEN: user_input[CONF_TOKEN].strip(),
    }


def port_schema() -> vol.Schema:
    """Return the form for the public port alone."""
    return vol.Schema({vol.Required(CONF_MANUAL_PORT): _NUMBER})


def read_port(value: float, field: str) -> int:
    """Read a port. Raises vol.Invalid as Choice.read does."""
    if not 1 <= value <= 65535 or value != int(value):
        raise vol.Invalid("invalid_port", [field])
    return int(value)


def _router(value: str) -> str:
    try:
        return str(IPv4Address(value))
    except AddressValueError as err:
        raise vol.Invalid("invalid_router", ["base"]) from err


def remote_access_schema(preferences: Preferences, mode: str) -> vol.Schema:
    """Return the form for the settings that this server has."""
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_PORT_MAPPING, default=mode): SelectSelector(
            SelectSelectorConfig(
                options=list(PortMapping),
                translation_key=CONF_PORT_MAPPING,
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Optional(CONF_MANUAL_PORT): _NUMBER,
    }
    if preferences.upload_rate is not None:
        fields[vol.Optional(CONF_UPLOAD_SPEED)] = NumberSelector(
            NumberSelectorConfig(
                mode=NumberSelectorMode.BOX, step="any", unit_of_measurement="Mbps"
            )
        )
    if preferences.stream_rate is not None:
        fields[vol.Optional(CONF_STREAM_LIMIT)] = SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=str(rate), label=label)
                    for rate, label in preferences.stream_choices.items()
                ],
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
    # Off by default: nothing is opened that nobody has asked for.
    fields[vol.Optional(CONF_TRY_NOW, default=False)] = BooleanSelector()
    fields[vol.Optional(CONF_ADVANCED, default={})] = section(
        vol.Schema(
            {
                vol.Optional(CONF_ROUTER): _TEXT,
                vol.Optional(CONF_ROUTER_SWITCH): EntitySelector(
                    EntitySelectorConfig(domain=[SWITCH_DOMAIN, INPUT_BOOLEAN_DOMAIN])
                ),
                vol.Optional(CONF_PREFERRED_PORT): _NUMBER,
            }
        ),
        {"collapsed": True},
    )
    return vol.Schema(fields)


def suggest(preferences: Preferences) -> dict[str, Any]:
    """Return the form as it is when nobody has changed anything."""
    suggested: dict[str, Any] = {CONF_MANUAL_PORT: preferences.manual_port}
    if preferences.upload_rate is not None:
        suggested[CONF_UPLOAD_SPEED] = preferences.upload_rate / KBPS_PER_MBPS
    if preferences.stream_rate is not None:
        suggested[CONF_STREAM_LIMIT] = str(preferences.stream_rate)
    return suggested
