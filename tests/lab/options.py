"""What kind of router the lab has."""

from dataclasses import dataclass

from .topology import WAN_ADDRESS


@dataclass(frozen=True, kw_only=True, slots=True)
class RouterOptions:
    """How the router is set up; the defaults are those of most home routers.

    `nat_pmp` and `pcp` share one UDP port. With one of the two off, its packets
    are lost in silence; with both off, the port is closed.
    """

    upnp: bool = True
    nat_pmp: bool = True
    pcp: bool = True
    secure_mode: bool = True
    """Whether UPnP clients may map ports only to themselves."""
    pcp_third_party: bool = False
    """Whether PCP clients may map ports to other hosts."""
    refuses: bool = False
    """Whether nobody may map anything."""
    announces: bool = True
    """Whether the LAN hears of a new address, a restart or the router's end."""
    igd_v1: bool = False
    """Whether the router says that it is an InternetGatewayDevice:1."""
    wan_address: str = WAN_ADDRESS
    """Outside 192.0.1.0/24 the router is behind a carrier's NAT."""
    http_port: int = 5000
    """Port of the device description; 0 is another one after each start."""
    pcp_min_lifetime: int = 120
    pcp_max_lifetime: int = 86400
