"""What the tests of the port mapper have in common."""

from dataclasses import replace
from ipaddress import IPv4Address

from custom_components.plex_remote_access.portmap import Mapping, Method, Place, Target
from custom_components.plex_remote_access.portmap.route import Route

PACKAGE = "custom_components.plex_remote_access.portmap"
LOOPBACK = IPv4Address("127.0.0.1")
ROUTE = Route(gateway=LOOPBACK, source=LOOPBACK, on_link=())
DESCRIPTION = "Plex Remote Access (c0ffee00)"
NONCE = bytes(range(12))
TARGET = Target(address=LOOPBACK, port=32400, description=DESCRIPTION, nonce=NONCE)
PLACE = Place(
    host="127.0.0.1",
    port=32400,
    description=TARGET.description,
    nonce=TARGET.nonce,
)
OTHER_HOST = replace(TARGET, address=IPv4Address("192.0.2.10"))
MAPPING = Mapping(
    method=Method.UPNP,
    gateway=LOOPBACK,
    target=TARGET,
    external_port=32400,
    granted_at=0,
    good_until=3600,
)


class Clock:
    """A clock that tests set; it takes the place of the module `time`."""

    def __init__(self) -> None:
        """Begin some time after the start of the machine."""
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now
