"""Tests of calling actions of a UPnP service."""

import asyncio
import socket
import struct
from unittest.mock import patch

import aiohttp
from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.http import LostError, Page, request
from custom_components.plex_remote_access.portmap.soap import (
    SoapFault,
    build_request,
    call,
    parse_response,
)
from custom_components.plex_remote_access.portmap.xml import parse_xml
from tests.simulators.router import Framing
from tests.simulators.router.http_server import Response

from .common import PACKAGE
from .scripted import HTML, SERVICE, ScriptedGateway, fault, success

ACTION = "GetExternalIPAddress"
ADDRESS = {"NewExternalIPAddress": "198.51.100.7"}


def test_request_quirk_55() -> None:
    """The envelope has prefixes: some routers fail on a default namespace."""
    assert build_request(SERVICE, "Do", {"A": "1", "B": ""}) == (
        b'<?xml version="1.0"?>\r\n'
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        b's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        b'<u:Do xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">'
        b"<A>1</A><B></B>"
        b"</u:Do></s:Body></s:Envelope>\r\n"
    )


def test_request_is_escaped_quirk_11() -> None:
    """Markup is escaped; quotes are not, as some routers take them literally."""
    body = build_request(SERVICE, "Do", {"A": "<Tom & 'Jerry'>\""})

    assert b"<A>&lt;Tom &amp; 'Jerry'&gt;\"</A>" in body


GOOD = success(ACTION, ADDRESS)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(GOOD, id="canonical"),
        pytest.param(b"\r\n " + GOOD + b"\0\0\r\n", id="quirk-49-nul-tail"),
        pytest.param(
            success(ACTION, ADDRESS, "urn:schemas-upnp-org:service:WANPPPConnection:1"),
            id="quirk-50-another-service",
        ),
        pytest.param(success(ACTION, ADDRESS, ACTION), id="quirk-50-wrong-namespace"),
        pytest.param(
            b"<Envelope><Body><getExternalIPAddressResponse>"
            b"<NewExternalIPAddress> 198.51.100.7\n</NewExternalIPAddress>"
            b"</getExternalIPAddressResponse></Body></Envelope>",
            id="quirk-50-no-namespace",
        ),
        pytest.param(GOOD[:-20], id="quirk-52-cut-off-after-all-that-matters"),
        pytest.param(
            GOOD.replace(b"</s:Body>", b"</s:Bodi>"), id="quirk-49-mismatched-tag"
        ),
    ],
)
def test_response(body: bytes) -> None:
    """Names count, namespaces do not."""
    assert parse_response(Page(200, body), ACTION) == ADDRESS


def test_response_without_arguments() -> None:
    """Some actions have nothing to tell."""
    assert parse_response(Page(200, success("Do", {})), "Do") == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(HTML.body, 200, id="quirk-23-page-with-200"),
        pytest.param(HTML.body, 404, id="quirk-23-page-with-404"),
        pytest.param(b"", 200, id="empty"),
        pytest.param(b"OK", 200, id="text"),
        pytest.param(GOOD, 404, id="success-with-404"),
        pytest.param(GOOD, 302, id="success-with-302"),
        pytest.param(success("AddPortMapping", {}), 200, id="answer-to-another-action"),
        pytest.param(GOOD[: len(GOOD) // 4], 200, id="cut-off"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 200, id="entity-in-xml"
        ),
        pytest.param(b'<?xml version="1.0" encoding="x-foo"?><a/>', 200, id="encoding"),
    ],
)
def test_no_response(body: bytes, status: int) -> None:
    """Only the answer to this action, with status 200, is a success."""
    with pytest.raises(PortMapError) as raised:
        parse_response(Page(status, body), ACTION)
    assert raised.value.reason is Reason.FAILED
    assert not isinstance(raised.value, SoapFault)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(fault(718), 718, id="canonical"),
        pytest.param(fault(" 718 "), 718, id="white-space"),
        pytest.param(fault(-911), -911, id="quirk-4-private-code"),
        pytest.param(
            fault(718).replace(b"faultcode", b"faultCode"),
            718,
            id="quirk-50-capital-letter",
        ),
        pytest.param(
            fault(718).replace(b"errorCode", b"ErrorCode"),
            718,
            id="quirk-50-capital-error-code",
        ),
        pytest.param(
            fault(718).replace(b' xmlns="urn:schemas-upnp-org:control-1-0"', b""),
            718,
            id="quirk-50-no-namespace",
        ),
        pytest.param(fault(""), 501, id="no-code"),
        pytest.param(fault("many"), 501, id="word"),
        pytest.param(fault("--5"), 501, id="two-signs"),
        pytest.param(fault("-"), 501, id="sign"),
        pytest.param(fault("9" * 5000), 501, id="endless"),
        pytest.param(b"<UPnPError/>", 501, id="nothing-at-all"),
        pytest.param(b"", 501, id="quirk-24-empty"),
        pytest.param(b"\r\n", 501, id="quirk-24-empty-line"),
        pytest.param(GOOD, 501, id="success-with-500"),
    ],
)
def test_fault(body: bytes, code: int) -> None:
    """The code is found in all forms; without one it is 'action failed'."""
    with pytest.raises(SoapFault) as raised:
        parse_response(Page(500, body), ACTION)
    assert raised.value.code == code
    assert raised.value.reason is Reason.FAILED


def test_fault_with_status_200() -> None:
    """A UPnP error is one with any status."""
    with pytest.raises(SoapFault) as raised:
        parse_response(Page(200, fault(714, "NoSuchEntryInArray")), ACTION)
    assert raised.value.detail == "UPnP error 714 NoSuchEntryInArray"


WORDS = st.sampled_from(
    ["UPnPError", "errorCode", "errorDescription", f"{ACTION}Response", "a", "s:b"]
)
DOCUMENTS = st.recursive(
    st.text(max_size=5) | st.sampled_from(["718", "-1", "--1", "²", "٣"]),
    lambda inner: st.builds(
        lambda name, children: f"<{name}>{''.join(children)}</{name}>",
        WORDS,
        st.lists(inner, max_size=3),
    ),
    max_leaves=10,
)


@given(
    st.binary() | DOCUMENTS.map(lambda text: text.encode(errors="replace")),
    st.sampled_from([200, 404, 500]),
)
def test_any_response(body: bytes, status: int) -> None:
    """Whatever comes is a success or an error of ours."""
    try:
        output = parse_response(Page(status, body), ACTION)
    except PortMapError:
        return
    assert status == 200
    assert all(isinstance(value, str) for value in output.values())


@given(st.text(), st.text())
def test_arguments_survive(first: str, second: str) -> None:
    """What goes into an envelope is well-formed, or is refused by XML itself."""
    body = build_request(SERVICE, "Do", {"A": first, "B": second})
    try:
        document = parse_xml(body)
    except PortMapError:
        assert any(ord(char) < 32 or ord(char) > 0xD7FF for char in first + second)
        return
    assert [argument.tag for argument in document[0][0]] == ["A", "B"]


# Over HTTP


async def call_gateway(
    session: aiohttp.ClientSession, gateway: ScriptedGateway
) -> dict[str, str]:
    """Call the action."""
    url = f"http://127.0.0.1:{gateway.port}/control?WANIPConnection"
    return await call(session, url, SERVICE, ACTION, {"A": "1"})


async def test_call(session: aiohttp.ClientSession, gateway: ScriptedGateway) -> None:
    """One POST with everything that routers insist on."""
    gateway.replies[ACTION] = [ADDRESS]

    assert await call_gateway(session, gateway) == ADDRESS

    (posted,) = gateway.requests
    assert (posted.method, posted.target) == ("POST", "/control?WANIPConnection")
    assert posted.body == build_request(SERVICE, ACTION, {"A": "1"})
    assert posted.headers["content-type"] == 'text/xml; charset="utf-8"'
    assert posted.headers["soapaction"] == f'"{SERVICE}#{ACTION}"'


async def test_head_of_the_request(
    session: aiohttp.ClientSession, socket_enabled: None
) -> None:
    """The letters of SOAPAction, a length and an end: quirks 53 and 54."""
    heads: list[bytes] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(Response(200, GOOD).encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await call(session, f"http://127.0.0.1:{port}/", SERVICE, ACTION, {})

    length = len(build_request(SERVICE, ACTION, {}))
    assert f'\r\nSOAPAction: "{SERVICE}#{ACTION}"\r\n'.encode() in heads[0]
    assert f"\r\nContent-Length: {length}\r\n".encode() in heads[0]
    assert b"\r\nConnection: close\r\n" in heads[0]
    assert b"chunked" not in heads[0]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(Response(200, GOOD, "text/html"), id="quirk-51-html"),
        pytest.param(Response(200, GOOD, ""), id="quirk-51-no-type"),
        pytest.param(
            Response(200, GOOD, framing=Framing.CLOSE), id="quirk-52-no-length"
        ),
        pytest.param(Response(200, GOOD, framing=Framing.CHUNKED), id="chunked"),
    ],
)
async def test_odd_http(
    session: aiohttp.ClientSession, gateway: ScriptedGateway, response: Response
) -> None:
    """Types and framing of the answer do not matter."""
    gateway.replies[ACTION] = [response]

    assert await call_gateway(session, gateway) == ADDRESS


async def test_redirects_are_not_followed(
    session: aiohttp.ClientSession, gateway: ScriptedGateway
) -> None:
    """Nobody sends us elsewhere."""
    headers = {"Location": f"http://127.0.0.1:{gateway.port}/elsewhere"}
    gateway.replies[ACTION] = [Response(307, b"", headers=headers), ADDRESS]

    with pytest.raises(PortMapError):
        await call_gateway(session, gateway)
    assert len(gateway.requests) == 1


async def test_oversize_quirk_52(
    session: aiohttp.ClientSession, gateway: ScriptedGateway
) -> None:
    """Nobody fills our memory."""
    gateway.replies[ACTION] = [Response(200, b" " * 1001)]

    with (
        patch(f"{PACKAGE}.const.MAX_BODY", 1000),
        pytest.raises(PortMapError, match="too long") as raised,
    ):
        await call_gateway(session, gateway)
    assert raised.value.reason is Reason.FAILED


async def test_length_that_is_too_large_quirk_52(
    session: aiohttp.ClientSession, gateway: ScriptedGateway
) -> None:
    """What came until the router hung up is enough."""
    headers = {"Content-Length": str(len(GOOD) + 100)}
    response = Response(200, GOOD, framing=Framing.CLOSE, headers=headers)
    gateway.replies[ACTION] = [response]

    assert await call_gateway(session, gateway) == ADDRESS


async def test_time_out(session: aiohttp.ClientSession, socket_enabled: None) -> None:
    """A router that accepts the connection and says nothing is given up."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with (
            patch(f"{PACKAGE}.const.ACTION_TIMEOUT", 0.05),
            pytest.raises(PortMapError) as raised,
        ):
            await call(session, f"http://127.0.0.1:{port}/", SERVICE, ACTION, {})
        await session.close()
    assert raised.value.reason is Reason.NO_ROUTER


@pytest.mark.parametrize("reset", [False, True], ids=["quirk-54-end", "quirk-54-reset"])
async def test_router_hangs_up_once(
    session: aiohttp.ClientSession, socket_enabled: None, reset: bool
) -> None:
    """A connection that breaks off before any answer is no refusal: once more."""
    requests: list[bytes] = []

    async def hang_up(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        requests.append(await reader.readuntil(b"</s:Envelope>"))
        if len(requests) > 1:
            writer.write(Response(200, GOOD).encode())
        elif reset:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/"
        assert await call(session, url, SERVICE, ACTION, {}) == ADDRESS

    assert requests[0] == requests[1]


async def test_router_always_hangs_up_quirk_54(
    session: aiohttp.ClientSession, socket_enabled: None
) -> None:
    """Twice is enough."""
    connections: list[asyncio.StreamWriter] = []

    async def hang_up(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connections.append(writer)
        await reader.readuntil(b"</s:Envelope>")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(LostError):
            await call(session, f"http://127.0.0.1:{port}/", SERVICE, ACTION, {})

    assert len(connections) == 2


async def test_nobody_there(
    session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    """A closed port means that the router is gone, or has moved."""
    with pytest.raises(PortMapError) as raised:
        await request(session, "GET", f"http://127.0.0.1:{unused_tcp_port}/", timeout=5)
    assert raised.value.reason is Reason.NO_ROUTER
