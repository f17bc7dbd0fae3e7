"""Tests of the reader of answers with whatever may come."""

import json

from hypothesis import given, strategies as st

from custom_components.plex_remote_access.plex import (
    Account,
    Identity,
    PlexResponseError,
    Preferences,
)
from custom_components.plex_remote_access.plex.wire import (
    parse_account,
    parse_container,
    parse_identity,
    parse_preferences,
)

NAMES = st.sampled_from(
    [
        "Setting",
        "id",
        "value",
        "enumValues",
        "mappingState",
        "signInState",
        "publicPort",
        "claimed",
        "machineIdentifier",
        "PublishServerOnPlexOnlineKey",
        "ManualPortMappingPort",
        "WanPerStreamMaxUploadRate",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NAMES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=20,
)
XML = st.recursive(
    st.builds(lambda name, value: f'<{name} {name}="{value}"/>', NAMES, NAMES),
    lambda inner: st.builds(
        lambda name, other, children: (
            f'<{name} {other}="1">{"".join(children)}</{name}>'
        ),
        NAMES,
        NAMES,
        st.lists(inner, max_size=4),
    ),
    max_leaves=10,
)
ROOTS = st.sampled_from(["MediaContainer", "MyPlex"])
BODIES = st.one_of(
    st.binary(),
    st.text().map(str.encode),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.builds(lambda root, value: json.dumps({root: value}).encode(), ROOTS, JSON),
    st.builds(
        lambda root, name, inner: (
            f'<{root} {name}="x">{"".join(inner)}</{root}>'.encode()
        ),
        ROOTS,
        NAMES,
        st.lists(XML, max_size=4),
    ),
)


def read_all(body: bytes) -> list[object]:
    """Read a body in every way; only the error that is meant for it may come."""
    results: list[object] = []
    for parse in (parse_identity, parse_account, parse_preferences):
        try:
            results.append(parse(parse_container(body)))
        except PlexResponseError as err:
            results.append(err)
    return results


@given(BODIES)
def test_any_answer_is_understood_or_refused(body: bytes) -> None:
    """No answer, however broken, is worse than an error of ours."""
    identity, account, preferences = read_all(body)

    assert isinstance(identity, (Identity, PlexResponseError))
    assert isinstance(account, (Account, PlexResponseError))
    assert isinstance(preferences, (Preferences, PlexResponseError, type(None)))
