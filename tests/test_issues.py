"""Tests of what people are told in Repairs."""

from dataclasses import replace
from pathlib import Path
import re
from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOCUMENTATION, DOMAIN
from custom_components.plex_remote_access.issues import Issue, issue_of
from custom_components.plex_remote_access.plan import Cause, Status
from custom_components.plex_remote_access.portmap import Reason
from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import STATUS, become, jumping_time, pass_time, state_of, turn

pytestmark = jumping_time

README = Path(__file__).parent.parent / "README.md"
NOTHING = {"pcp": False, "nat_pmp": False, "upnp": False}


def told(hass: HomeAssistant) -> set[str]:
    """Return what Repairs shows of us."""
    return {
        str(issue.translation_key)
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


async def wait_for_verdict(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """Let it be long enough for people to be told."""
    for _ in range(4):
        await plex.settled()
        await pass_time(hass, freezer, 31)


@pytest.mark.parametrize(
    ("changes", "issue"),
    [
        ({"status": Status.REACHABLE, "reason": Reason.REFUSED}, None),
        ({"status": Status.DISABLED, "reason": Cause.STILL_OPEN}, None),
        ({"status": Status.SIGNED_OUT}, Issue.SIGNED_OUT),
        (
            {"status": Status.DISABLED, "reason": Cause.SIGNED_OUT},
            Issue.SIGNED_OUT,
        ),
        ({"status": Status.DOUBLE_NAT, "reason": Cause.CARRIER_NAT}, Issue.DOUBLE_NAT),
        ({"status": Status.NOT_PUBLISHED}, Issue.NOT_PUBLISHED),
        ({"reason": Reason.NO_ROUTER}, Issue.NO_ROUTER),
        ({"reason": Reason.REFUSED}, Issue.ROUTER_REFUSED),
        ({"reason": Reason.DEVICE_PERMISSION}, Issue.ROUTER_REFUSED),
        ({"reason": Reason.REFUSED_FOR_OTHER_HOST}, Issue.ROUTER_REFUSED),
        ({"reason": Cause.SERVER_CANNOT_MAP}, Issue.ROUTER_REFUSED),
        ({"reason": Reason.PORT_TAKEN}, Issue.PORT_TAKEN),
        ({"reason": Reason.PORT_USED_BY_ROUTER}, Issue.PORT_TAKEN),
        ({"reason": Cause.PORT_CLOSED, "method": "manual"}, Issue.MANUAL_PORT_CLOSED),
        ({"reason": Cause.PORT_CLOSED, "method": "upnp"}, None),
        ({"reason": Reason.WAN_DOWN}, None),
        ({"reason": None}, None),
        ({"method": "server", "private_ip": "172.18.0.3"}, Issue.CONTAINER_ADDRESS),
        ({"method": "upnp", "private_ip": "172.18.0.3"}, None),
        ({"method": "server", "private_ip": "192.168.1.5"}, None),
        ({"method": "server", "private_ip": "172.18.0.9"}, None),
        ({"method": "server", "private_ip": "somewhere"}, None),
        ({"method": "server", "private_ip": None}, None),
    ],
)
async def test_what_is_wrong(
    init_integration: MockConfigEntry, changes: dict[str, Any], issue: Issue | None
) -> None:
    """Each cause leads to the advice that helps against it."""
    snapshot = replace(
        init_integration.runtime_data.data,
        **{"status": Status.UNREACHABLE, "reason": Cause.OTHER, **changes},
    )

    assert issue_of(snapshot, "172.18.0.9") is issue


@pytest.mark.parametrize("router_options", [NOTHING])
async def test_no_router(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """It is told once it stands, outlives a reload, and goes with the switch."""
    await turn(hass, "on")
    assert told(hass) == set()
    await wait_for_verdict(hass, plex, freezer)
    assert told(hass) == {"no_router"}

    await hass.config_entries.async_reload(init_integration.entry_id)
    await hass.async_block_till_done()
    assert told(hass) == {"no_router"}

    await turn(hass, "off")
    assert told(hass) == set()


@pytest.mark.parametrize("router_options", [NOTHING])
@pytest.mark.parametrize("how", ["removed", "disabled"])
async def test_server_is_not_watched_any_more(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
    how: str,
) -> None:
    """Nobody has to do anything about it."""
    await turn(hass, "on")
    await wait_for_verdict(hass, plex, freezer)
    assert told(hass) == {"no_router"}

    if how == "removed":
        await hass.config_entries.async_remove(init_integration.entry_id)
    else:
        await hass.config_entries.async_set_disabled_by(
            init_integration.entry_id, ConfigEntryDisabler.USER
        )
    await hass.async_block_till_done()

    assert told(hass) == set()


@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_forward_that_comes_later(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """The advice goes away by itself once people get in."""
    await turn(hass, "on")
    await wait_for_verdict(hass, plex, freezer)
    assert told(hass) == {"manual_port_closed"}

    router.add_foreign(32400, internal_client="127.0.0.1", internal_port=plex.port)
    await plex.recheck()
    await plex.settled()
    await pass_time(hass, freezer, 121)
    await become(lambda: state_of(hass, STATUS).state, "reachable")

    assert told(hass) == set()


@pytest.mark.parametrize("issue", list(Issue))
def test_more_can_be_learned(issue: Issue) -> None:
    """The link leads to a section of its own."""
    headings = re.findall(r"^#+ (.*)$", README.read_text(), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}

    assert issue.replace("_", "-") in anchors
    assert DOCUMENTATION.endswith("/ha-plex-remote-access")
