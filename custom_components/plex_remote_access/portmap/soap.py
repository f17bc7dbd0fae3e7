"""Calling an action of a UPnP service (SOAP over HTTP).

UPnP Device Architecture 1.1, section 3.
"""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

import aiohttp

from . import const
from .http import LostError, Page, request
from .model import PortMapError, Reason
from .xml import local_name, local_values, parse_xml

ACTION_FAILED: Final = 501
# The output arguments that are read. Routers spell names as they like.
_OUTPUTS: Final = {
    name.lower(): name
    for name in (
        "NewConnectionStatus",
        "NewExternalIPAddress",
        "NewExternalPort",
        "NewInternalClient",
        "NewInternalPort",
        "NewLeaseDuration",
        "NewPortMappingDescription",
        "NewProtocol",
        "NewReservedPort",
    )
}


class SoapFault(PortMapError):
    """A service answered with a UPnP error.

    Codes: WANIPConnection:2, section 2.5, and UPnP Device Architecture 1.1, 3.2.2.
    """

    def __init__(self, code: int, description: str, *, explained: bool = True) -> None:
        """Keep the code for the reaction, and the router's own words.

        Without an explanation, the code is the generic one.
        """
        super().__init__(Reason.FAILED, f"UPnP error {code} {description}".rstrip())
        self.code: Final = code
        self.explained: Final = explained


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


def parse_response(page: Page, action: str) -> dict[str, str]:
    """Return an action's output arguments.

    Raises SoapFault for a UPnP error, LostError where the service has moved, and
    PortMapError for anything that is not an answer to this action: some routers send
    a web page with status 200.
    """
    response: dict[str, str] | None = None
    try:
        document = parse_xml(page.body)
    except PortMapError:
        if page.status == 200:
            raise
    else:
        for element in document.iter():
            name = local_name(element).lower()
            if name == "upnperror":
                values = {
                    name.lower(): text for name, text in local_values(element).items()
                }
                raise _fault(values)
            if name == f"{action}response".lower():
                response = {
                    _OUTPUTS.get(name.lower(), name): text
                    for name, text in local_values(element).items()
                }
    if page.status == 200 and response is not None:
        return response
    words = f"No answer to {action} (HTTP {page.status})"
    if page.status == 500:
        # An error page, or nothing at all; the generic code leads to what it means.
        raise SoapFault(ACTION_FAILED, "without explanation", explained=False)
    if page.status == 404:
        raise LostError(Reason.FAILED, words)
    raise PortMapError(Reason.FAILED, words)


def _fault(values: Mapping[str, str]) -> SoapFault:
    """Read a UPnP error; the generic code stands in for what is none."""
    try:
        code = int(values.get("errorcode", ""))
    except ValueError:
        return SoapFault(ACTION_FAILED, "without a code", explained=False)
    return SoapFault(code, values.get("errordescription", ""))


async def call(
    session: aiohttp.ClientSession,
    url: str,
    service_type: str,
    action: str,
    arguments: Mapping[str, str],
) -> dict[str, str]:
    """Call an action and return its output arguments. Raises as parse_response."""
    page = await request(
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
    return parse_response(page, action)
