"""What reads bytes from the network, one function for each way in.

Each lets through only what its caller is prepared for.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from ipaddress import IPv4Address
from typing import Any, Final
from unittest.mock import patch

# The first odd host name has it loaded, which is no cost of that name.
import idna.uts46data  # noqa: F401 - see above
from yarl import URL

from custom_components.plex_remote_access.plex import PlexError, PlexTv, gdm, plextv
from custom_components.plex_remote_access.plex.notifications import is_news
from custom_components.plex_remote_access.plex.wire import (
    Container,
    has_remote_streams,
    parse_account,
    parse_container,
    parse_identity,
    parse_preferences,
)
from custom_components.plex_remote_access.portmap import (
    PortMapError,
    natpmp,
    pcp_packets,
    ssdp,
    table,
)
from custom_components.plex_remote_access.portmap.announcements import is_announcement
from custom_components.plex_remote_access.portmap.callback import CallbackServer
from custom_components.plex_remote_access.portmap.gena import granted_timeout
from custom_components.plex_remote_access.portmap.http import Page, parse_page
from custom_components.plex_remote_access.portmap.igd import (
    description_urls,
    parse_description,
)
from custom_components.plex_remote_access.portmap.pcp_packets import MapRequest
from custom_components.plex_remote_access.portmap.route import Route
from custom_components.plex_remote_access.portmap.soap import parse_response

from . import corpus

_GATEWAY: Final = IPv4Address("192.168.1.1")
_US: Final = IPv4Address("192.168.1.20")
_ROUTE: Final = Route(gateway=_GATEWAY, source=_US, on_link=())
_DESCRIPTION: Final = URL("http://192.168.1.1:5000/rootDesc.xml")
_REQUESTS: Final = tuple(
    MapRequest(
        client=_US,
        internal=internal,
        internal_port=32400,
        nonce=corpus.NONCE,
        external_port=32400,
        lifetime=7200,
    )
    for internal in (_US, IPv4Address("192.168.1.30"))
)
_CALLBACK: Final = CallbackServer(_US, _GATEWAY, lambda _: HTTPStatus.OK)
_LOOP: Final = asyncio.new_event_loop()


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One way in, and what regularly comes through it."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def _run(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run to the end what has all that it would wait for."""
    with suppress(StopIteration):
        coroutine.send(None)
        coroutine.close()


def _ssdp(data: bytes) -> None:
    if answer := ssdp.parse_answer(data, _GATEWAY):
        description_urls(answer, _ROUTE)


def _description(data: bytes) -> None:
    with suppress(PortMapError):
        parse_description(data, _DESCRIPTION)


def _soap(data: bytes) -> None:
    for status in (200, 500):
        with suppress(PortMapError):
            row = parse_response(Page(status, data), corpus.ACTION)
            table.read_row(row, 32400)
            table.read_port(row.get("NewExternalPort", ""))


def _http(data: bytes) -> None:
    with suppress(PortMapError):
        parse_page(data)


def _nat_pmp(data: bytes) -> None:
    with suppress(PortMapError):
        natpmp.parse_address_response(data)
    with suppress(PortMapError):
        natpmp.parse_map_response(data, 32400)


def _pcp(data: bytes) -> None:
    with suppress(PortMapError):
        pcp_packets.parse_announce_response(data)
    for request in _REQUESTS:
        with suppress(PortMapError):
            pcp_packets.parse_map_response(data, request)


def _gena(data: bytes) -> None:
    granted_timeout(data.decode(errors="replace"))
    reader = asyncio.StreamReader(limit=8192, loop=_LOOP)
    reader.feed_data(data)
    reader.feed_eof()
    with suppress(EOFError, asyncio.LimitOverrunError):
        _run(_CALLBACK._answer(reader))


def _plex(parse: Callable[[Container], object], data: bytes) -> None:
    with suppress(PlexError):
        parse(parse_container(data))


def _websocket(data: bytes) -> None:
    is_news(data)
    is_news(data.decode(errors="replace"))


def _plex_tv(data: bytes) -> None:
    async def answer(*_args: object, **_kwargs: object) -> bytes:
        return data

    # The session is not used: what it would bring is here.
    client = PlexTv(None, plextv.PLEX_TV, "fuzz")  # type: ignore[arg-type]
    with patch.object(plextv, "request", answer):
        for question in (client.servers("t"), client.create_pin()):
            with suppress(PlexError):
                _run(question)


TARGETS: Final = {
    "SSDP answers": Target(read=_ssdp, seeds=corpus.SSDP),
    "UPnP descriptions": Target(read=_description, seeds=corpus.DESCRIPTIONS),
    "SOAP replies and faults": Target(read=_soap, seeds=corpus.SOAP),
    "HTTP answers of routers": Target(read=_http, seeds=corpus.HTTP),
    "NAT-PMP packets": Target(read=_nat_pmp, seeds=corpus.NAT_PMP),
    "PCP packets": Target(read=_pcp, seeds=corpus.PCP),
    "Announcements": Target(read=is_announcement, seeds=corpus.ANNOUNCEMENTS),
    "GENA events": Target(read=_gena, seeds=corpus.GENA),
    "Plex: identity": Target(
        read=partial(_plex, parse_identity), seeds=corpus.IDENTITY
    ),
    "Plex: account": Target(read=partial(_plex, parse_account), seeds=corpus.ACCOUNT),
    "Plex: settings": Target(
        read=partial(_plex, parse_preferences), seeds=corpus.PREFERENCES
    ),
    "Plex: sessions": Target(
        read=partial(_plex, has_remote_streams), seeds=corpus.SESSIONS
    ),
    "Plex: websocket": Target(read=_websocket, seeds=corpus.WEBSOCKET),
    "Plex: GDM": Target(
        read=lambda data: gdm.FoundServer.parse(data, "192.168.1.9"), seeds=corpus.GDM
    ),
    "plex.tv": Target(read=_plex_tv, seeds=corpus.PLEX_TV),
}
