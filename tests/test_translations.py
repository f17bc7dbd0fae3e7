"""Tests that every word people read is there, and that none is left over."""

from collections.abc import Sequence
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.helpers.entity import EntityDescription
import pytest

from custom_components.plex_remote_access import (
    binary_sensor,
    button,
    condition,
    errors,
    number,
    repairs,
    select,
    sensor,
    switch,
    trigger,
)
from custom_components.plex_remote_access.issues import Issue
from custom_components.plex_remote_access.plan import Cause, PortMapping, Status
from custom_components.plex_remote_access.plex import PlexError
from custom_components.plex_remote_access.portmap import Reason
from custom_components.plex_remote_access.snapshot import METHODS

FOLDER = Path(__file__).parent.parent / "custom_components" / "plex_remote_access"
SOURCE = "\n".join(path.read_text() for path in sorted(FOLDER.glob("*.py")))
ENGLISH: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
LANGUAGES = sorted((FOLDER / "translations").glob("*.json"))
ICONS: dict[str, Any] = json.loads((FOLDER / "icons.json").read_text())
SERVICES = (FOLDER / "services.yaml").read_text()

DESCRIPTIONS: dict[str, Sequence[EntityDescription]] = {
    "binary_sensor": [binary_sensor.REACHABLE],
    "button": [button.RETRY],
    "number": number.NUMBERS,
    "select": [select.PORT_MAPPING, select.STREAM_LIMIT],
    "sensor": sensor.SENSORS,
    "switch": switch.SWITCHES,
}
ERRORS_OF_THE_CLIENT = set(errors._KEYS.values())
# What the form itself finds, here or in the form for the address.
ERRORS_OF_THE_SETTINGS = {"invalid_port", "invalid_speed", "invalid_router"}
ERRORS_OF_THE_ADDRESS = {"invalid_host", "public_address", "unknown"}
# After signing in.
ERRORS_OF_THE_ACCOUNT = {"not_at_home", "not_in_account"}
FLOWS = ["config", "options"]


def step(flow: str, name: str) -> dict[str, Any]:
    """Return the texts of a step."""
    texts: dict[str, Any] = ENGLISH[flow]["step"][name]
    return texts


def keyed_in_source(argument: str) -> set[str]:
    """Return the keys that the source names for an argument."""
    return set(re.findall(rf'{argument}="(\w+)"', SOURCE))


@pytest.mark.parametrize("platform", DESCRIPTIONS)
def test_entities_are_named(platform: str) -> None:
    """But for the one that is called like its device."""
    keys = {
        description.translation_key
        for description in DESCRIPTIONS[platform]
        if description.name is not None
    }

    assert set(ENGLISH["entity"][platform]) == keys


def test_no_platform_is_named_without_entities() -> None:
    """Nobody translates what is never shown."""
    assert set(ENGLISH["entity"]) == set(DESCRIPTIONS)


@pytest.mark.parametrize("platform", sorted(DESCRIPTIONS.keys() - {"binary_sensor"}))
def test_entities_have_icons(platform: str) -> None:
    """The binary sensor has the icons of its device class."""
    keys = {description.translation_key for description in DESCRIPTIONS[platform]}

    assert set(ICONS["entity"][platform]) == keys


@pytest.mark.parametrize(
    ("platform", "key", "states"),
    [
        ("sensor", "status", list(Status)),
        ("sensor", "mapping_method", METHODS),
        ("select", "port_mapping", list(PortMapping)),
    ],
)
def test_states_are_named(platform: str, key: str, states: list[str]) -> None:
    """Every value of an enumeration, and no other."""
    assert set(ENGLISH["entity"][platform][key]["state"]) == set(states)


def test_icons_of_states_are_for_states() -> None:
    """A misspelt one would never show."""
    assert set(ICONS["entity"]["sensor"]["status"]["state"]) <= set(Status)


def test_reasons_are_named() -> None:
    """Those of the plan and those of the router, which share the attribute."""
    attributes = ENGLISH["entity"]["sensor"]["status"]["state_attributes"]

    assert set(attributes["reason"]["state"]) == {*Cause, *Reason}


@pytest.mark.parametrize("flow", FLOWS)
def test_titles_of_menus_stand_alone(flow: str) -> None:
    """The frontend puts no values into the title of a menu."""
    steps = ENGLISH[flow]["step"].values()
    titles = [step["title"] for step in steps if "menu_options" in step]
    assert titles
    assert not [title for title in titles if "{" in title]


@pytest.mark.parametrize("flow", FLOWS)
def test_port_mapping_is_called_alike_everywhere(flow: str) -> None:
    """In the form as in the select."""
    texts = ENGLISH["selector"]["port_mapping"]["options"]

    assert texts == ENGLISH["entity"]["select"]["port_mapping"]["state"]
    assert "port_mapping" in step(flow, "remote_access")["data"]


def test_errors_of_the_config_flow() -> None:
    """All that the two forms can show."""
    assert set(ENGLISH["config"]["error"]) == (
        ERRORS_OF_THE_CLIENT
        | ERRORS_OF_THE_SETTINGS
        | ERRORS_OF_THE_ADDRESS
        | ERRORS_OF_THE_ACCOUNT
    )


def test_errors_of_the_options_flow() -> None:
    """The address is not asked for there."""
    texts = set(ENGLISH["options"]["error"])

    assert texts >= ERRORS_OF_THE_CLIENT | ERRORS_OF_THE_SETTINGS
    assert texts <= ERRORS_OF_THE_CLIENT | ERRORS_OF_THE_SETTINGS | {"unknown"}


@pytest.mark.parametrize("section", ["config", "options"])
def test_errors_are_called_alike_everywhere(section: str) -> None:
    """One mistake, one text."""
    texts = ENGLISH["config"]["error"]

    assert {
        key: text for key, text in ENGLISH[section]["error"].items() if key in texts
    }.items() <= texts.items()


def test_opening_from_the_options() -> None:
    """What it is that takes a while, and each outcome."""
    texts = ENGLISH["options"]

    assert set(texts["progress"]) == {"opening"}
    assert set(texts["step"]) == {"remote_access", "reachable", "not_reachable"}
    assert set(step("options", "not_reachable")["menu_options"]) == {
        "remote_access",
        "opening",
        "done",
    }


def test_waiting_in_the_config_flow() -> None:
    """What it is that takes a while after signing in."""
    actions = keyed_in_source("progress_action") - {"opening", "trying"}

    assert set(ENGLISH["config"]["progress"]) == actions


def test_aborts() -> None:
    """Of the options flow: whatever keeps the server from showing its settings."""
    assert set(ENGLISH["config"]["abort"]) == {
        "all_configured",
        "already_configured",
        "cannot_connect",
        "moved",
        "no_servers",
        "not_moved",
        "unique_id_mismatch",
    }
    assert set(ENGLISH["options"]["abort"]) >= ERRORS_OF_THE_CLIENT


def test_exceptions() -> None:
    """Those of the client, and those that the source names."""
    named = keyed_in_source("translation_key") & set(ENGLISH["exceptions"])

    assert set(ENGLISH["exceptions"]) == ERRORS_OF_THE_CLIENT | named


def test_no_exception_is_without_words() -> None:
    """Each key beside our domain is in the texts."""
    keys = set(
        re.findall(r'translation_domain=DOMAIN,\s*translation_key="(\w+)"', SOURCE)
    )

    assert keys
    assert keys <= set(ENGLISH["exceptions"])


@pytest.mark.parametrize("error", PlexError.__subclasses__())
def test_every_error_of_the_client_has_a_key(error: type[PlexError]) -> None:
    """Also those that are added one day."""
    assert errors.translation_key(error("why")) in ENGLISH["exceptions"]


def test_device_and_services() -> None:
    """The device, and each action with its icon."""
    actions = set(re.findall(r"^(\w+):", SERVICES, re.MULTILINE))

    assert set(ENGLISH["device"]) == {"remote_access"}
    assert set(ENGLISH["services"]) == set(ICONS["services"]) == actions


@pytest.mark.parametrize(
    ("flow", "name"),
    [
        ("config", "core_plex"),
        ("config", "discovery_confirm"),
        ("config", "manual"),
        ("config", "reauth_confirm"),
        ("config", "reconfigure"),
        ("config", "remote_access"),
        ("config", "server"),
        ("options", "remote_access"),
    ],
)
def test_fields_are_explained(flow: str, name: str) -> None:
    """Each field has a name and a sentence."""
    texts = step(flow, name)

    assert texts["data"].keys() == texts["data_description"].keys()


@pytest.mark.parametrize("flow", FLOWS)
def test_section_is_explained(flow: str) -> None:
    """As are the fields in it."""
    texts = step(flow, "remote_access")["sections"]["advanced"]

    assert texts["data"].keys() == texts["data_description"].keys()


@pytest.mark.parametrize("issue", list(Issue))
def test_issues_are_explained(issue: Issue) -> None:
    """What is wrong, and what to do: by oneself, or with one click."""
    texts = ENGLISH["issues"][issue]

    assert texts["title"]
    assert ("fix_flow" in texts) is issue.is_fixable
    assert ("description" in texts) is not issue.is_fixable


@pytest.mark.parametrize("issue", repairs._WAYS)
def test_ways_out_are_named(issue: Issue) -> None:
    """Each that is offered, and no other."""
    flow = ENGLISH["issues"][issue]["fix_flow"]

    assert set(flow["step"]["init"]["menu_options"]) == set(repairs._WAYS[issue])
    assert set(flow["abort"]) == {"not_reachable", "not_loaded"}
    assert set(flow["progress"]) == {"trying"}
    assert "reachable" in flow["step"]
    assert ("other_port" in flow["step"]) is ("other_port" in repairs._WAYS[issue])


def test_every_issue_has_its_texts_and_no_other() -> None:
    """Nobody translates what is never shown; each one that can be fixed has a way."""
    assert set(ENGLISH["issues"]) == set(Issue)
    assert set(repairs._WAYS) == {issue for issue in Issue if issue.is_fixable}


@pytest.mark.parametrize("kind", ["triggers", "conditions"])
def test_triggers_and_conditions_are_described(kind: str) -> None:
    """Each with its fields, and an icon."""
    described: dict[str, set[str]] = {
        "triggers": set(trigger.TRIGGERS),
        "conditions": set(condition.CONDITIONS),
    }

    assert set(ENGLISH[kind]) == set(ICONS[kind]) == described[kind]
    for texts in ENGLISH[kind].values():
        assert texts["name"] and texts["description"]
        assert set(texts["fields"]) == {"behavior", "for"}


def texts_of(tree: dict[str, Any], path: str = "") -> dict[str, str]:
    """Return all texts by their keys."""
    texts: dict[str, str] = {}
    for key, value in tree.items():
        name = f"{path}.{key}"
        texts |= texts_of(value, name) if isinstance(value, dict) else {name: value}
    return texts


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_languages_are_complete(path: Path) -> None:
    """Each has every text, none is left over, and no placeholder was lost."""
    english, translated = texts_of(ENGLISH), texts_of(json.loads(path.read_text()))

    assert translated.keys() == english.keys()
    for key, text in english.items():
        placeholders = sorted(re.findall(r"\{\w+\}", text))
        assert sorted(re.findall(r"\{\w+\}", translated[key])) == placeholders
        assert translated[key].strip()
