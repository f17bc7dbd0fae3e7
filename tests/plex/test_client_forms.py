"""Tests of the Plex client with all forms of answers."""

from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.plex import (
    Account,
    MappingState,
    PlexError,
    PlexResponseError,
    PlexServer,
    PlexWriteError,
    PreferenceChange,
)
from tests.simulators.plex import AccountRoot, Booleans, PlexServer as SimulatedServer

from .conftest import HTTP, Call, ScriptedServer

SETTINGS = (
    b'{"MediaContainer":{"Setting":[{"id":"PublishServerOnPlexOnlineKey","value":0}]}}'
)


@pytest.mark.parametrize("xml", [False, True])
@pytest.mark.parametrize("booleans", list(Booleans))
@pytest.mark.parametrize("root", list(AccountRoot))
async def test_every_form(
    plex: SimulatedServer,
    server: PlexServer,
    xml: bool,
    booleans: Booleans,
    root: AccountRoot,
) -> None:
    """However the server writes, the same is read."""
    form = plex.form
    form.xml_always, form.booleans, form.account_root = xml, booleans, root
    form.ports_as_strings = True
    await plex.set_preferences(
        {
            "PublishServerOnPlexOnlineKey": True,
            "ManualPortMappingMode": True,
            "ManualPortMappingPort": 32500,
            "WanTotalMaxUploadRate": 20000,
            "RelayEnabled": False,
        }
    )
    await plex.settled()

    preferences = await server.preferences()
    account = await server.account()

    assert (preferences.publish, preferences.manual_mode) == (True, True)
    assert (preferences.manual_port, preferences.upload_rate) == (32500, 20000)
    assert preferences.relay is False
    assert dict(preferences.stream_rates).keys() > {0, 20000, 320}
    assert account.mapping_state is MappingState.MAPPED
    assert account.mapping_error == "unreachable"
    assert account.public_port is None
    assert account.subscription_active is True


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"mapping_error_absent": True}, id="no-error-at-all"),
        pytest.param({"mapping_error_absent": False}, id="empty-error"),
        pytest.param({"mapping_error_message": "None"}, id="error-message"),
    ],
)
async def test_account_of_a_server_that_is_off(
    plex: SimulatedServer, server: PlexServer, form: dict[str, object]
) -> None:
    """No error, no address and no port are all told as none."""
    vars(plex.form).update(form)

    assert await server.account() == Account(
        mapping_state=MappingState.UNKNOWN,
        mapping_error=None,
        sign_in_state=(await server.account()).sign_in_state,
        public_address=None,
        public_port=None,
        private_address="127.0.0.1",
        private_port=plex.port,
        subscription_active=True,
    )


async def test_old_server_lacks_settings(
    plex: SimulatedServer, server: PlexServer
) -> None:
    """What a server does not know is None, and cannot be written."""
    plex.form.missing_preferences = {"RelayEnabled", "WanPerStreamMaxUploadRate"}

    preferences = await server.preferences()

    assert preferences.relay is None
    assert preferences.stream_rate is None
    assert preferences.stream_rates == ()
    with pytest.raises(PlexWriteError):
        await server.set_preferences(PreferenceChange(relay=False))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><body>Welcome</body></html>", id="html"),
        pytest.param(b"\x80\x81\x82" * 1000, id="garbage"),
        pytest.param(b'{"MediaContainer":"none"}', id="other-json"),
        pytest.param(b"{" * 100_000, id="deep"),
    ],
)
@pytest.mark.parametrize(
    "call", [PlexServer.identity, PlexServer.account, PlexServer.preferences]
)
async def test_something_else_answers(
    scripted: ScriptedServer, client: PlexServer, call: Call, body: bytes
) -> None:
    """A web server that is no Plex Media Server is told apart."""
    scripted.body = body

    with pytest.raises(PlexResponseError):
        await call(client)


async def test_long_answers_are_not_read_to_the_end(
    scripted: ScriptedServer, client: PlexServer
) -> None:
    """Nobody fills our memory."""
    scripted.body = b" " * 1001

    with (
        patch(f"{HTTP}.MAX_BODY", 1000),
        pytest.raises(PlexResponseError, match="too long"),
    ):
        await client.account()


async def test_answers_that_are_just_short_enough(
    scripted: ScriptedServer, client: PlexServer
) -> None:
    """The limit itself is allowed."""
    scripted.body = SETTINGS

    with patch(f"{HTTP}.MAX_BODY", len(SETTINGS)):
        assert (await client.preferences()).publish is False


async def test_broken_compression(scripted: ScriptedServer, client: PlexServer) -> None:
    """An answer that cannot be unpacked is an error of ours as well."""
    scripted.body, scripted.headers = b"not gzip", {"Content-Encoding": "gzip"}

    with pytest.raises(PlexError):
        await client.account()
