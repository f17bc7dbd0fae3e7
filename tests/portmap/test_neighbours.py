"""Tests of finding other routers on the link."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network
from unittest.mock import Mock

import pytest
from yarl import URL

from custom_components.plex_remote_access.portmap.http import LostError
from custom_components.plex_remote_access.portmap.igd import Service
from custom_components.plex_remote_access.portmap.model import Reason
from custom_components.plex_remote_access.portmap.neighbours import (
    OtherRouter,
    other_routers,
)
from custom_components.plex_remote_access.portmap.route import Route
from custom_components.plex_remote_access.portmap.ssdp import Answer

from .common import PACKAGE
from .scripted import SERVICE

ROUTE = Route(
    gateway=IPv4Address("192.168.1.1"),
    source=IPv4Address("192.168.1.10"),
    on_link=(IPv4Network("192.168.1.0/24"),),
)


async def fetch(_: Mock, url: URL) -> list[Service]:
    """Describe a router, a device that is none, or nothing."""
    match url.path:
        case "/root.xml":
            return [
                Service(service_type=SERVICE, control_url=str(url), model="Box 2000")
            ]
        case "/media.xml":
            return []
        case _:
            raise LostError(Reason.NO_ROUTER, "Nobody serves it")


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        pytest.param(
            [("192.168.1.2", "http://192.168.1.2/root.xml")],
            ["192.168.1.2"],
            id="quirk-43",
        ),
        pytest.param(
            [
                ("192.168.1.2", "http://192.168.1.2/media.xml"),
                ("192.168.1.2", "http://192.168.1.2/root.xml"),
                ("192.168.1.2", "http://192.168.1.2/root.xml?again"),
            ],
            ["192.168.1.2"],
            id="quirk-43-in-many-roles",
        ),
        pytest.param([("192.168.1.1", "http://192.168.1.1/root.xml")], [], id="ours"),
        pytest.param(
            [("192.168.1.2", "http://192.168.1.1/root.xml")],
            [],
            id="quirk-33-stands-in-for-ours",
        ),
        pytest.param(
            [("192.168.1.10", "http://192.168.1.10/root.xml")], [], id="this-host"
        ),
        pytest.param(
            [("192.168.1.3", "http://192.168.1.3/media.xml")], [], id="no-router"
        ),
        pytest.param([("192.168.1.4", "http://192.168.1.4/gone")], [], id="silent"),
        pytest.param([("192.168.1.5", "nonsense")], [], id="nonsense"),
        pytest.param([], [], id="alone"),
    ],
)
async def test_other_routers(
    monkeypatch: pytest.MonkeyPatch,
    answers: list[tuple[str, str]],
    found: list[str],
) -> None:
    """Each other device that could map ports is named once, and ours is not."""
    queue = asyncio.Queue[Answer]()
    for host, location in answers:
        queue.put_nowait(Answer(responder=IPv4Address(host), location=location))

    @asynccontextmanager
    async def search(_: Route, __: int) -> AsyncIterator[asyncio.Queue[Answer]]:
        yield queue

    monkeypatch.setattr(f"{PACKAGE}.ssdp.search", search)
    monkeypatch.setattr(f"{PACKAGE}.neighbours.fetch_services", fetch)
    monkeypatch.setattr(f"{PACKAGE}.const.NEIGHBOURS", 0.05)

    others = await other_routers(Mock(), ROUTE, 1900)

    assert others == [
        OtherRouter(address=IPv4Address(host), model="Box 2000") for host in found
    ]


async def test_no_way_to_search(socket_enabled: None) -> None:
    """Without our address on the link nobody is found, and nothing fails."""
    assert await other_routers(Mock(), ROUTE, 1900) == []
