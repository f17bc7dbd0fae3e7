"""Tests of leases: they end, and are renewed before that."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import PlexServer
from tests.simulators.router import PacketKind, Router

from .common import (
    MAPPING_METHOD,
    NAT_PMP_ONLY,
    UPNP_ONLY,
    jumping_time,
    open_ports,
    pass_time,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize(
    ("router_options", "half"), [(NAT_PMP_ONLY, 3600), (UPNP_ONLY, 1800)]
)
async def test_renewal(
    hass: HomeAssistant, router: Router, freezer: TickingDateTimeFactory, half: int
) -> None:
    """The lease is renewed at its half."""
    await turn(hass, "on")

    await pass_time(hass, freezer, half * 1.1)

    (entry,) = router.table
    assert router.table.remaining(entry) == pytest.approx(2 * half, abs=10)


async def test_renewal_goes_on_without_entities(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
    entity_registry: er.EntityRegistry,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Whoever disables every entity still wants to be reached."""
    await turn(hass, "on")
    entities = er.async_entries_for_config_entry(
        entity_registry, mock_config_entry.entry_id
    )
    disabled = [
        entity_registry.async_update_entity(
            entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
        for entity in entities
    ]
    assert disabled
    await hass.config_entries.async_reload(mock_config_entry.entry_id)
    await hass.async_block_till_done()

    router.restart()
    await pass_time(hass, freezer, 61)
    await pass_time(hass, freezer, 61)

    assert open_ports(router) == [32400]


@pytest.mark.usefixtures("reachable")
async def test_mapping_outlives_its_lease(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Hour after hour, and nobody is bothered with it."""
    await pass_time(hass, freezer, 3590)
    await pass_time(hass, freezer, 3590)
    await pass_time(hass, freezer, 3590)

    assert open_ports(router) == [32400]
    assert verdict(hass) == ("reachable", None)
    assert writes(plex) == []
    assert plex.refresh_count == 0


@pytest.mark.parametrize("router_options", [NAT_PMP_ONLY])
async def test_lease_that_runs_out(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A router that does not renew is asked from anew when its lease is over."""
    await turn(hass, "on")
    router.faults.packets.results = {PacketKind.NAT_PMP_MAP: 2}
    await pass_time(hass, freezer, 3700)
    assert state_of(hass, MAPPING_METHOD).state == "nat_pmp"

    await pass_time(hass, freezer, 3700)
    assert open_ports(router) == []
    assert state_of(hass, MAPPING_METHOD).state == "manual"

    router.faults.packets.results = {}
    await pass_time(hass, freezer, 301)
    assert open_ports(router) == [32400]
