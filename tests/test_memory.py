"""Tests of what is remembered across a restart of Home Assistant."""

from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.memory import Memory, MemoryStore
from custom_components.plex_remote_access.plan import PortMapping
from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import MANUAL_MODE, PUBLISH, SWITCH, open_ports, setting, state_of, turn

ENTRY = MockConfigEntry(entry_id="entry", unique_id="server")
NEW = {
    1: (
        "linked",
        "republishing",
        "closes_at",
        "waits_for_streams",
        "probed_at",
        "unsure",
    ),
    2: ("probed_at", "unsure"),
}


@pytest.mark.parametrize("version", NEW)
async def test_memory_of_an_earlier_version(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    router: Router,
    init_integration: MockConfigEntry,
    version: int,
) -> None:
    """The mapping that it names is adopted, and closed when the owner says so."""
    await turn(hass, "on")
    await hass.config_entries.async_unload(init_integration.entry_id)
    stored = hass_storage[f"plex_remote_access.{init_integration.entry_id}"]
    stored["minor_version"] = version
    for name in NEW[version]:
        del stored["data"][name]

    await hass.config_entries.async_setup(init_integration.entry_id)
    await hass.async_block_till_done()
    assert init_integration.state is ConfigEntryState.LOADED
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    assert open_ports(router) == []
    assert stored["minor_version"] == version
    assert (
        hass_storage[f"plex_remote_access.{init_integration.entry_id}"]["minor_version"]
        == 3
    )


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"data": {}}, id="empty"),
        pytest.param({"data": []}, id="a-list"),
        pytest.param({"data": {"mode": "automatic", "nonce": 5}}, id="cut-off"),
        pytest.param({"data": {"mode": "upside-down"}}, id="unknown-mode"),
        pytest.param({"version": 99}, id="of-a-later-version"),
    ],
)
async def test_memory_that_cannot_be_read(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    damage: dict[str, Any],
) -> None:
    """A fresh start, told in the log: the settings and the open port are kept."""
    await turn(hass, "on")
    await hass.config_entries.async_unload(init_integration.entry_id)
    hass_storage[f"plex_remote_access.{init_integration.entry_id}"] |= damage

    await hass.config_entries.async_setup(init_integration.entry_id)
    await hass.async_block_till_done()

    assert init_integration.state is ConfigEntryState.LOADED
    assert caplog.text.count("could not be read") == 1
    assert state_of(hass, SWITCH).state == STATE_ON
    assert (setting(plex, PUBLISH), setting(plex, MANUAL_MODE)) == (True, True)
    assert len(open_ports(router)) == 1

    await turn(hass, "off")
    assert open_ports(router) == []


@pytest.mark.parametrize("content", ["", "{", "null", "[]", "\0" * 64])
async def test_file_that_is_damaged(
    hass: HomeAssistant,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: str,
) -> None:
    """As a power cut leaves it: told once, and written anew."""
    hass.config.config_dir = str(tmp_path)
    store = MemoryStore(hass, ENTRY)
    path = Path(store.path)
    await hass.async_add_executor_job(path.parent.mkdir)
    await hass.async_add_executor_job(path.write_text, content)

    memory = await store.async_recall(PortMapping.AUTOMATIC)
    await store.async_keep(memory)

    assert memory.lost
    assert caplog.text.count("could not be read") == 1
    again = await MemoryStore(hass, ENTRY).async_recall(PortMapping.SERVER)
    assert (again.nonce, again.lost) == (memory.nonce, False)


async def test_first_start(
    hass: HomeAssistant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing was lost where nothing was."""
    hass.config.config_dir = str(tmp_path)

    memory = await MemoryStore(hass, ENTRY).async_recall(PortMapping.MANUAL)

    assert memory == Memory(mode=PortMapping.MANUAL, nonce=memory.nonce)
    assert "could not be read" not in caplog.text
