"""Tests of how the form of an answer is told."""

from typing import Any

import pytest

from custom_components.plex_remote_access.plex.form import form_of
from custom_components.plex_remote_access.plex.wire import parse_container

SETTINGS = """<MediaContainer>
<Setting id="PublishServerOnPlexOnlineKey" value="%s" />
<Setting id="ManualPortMappingPort" value="32400" />
</MediaContainer>"""


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (
            SETTINGS % "1",
            {"format": "xml", "truths": ['"1"'], "numbers": ["str"]},
        ),
        (
            SETTINGS % "true",
            {"format": "xml", "truths": ['"true"'], "numbers": ["str"]},
        ),
        (
            SETTINGS % "s3cret",
            {"format": "xml", "truths": ["str"], "numbers": ["str"]},
        ),
        (
            '{"MyPlex": {"publicPort": 1, "privatePort": "2", "subscriptionActive": true}}',
            {"format": "json", "truths": ["true"], "numbers": ["int", "str"]},
        ),
        (
            '\ufeff {"MediaContainer": {"claimed": 0, "Setting": [7, {"id": "x"}]}}',
            {"format": "json", "truths": ["0"], "numbers": []},
        ),
        (
            '{"MediaContainer": {"claimed": [1], "Setting": 7}}',
            {"format": "json", "truths": ["list"], "numbers": []},
        ),
    ],
)
def test_form(body: str, form: dict[str, Any]) -> None:
    """What differs between servers is told, and no value."""
    raw = body.encode()

    assert form_of(raw, parse_container(raw)) == form
