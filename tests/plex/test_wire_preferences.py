"""Tests of the forms in which a Plex Media Server writes its settings."""

from typing import Any

import pytest

from custom_components.plex_remote_access.plex import PreferenceChange, Preferences
from custom_components.plex_remote_access.plex.wire import (
    format_change,
    parse_container,
    parse_preferences,
)


def setting(name: str, value: object, **attributes: object) -> dict[str, object]:
    """Return a setting as servers list it."""
    return {"id": name, "type": "any", "hidden": True, "value": value, **attributes}


PUBLISH = setting("PublishServerOnPlexOnlineKey", True)
SETTINGS = [
    setting("FriendlyName", "Den", hidden=False),
    PUBLISH,
    setting("ManualPortMappingMode", True),
    setting("ManualPortMappingPort", 443),
    setting("WanTotalMaxUploadRate", 20000),
    setting(
        "WanPerStreamMaxUploadRate",
        4000,
        enumValues="0:Original (No limit)|20000:20 Mbps (1080p)|4000:4 Mbps (720p)",
    ),
    setting("RelayEnabled", False, hidden=False),
]
PREFERENCES = Preferences(
    publish=True,
    manual_mode=True,
    manual_port=443,
    upload_rate=20000,
    stream_rate=4000,
    stream_rates=(
        (0, "Original (No limit)"),
        (20000, "20 Mbps (1080p)"),
        (4000, "4 Mbps (720p)"),
    ),
    relay=False,
)


def test_preferences() -> None:
    """Hidden settings count; the others are passed over."""
    assert parse_preferences({"Setting": SETTINGS}) == PREFERENCES


def test_preferences_in_xml() -> None:
    """Settings mean the same as text."""
    body = b"""
        <MediaContainer size="7">
          <Setting id="FriendlyName" type="text" value="Den" hidden="0"/>
          <Setting id="PublishServerOnPlexOnlineKey" type="bool" value="1" hidden="1"/>
          <Setting id="ManualPortMappingMode" type="bool" value="1" hidden="1"/>
          <Setting id="ManualPortMappingPort" type="int" value="443" hidden="1"/>
          <Setting id="WanTotalMaxUploadRate" type="int" value="20000" hidden="1"/>
          <Setting id="WanPerStreamMaxUploadRate" type="int" value="4000" hidden="1"
            enumValues="0:Original (No limit)|20000:20 Mbps (1080p)|4000:4 Mbps (720p)"
          />
          <Setting id="RelayEnabled" type="bool" value="0" hidden="0"/>
        </MediaContainer>
    """

    assert parse_preferences(parse_container(body)) == PREFERENCES


def test_an_old_server_has_fewer_settings() -> None:
    """Missing settings are told as such, or have the value that servers begin with."""
    assert parse_preferences({"Setting": [PUBLISH]}) == Preferences(
        publish=True,
        manual_mode=False,
        manual_port=32400,
        upload_rate=None,
        stream_rate=None,
        stream_rates=(),
        relay=None,
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("1", True),
        ("0", False),
        ("true", True),
        ("false", False),
        ("True", True),
        (" false ", False),
    ],
)
def test_booleans(value: object, expected: bool) -> None:
    """Every form of a boolean that servers were seen to use."""
    preferences = parse_preferences({"Setting": [{**PUBLISH, "value": value}]})

    assert preferences is not None
    assert preferences.publish is expected


@pytest.mark.parametrize(
    "container",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Setting": []}, id="no-settings"),
        pytest.param({"Setting": None}, id="null"),
        pytest.param({"Setting": 5}, id="number"),
        pytest.param({"Setting": "PublishServerOnPlexOnlineKey"}, id="text"),
        pytest.param({"Setting": [None, 5, "a", [], {}, {"id": []}]}, id="junk"),
        pytest.param({"Setting": SETTINGS[:1]}, id="hidden-ones-left-out"),
        pytest.param({"Setting": [{**PUBLISH, "value": ""}]}, id="empty-value"),
        pytest.param({"Setting": [{**PUBLISH, "value": None}]}, id="null-value"),
        pytest.param(
            {"Setting": [{"id": "PublishServerOnPlexOnlineKey"}]}, id="no-value"
        ),
    ],
)
def test_settings_kept_from_us(container: dict[str, Any]) -> None:
    """A list without the switch of Remote Access is none for us."""
    assert parse_preferences(container) is None


@pytest.mark.parametrize(
    ("enum_values", "rates"),
    [
        pytest.param("0:Original|320:320 kbps", ((0, "Original"), (320, "320 kbps"))),
        pytest.param("0|320", ((0, "0"), (320, "320")), id="no-labels"),
        pytest.param("0:|320: ", ((0, "0"), (320, "320")), id="empty-labels"),
        pytest.param("320:a:b", ((320, "a:b"),), id="colon-in-label"),
        pytest.param(":Any|320:a", ((320, "a"),), id="empty-value"),
        pytest.param("a:b||320:c|", ((320, "c"),), id="junk"),
        pytest.param("", (), id="empty"),
        pytest.param(None, (), id="none"),
        pytest.param([320], (), id="list"),
    ],
)
def test_stream_rates(enum_values: object, rates: tuple[tuple[int, str], ...]) -> None:
    """The server's own list of rates is read in all forms."""
    rate = setting("WanPerStreamMaxUploadRate", 0, enumValues=enum_values)
    preferences = parse_preferences({"Setting": [PUBLISH, rate]})

    assert preferences is not None
    assert preferences.stream_rates == rates


@pytest.mark.parametrize("value", [10**400, "9" * 400, -(2**31), 1e300])
def test_a_rate_that_nobody_can_reckon_with(value: object) -> None:
    """It is none, rather than an error wherever it is shown."""
    rate = setting("WanTotalMaxUploadRate", value)
    preferences = parse_preferences({"Setting": [PUBLISH, rate]})

    assert preferences is not None
    assert preferences.upload_rate is None


@pytest.mark.parametrize("value", [0, "0", "", "many", None, [], -1, 65536, "99999999"])
def test_a_port_that_is_none(value: object) -> None:
    """No port but a possible one comes out of the settings."""
    port = setting("ManualPortMappingPort", value)
    preferences = parse_preferences({"Setting": [PUBLISH, port]})

    assert preferences is not None
    assert preferences.manual_port == 32400


@pytest.mark.parametrize(
    ("change", "query"),
    [
        (PreferenceChange(), {}),
        (PreferenceChange(publish=True), {"PublishServerOnPlexOnlineKey": "1"}),
        (PreferenceChange(publish=False), {"PublishServerOnPlexOnlineKey": "0"}),
        (
            PreferenceChange(
                publish=True,
                manual_mode=False,
                manual_port=40000,
                upload_rate=0,
                stream_rate=4000,
                relay=False,
            ),
            {
                "PublishServerOnPlexOnlineKey": "1",
                "ManualPortMappingMode": "0",
                "ManualPortMappingPort": "40000",
                "WanTotalMaxUploadRate": "0",
                "WanPerStreamMaxUploadRate": "4000",
                "RelayEnabled": "0",
            },
        ),
    ],
)
def test_change(change: PreferenceChange, query: dict[str, str]) -> None:
    """Booleans are written as digits, and 0 is written, too."""
    assert format_change(change) == query
