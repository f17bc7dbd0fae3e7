"""Tests of what a Plex Media Server says about its Remote Access."""

from dataclasses import replace

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.plex import (
    MappingState,
    PreferenceChange,
    Preferences,
    SignInState,
)

PREFERENCES = Preferences(
    publish=False,
    manual_mode=False,
    manual_port=32400,
    upload_rate=0,
    stream_rate=0,
    stream_rates=((0, "Original"), (4000, "4 Mbps")),
    relay=None,
)


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("unknown", MappingState.UNKNOWN),
        ("waiting", MappingState.WAITING),
        ("mapped", MappingState.MAPPED),
        ("failed", MappingState.FAILED),
        ("Waiting", MappingState.WAITING),
        (" failed ", MappingState.FAILED),
        ("Mapped - Publishing", MappingState.MAPPED),
        ("Mapped - Published", MappingState.MAPPED),
        ("Mapped - Not Published (Not Reachable)", MappingState.MAPPED),
        ("Failed/Not Mapped", MappingState.UNKNOWN),
        ("", MappingState.UNKNOWN),
        (None, MappingState.UNKNOWN),
        ("of a later version", MappingState.UNKNOWN),
    ],
)
def test_mapping_state(value: str | None, state: MappingState) -> None:
    """States are read in all forms; new ones are unknown."""
    assert MappingState.parse(value) is state


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("ok", SignInState.OK),
        ("none", SignInState.NONE),
        ("invalid", SignInState.INVALID),
        ("unknown", SignInState.UNKNOWN),
        ("OK ", SignInState.OK),
        ("", SignInState.UNKNOWN),
        (None, SignInState.UNKNOWN),
        ("of a later version", SignInState.UNKNOWN),
    ],
)
def test_sign_in_state(value: str | None, state: SignInState) -> None:
    """States are read in all forms; new ones are unknown."""
    assert SignInState.parse(value) is state


@given(st.text() | st.none())
def test_any_state_is_understood(value: str | None) -> None:
    """No word of a server is an error."""
    assert MappingState.parse(value) in MappingState
    assert SignInState.parse(value) in SignInState


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (PreferenceChange(), PreferenceChange()),
        (PreferenceChange(publish=False, manual_port=32400), PreferenceChange()),
        (PreferenceChange(publish=True), PreferenceChange(publish=True)),
        (
            PreferenceChange(publish=True, manual_mode=False, manual_port=40000),
            PreferenceChange(publish=True, manual_port=40000),
        ),
        (PreferenceChange(relay=False), PreferenceChange(relay=False)),
        (PreferenceChange(upload_rate=0, stream_rate=0), PreferenceChange()),
    ],
)
def test_what_is_missing(change: PreferenceChange, missing: PreferenceChange) -> None:
    """What the server has already is no change; off and 0 are values as others."""
    assert change.against(PREFERENCES) == missing
    assert bool(change.against(PREFERENCES)) is (missing != PreferenceChange())


@pytest.mark.parametrize(
    ("change", "republishes"),
    [
        (PreferenceChange(), False),
        (PreferenceChange(upload_rate=0, stream_rate=4000, relay=False), False),
        (PreferenceChange(publish=False), True),
        (PreferenceChange(manual_mode=False), True),
        (PreferenceChange(manual_port=32400), True),
    ],
)
def test_what_publishes_anew(change: PreferenceChange, republishes: bool) -> None:
    """Only settings of the publication make the server ask plex.tv again."""
    assert change.republishes is republishes


@pytest.mark.parametrize(
    ("rate", "choices"),
    [
        (4000, {0: "Original", 4000: "4 Mbps"}),
        (1234, {0: "Original", 4000: "4 Mbps", 1234: "1234 kbps"}),
        (None, {0: "Original", 4000: "4 Mbps"}),
    ],
)
def test_stream_choices(rate: int | None, choices: dict[int, str]) -> None:
    """A present value that the server does not offer is shown all the same."""
    assert replace(PREFERENCES, stream_rate=rate).stream_choices == choices
