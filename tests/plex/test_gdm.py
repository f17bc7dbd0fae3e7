"""Tests of the search for servers in the network."""

from collections.abc import Iterator
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.plex.gdm import FoundServer, search
from tests.simulators.plex.gdm import GdmResponder

MODULE = "custom_components.plex_remote_access.plex.gdm"

ANSWER = """\
HTTP/1.0 200 OK\r
Content-Type: plex/media-server\r
Host: 5f3c9a1e7d2b4860f1e2d3c4b5a69788.plex.direct\r
Name: Den: upstairs\r
Port: 32400\r
Resource-Identifier: 5f3c\r
Version: 1.41.5.9522-a96edc606\r
\r
"""


@pytest.fixture(autouse=True)
def short_window() -> Iterator[None]:
    """Listen no longer than a test wants to wait."""
    with patch(f"{MODULE}.WINDOW", 0.3):
        yield


def test_answer() -> None:
    """A name may have a colon."""
    assert FoundServer.parse(ANSWER.encode(), "192.168.1.5") == FoundServer(
        host="192.168.1.5",
        port=32400,
        name="Den: upstairs",
        machine_identifier="5f3c",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("200 OK", "404 Not Found"),
        ("plex/media-server", "plex/media-player"),
        ("32400", "0"),
        ("32400", "port"),
        ("Resource-Identifier: 5f3c", "Resource-Identifier:"),
        ("Port", "Part"),
        pytest.param("upstairs", "x" * 60000, id="name that fills a datagram"),
    ],
)
def test_answer_of_something_else(before: str, after: str) -> None:
    """What is no server is passed over."""
    answer = ANSWER.replace(before, after)

    assert FoundServer.parse(answer.encode(), "192.168.1.5") is None


@given(st.binary())
def test_answer_of_anybody(answer: bytes) -> None:
    """Whatever comes in breaks nothing."""
    assert FoundServer.parse(answer, "192.168.1.5") is None


async def test_search(socket_enabled: None) -> None:
    """A server that answers is told of once."""
    responder = GdmResponder(
        lambda: {
            "Content-Type": "plex/media-server",
            "Name": "Den",
            "Port": "32400",
            "Resource-Identifier": "5f3c",
        }
    )
    port = await responder.open("127.0.0.1", 0)
    servers: list[FoundServer] = []
    try:
        with patch(f"{MODULE}.GROUP", ("127.0.0.1", port)):
            await search("127.0.0.1", servers.append)
    finally:
        responder.close()

    assert servers == [
        FoundServer(host="127.0.0.1", port=32400, name="Den", machine_identifier="5f3c")
    ]


async def test_search_from_an_address_that_is_gone(socket_enabled: None) -> None:
    """An interface that went away finds nothing."""
    servers: list[FoundServer] = []

    await search("192.0.2.1", servers.append)

    assert servers == []
