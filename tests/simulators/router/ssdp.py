"""SSDP: answers to searches, and notifications (UPnP Device Architecture 1.1)."""

from typing import override

from . import igd
from .datagram import DatagramServer
from .gateway import Gateway
from .http_server import SERVER
from .records import PacketKind

GROUP = "239.255.255.250"
SEARCH = "M-SEARCH * HTTP/1.1"
ALL = "ssdp:all"
ROOT_DEVICE = "upnp:rootdevice"
MAX_AGE = 120


def offered(gateway: Gateway) -> dict[str, str]:
    """Return all that can be searched for, with its unique service name."""
    devices = igd.devices(gateway)
    names = {ROOT_DEVICE: f"{devices[0].udn}::{ROOT_DEVICE}"}
    for device in devices:
        names[device.udn] = device.udn
        for target in (device.device_type, device.service_type):
            names[target] = f"{device.udn}::{target}"
    return names


def _serves(offer: str, wanted: str) -> bool:
    """Tell whether an offer is what is wanted; newer versions serve older ones."""
    if offer == wanted:
        return True
    offer_name, _, offer_version = offer.rpartition(":")
    name, _, version = wanted.rpartition(":")
    return (
        offer_name == name
        and offer_version.isdecimal()
        and version.isdecimal()
        and 0 < int(version) < int(offer_version)
    )


class SsdpServer(DatagramServer):
    """Answers searches that come to its socket."""

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one search."""
        start, *lines = data.decode("latin-1").split("\r\n")
        if start != SEARCH or not self.receive(PacketKind.SSDP, data, addr):
            return
        headers = {
            name.strip().upper(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        if headers.get("MAN") != '"ssdp:discover"':
            return
        wanted = headers.get("ST", "")
        for offer, unique_name in offered(self.gateway).items():
            if wanted == ALL or _serves(offer, wanted):
                target = offer if wanted == ALL else wanted
                self.transport.sendto(self._response(target, unique_name), addr)

    def notify(self, subtype: str) -> None:
        """Tell the group that everything is here (alive) or goes away (byebye)."""
        group = GROUP, self.gateway.ssdp_port
        for target, unique_name in offered(self.gateway).items():
            headers = {
                "HOST": f"{GROUP}:{self.gateway.ssdp_port}",
                "NT": target,
                "NTS": f"ssdp:{subtype}",
                **self._headers(unique_name),
            }
            self.transport.sendto(_encode("NOTIFY * HTTP/1.1", headers), group)

    def _response(self, target: str, unique_name: str) -> bytes:
        """Return the answer to a search."""
        headers = {"ST": target, "EXT": "", **self._headers(unique_name)}
        return _encode("HTTP/1.1 200 OK", headers)

    def _headers(self, unique_name: str) -> dict[str, str]:
        """Return the headers of answers and notifications."""
        return {
            "USN": unique_name,
            "LOCATION": igd.location(self.gateway),
            "CACHE-CONTROL": f"max-age={MAX_AGE}",
            "SERVER": SERVER,
            "BOOTID.UPNP.ORG": str(self.gateway.boot_id),
            "CONFIGID.UPNP.ORG": str(igd.CONFIG_ID),
        }


def _encode(start: str, headers: dict[str, str]) -> bytes:
    """Return a packet."""
    lines = [start, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
