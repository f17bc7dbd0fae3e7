"""Calling an action of a UPnP service (SOAP over HTTP).

UPnP Device Architecture 1.1, section 3.
"""

import asyncio
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import aiohttp
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from . import const
from .model import PortMapError, Reason

# Some routers fail on a kept connection, few gain from one.
_CLOSE: Final = {"Connection": "close"}


class SoapFault(PortMapError):
    """A service answered with a UPnP error.

    Codes: WANIPConnection:2, section 2.5, and UPnP Device Architecture 1.1, 3.2.2.
    """

    def __init__(self, code: int, description: str) -> None:
        """Keep the code for the reaction, and the router's own words."""
        super().__init__(Reason.FAILED, f"UPnP error {code} {description}".rstrip())
        self.code: Final = code


def build_request(
    service_type: str, action: str, arguments: Mapping[str, str]
) -> bytes:
    """Build the envelope. With prefixes: some routers fail on a default namespace."""
    content = "".join(
        f"<{name}>{escape(value)}</{name}>" for name, value in arguments.items()
    )
    return (
        '<?xml version="1.0"?>\r\n'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:{action} xmlns:u="{service_type}">{content}</u:{action}>'
        "</s:Body></s:Envelope>\r\n"
    ).encode()


def parse_response(body: bytes, status: int, action: str) -> dict[str, str]:
    """Return an action's output arguments.

    Raises SoapFault for a UPnP error, and PortMapError for anything that is not an
    answer to this action: some routers send a web page with status 200.
    """
    try:
        document = parse_xml(body)
    except PortMapError:
        if status == 500:
            # An empty error page; the generic code leads to the same reaction.
            raise SoapFault(501, "without explanation") from None
        raise
    response = None
    for element in document.iter():
        name = local_name(element).lower()
        if name == "upnperror":
            values = {local_name(child).lower(): child.text or "" for child in element}
            raise SoapFault(
                _error_code(values.get("errorcode", "")),
                values.get("errordescription", "").strip(),
            )
        if name == f"{action}response".lower():
            response = element
    if status != 200 or response is None:
        raise PortMapError(Reason.FAILED, f"No answer to {action} (HTTP {status})")
    return {local_name(child): (child.text or "").strip() for child in response}


def _error_code(text: str) -> int:
    """Read an error code; the generic one stands in for what is none."""
    try:
        return int(text)
    except ValueError:
        return 501


def parse_xml(body: bytes) -> Element:
    """Read XML of a router, which may be followed by garbage."""
    try:
        document: Element = fromstring(body.strip(b"\0 \t\r\n"))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as err:
        raise PortMapError(Reason.FAILED, "The router sent no XML") from err
    return document


def local_name(element: Element) -> str:
    """Return an element's name without its namespace; routers mix these up."""
    return element.tag.rpartition("}")[2]


async def call(
    session: aiohttp.ClientSession,
    url: str,
    service_type: str,
    action: str,
    arguments: Mapping[str, str],
) -> dict[str, str]:
    """Call an action and return its output arguments. Raises as parse_response."""
    status, body = await request(
        session,
        "POST",
        url,
        timeout=const.ACTION_TIMEOUT,
        data=build_request(service_type, action, arguments),
        headers={
            "Content-Type": 'text/xml; charset="utf-8"',
            "SOAPAction": f'"{service_type}#{action}"',
        },
    )
    return parse_response(body, status, action)


async def request(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    timeout: float,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Send one HTTP request; answers are bounded in size and time, never redirected."""
    try:
        async with (
            asyncio.timeout(timeout),
            session.request(
                method,
                url,
                data=data,
                headers={**_CLOSE, **(headers or {})},
                allow_redirects=False,
            ) as response,
        ):
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > const.MAX_BODY:
                    raise PortMapError(Reason.FAILED, "The router's answer is too long")
            return response.status, bytes(body)
    except TimeoutError as err:
        raise PortMapError(Reason.NO_ROUTER, "The router took too long") from err
    except aiohttp.ClientError as err:
        raise PortMapError(Reason.NO_ROUTER, type(err).__name__) from err
