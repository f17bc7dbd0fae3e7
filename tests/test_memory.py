"""Tests of what is remembered across a restart of Home Assistant."""

from collections.abc import Iterator
from functools import partial
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.memory import Memory, MemoryStore
from custom_components.plex_remote_access.plan import PortMapping
from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import (
    MANUAL_MODE,
    PUBLISH,
    SWITCH,
    jumping_time,
    open_ports,
    pass_time,
    set_up_again,
    setting,
    state_of,
    turn,
)

ENTRY = MockConfigEntry(entry_id="entry", unique_id="server")
# Before tests keep it in memory.
LOAD, WRITE = Store._async_load, Store._async_write_data
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


@pytest.fixture
def disk(hass: HomeAssistant, tmp_path: Path) -> Iterator[Path]:
    """Have what is stored written to disk, and return where."""
    hass.config.config_dir = str(tmp_path)
    with (
        patch.object(Store, "_async_load", LOAD),
        patch.object(Store, "_async_write_data", WRITE),
    ):
        yield tmp_path


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


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("content", ["", "{", "null", "[]", "\0" * 64])
async def test_file_that_is_damaged(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    """As a power cut leaves it: told once, and written anew."""
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


@pytest.mark.usefixtures("disk")
async def test_disk_that_cannot_be_read(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The same as a file that is damaged."""
    store = MemoryStore(hass, ENTRY)
    await hass.async_add_executor_job(partial(Path(store.path).mkdir, parents=True))

    memory = await store.async_recall(PortMapping.AUTOMATIC)

    assert memory.lost
    assert caplog.text.count("could not be read") == 1


@pytest.mark.usefixtures("disk")
async def test_first_start(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing was lost where nothing was."""
    memory = await MemoryStore(hass, ENTRY).async_recall(PortMapping.MANUAL)

    assert memory == Memory(mode=PortMapping.MANUAL, nonce=memory.nonce)
    assert "could not be read" not in caplog.text


@jumping_time
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(WriteError("No space left on device"), id="full"),
        pytest.param(OSError("Read-only file system"), id="read-only"),
    ],
)
async def test_disk_that_cannot_be_written(
    hass: HomeAssistant,
    disk: Path,
    router: Router,
    init_integration: MockConfigEntry,
    freezer: TickingDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """All works as before, is told once, and is on disk when there is room again."""
    file = disk / ".storage" / f"plex_remote_access.{init_integration.entry_id}"
    with patch.object(MemoryStore, "_write_prepared_data", side_effect=error):
        await turn(hass, "on")
        assert open_ports(router) == [32400]
        await turn(hass, "off")
        assert open_ports(router) == []
        await turn(hass, "on")
        await pass_time(hass, freezer, 121)
        assert open_ports(router) == [32400]
    assert caplog.text.count("could not be written") == 1

    await pass_time(hass, freezer, 601)
    stored = json.loads(await hass.async_add_executor_job(file.read_text))
    assert stored["data"]["mapping"]["external_port"] == 32400

    await hass.config_entries.async_unload(init_integration.entry_id)
    await set_up_again(hass, init_integration)
    await turn(hass, "off")
    assert open_ports(router) == []
