"""Reading the XML of routers, also where it is none by the rules."""

from html import unescape
import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError, SubElement

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .model import PortMapError, Reason

# A tag with whatever stands in it. The quantifiers are possessive: no text of a
# neighbour makes this slow.
_TAG: Final = re.compile(r"<(/?)([A-Za-z_][\w.:-]*+)([^<>]*+)>")
_MAX_DEPTH: Final = 32
# Tags and attributes; the longest descriptions have some thousand. More of them take
# long to read, and a hundred times their length in memory.
_MAX_PARTS: Final = 4096


class HostileError(PortMapError):
    """This XML was made to harm those who read it."""


def parse_xml(body: bytes, *, strict: bool = False) -> Element:
    """Read XML; what is broken is read tag by tag. Raises PortMapError if it is none."""
    if body.count(b"<") + body.count(b"=") > _MAX_PARTS:
        raise HostileError(Reason.FAILED, "The router's XML has too many parts")
    try:
        document: Element = fromstring(body.strip(b"\0 \t\r\n"))
    except DefusedXmlException as err:
        # Entities: no router needs them, and they are made to harm.
        raise HostileError(Reason.FAILED, "The router sent hostile XML") from err
    except ParseError, ValueError, LookupError:
        recovered = None if strict else _recover(body.decode(errors="replace"))
        if recovered is None:
            raise PortMapError(Reason.FAILED, "The router sent no XML") from None
        return recovered
    return document


def local_name(element: Element) -> str:
    """Return an element's name without its namespace; routers mix these up."""
    return element.tag.rpartition("}")[2].rpartition(":")[2]


def local_values(element: Element) -> dict[str, str]:
    """Return the texts of an element's children by their local names."""
    return {local_name(child): (child.text or "").strip() for child in element}


def _recover(text: str) -> Element | None:
    """Read what can be read of XML that is not well-formed.

    Mismatched tags: https://github.com/home-assistant/core/issues/71138, bytes that
    are no text: https://github.com/home-assistant/core/issues/55783. A text at the
    very end is left out, as it may be cut off.
    """
    root: Element | None = None
    path: list[Element] = []
    end = 0
    for tag in _TAG.finditer(text):
        if path and len(path[-1]) == 0 and (content := text[end : tag.start()]):
            path[-1].text = (path[-1].text or "") + unescape(content)
        end = tag.end()
        closes, name, attributes = tag.groups()
        if closes:
            _close(path, name)
            continue
        if root is None:
            root = element = Element(name)
        else:
            del path[_MAX_DEPTH:]
            element = SubElement(path[-1] if path else root, name)
        if not attributes.endswith("/"):
            path.append(element)
    return root


def _close(path: list[Element], name: str) -> None:
    """Leave the innermost element of this name, and all that is in it.

    A name that is not open belongs to a start tag that was misspelt: the innermost.
    """
    names = [element.tag for element in path]
    if name in names:
        del path[len(names) - 1 - names[::-1].index(name) :]
    elif path:
        path.pop()
