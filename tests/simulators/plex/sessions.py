"""Who is streaming from a Plex server (`/status/sessions`)."""

from dataclasses import dataclass
import xml.etree.ElementTree as ET

from aiohttp import web

from .wire import PROTOCOL, WireForm


@dataclass(frozen=True)
class Stream:
    """Somebody who streams; older servers tell no location."""

    local: bool
    tells_location: bool = True


def answer_sessions(
    request: web.Request, streams: list[Stream], form: WireForm
) -> web.Response:
    """Answer who streams, in the form that the client asked for."""
    wants_json = "application/json" in request.headers.get("Accept", "")
    if not wants_json or form.xml_always:
        root = ET.Element("MediaContainer", {"size": str(len(streams))})
        for stream in streams:
            video = ET.SubElement(root, "Video", {"title": "A film"})
            ET.SubElement(video, "Player", {"local": str(int(stream.local))})
            if stream.tells_location:
                ET.SubElement(video, "Session", {"location": _location(stream)})
        return web.Response(
            text=ET.tostring(root, "unicode"), content_type="text/xml", headers=PROTOCOL
        )
    items = [
        {
            "title": "A film",
            "Player": {"local": stream.local},
            **(
                {"Session": {"location": _location(stream)}}
                if stream.tells_location
                else {}
            ),
        }
        for stream in streams
    ]
    container = {"size": len(items), **({"Metadata": items} if items else {})}
    return web.json_response({"MediaContainer": container}, headers=PROTOCOL)


def _location(stream: Stream) -> str:
    return "lan" if stream.local else "wan"
