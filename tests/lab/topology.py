"""Which hosts there are, and how they are wired.

::

    lan 192.168.77.10 ─┐
                       ├─ br0 192.168.77.1  router  wan0 192.0.1.1 ── 192.0.1.254 wan
    nas 192.168.77.20 ─┘

A router whose WAN address is not one of 192.0.1.0/24 sits behind a carrier's NAT:
the wan host then has a leg in that network too, and owns the public address itself.
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from .namespaces import Namespaces

ROUTER_ADDRESS = "192.168.77.1"
LAN_ADDRESS = "192.168.77.10"
NAS_ADDRESS = "192.168.77.20"
LAN_NETWORK = IPv4Network("192.168.77.0/24")

# miniupnpd refuses to work with private and documentation addresses as its WAN
# address. This network is public by all rules and belongs to nobody's service.
INTERNET = IPv4Network("192.0.1.0/24")
INTERNET_ADDRESS = "192.0.1.254"
WAN_ADDRESS = "192.0.1.1"

LAN_INTERFACE = "br0"
WAN_INTERFACE = "wan0"
# The ends of the gap in the cable to the LAN host, while there is one.
GAP = ("lan0", "gap0")
_PREFIX = 24
_ROUTER_MAC = "02:00:00:00:00:01"


class Host(StrEnum):
    """Somewhere in the lab to run a program."""

    LAN = "lan"
    NAS = "nas"
    ROUTER = "router"
    WAN = "wan"


LAN_ADDRESSES = {
    Host.LAN: LAN_ADDRESS,
    Host.NAS: NAS_ADDRESS,
    Host.ROUTER: ROUTER_ADDRESS,
}


def wire(namespaces: Namespaces) -> None:
    """Connect the hosts; the router has no WAN address yet."""
    namespaces.set_kernel(
        Host.ROUTER,
        {
            "ipv4/ip_forward": 1,
            # Only routers of IPv4 so far: with a link-local address present at its
            # start or not, miniupnpd would behave in two ways.
            "ipv6/conf/all/disable_ipv6": 1,
            "ipv6/conf/default/disable_ipv6": 1,
        },
    )
    namespaces.ip(
        Host.ROUTER,
        # With one of its own, its address does not change with what is plugged in.
        f"link add {LAN_INTERFACE} address {_ROUTER_MAC} type bridge"
        " mcast_snooping 0 forward_delay 0",
        *(
            f"link add {interface} type veth peer name eth0 netns {namespaces.name(host)}"
            for interface, host in (
                ("lan0", Host.LAN),
                ("nas0", Host.NAS),
                (WAN_INTERFACE, Host.WAN),
            )
        ),
        f"link set lan0 master {LAN_INTERFACE} up",
        f"link set nas0 master {LAN_INTERFACE} up",
        f"addr add {ROUTER_ADDRESS}/{_PREFIX} dev {LAN_INTERFACE}",
        f"link set {LAN_INTERFACE} up",
        "link set lo up",
    )
    for host in (Host.LAN, Host.NAS):
        namespaces.ip(
            host,
            f"addr add {LAN_ADDRESSES[host]}/{_PREFIX} dev eth0",
            "link set eth0 up",
            f"route add default via {ROUTER_ADDRESS}",
            "link set lo up",
        )
    namespaces.ip(
        Host.WAN,
        f"addr add {INTERNET_ADDRESS}/{_PREFIX} dev eth0",
        "link set eth0 up",
        "link set lo up",
    )
    # An address that nobody has is told as unreachable in 0.2 s instead of 3 s.
    namespaces.set_kernel(
        Host.WAN,
        {
            "ipv4/neigh/eth0/mcast_solicit": 1,
            "ipv4/neigh/eth0/retrans_time_ms": 200,
        },
    )


def cut_cable(namespaces: Namespaces) -> None:
    """Part the LAN host from the bridge; somebody has to pass on what is sent."""
    namespaces.ip(
        Host.ROUTER,
        f"link add gap0 type veth peer name gap1 netns {namespaces.name(Host.ROUTER)}",
        f"link set gap1 master {LAN_INTERFACE} up",
        # The router answers no question of who has its address twice.
        "link set gap0 up promisc on arp off",
        "link set lan0 nomaster promisc on arp off",
    )


def mend_cable(namespaces: Namespaces) -> None:
    """Connect the LAN host with the bridge again."""
    namespaces.ip(
        Host.ROUTER,
        f"link set lan0 master {LAN_INTERFACE} promisc off arp on",
        "link del gap0",
    )


def connect_wan(namespaces: Namespaces, address: str) -> None:
    """Give the router its WAN address, and the Internet a way to it."""
    wan = IPv4Interface(f"{address}/{_PREFIX}")
    if wan.network == INTERNET:
        routes: list[str] = []
        internet_legs: list[str] = []
    else:
        carrier = wan.network.broadcast_address - 1
        routes = [f"route replace {INTERNET} dev {WAN_INTERFACE}"]
        internet_legs = [
            f"addr replace {carrier}/{_PREFIX} dev eth0",
            f"addr replace {WAN_ADDRESS}/{_PREFIX} dev eth0",
        ]
    namespaces.ip(
        Host.WAN,
        "addr flush dev eth0",
        f"addr add {INTERNET_ADDRESS}/{_PREFIX} dev eth0",
        *internet_legs,
    )
    namespaces.ip(
        Host.ROUTER,
        f"link set {WAN_INTERFACE} up",
        f"addr add {wan} dev {WAN_INTERFACE}",
        *routes,
    )


def disconnect_wan(namespaces: Namespaces) -> None:
    """Take the router's WAN address away, as the end of a PPP session does."""
    namespaces.ip(
        Host.ROUTER,
        f"addr flush dev {WAN_INTERFACE}",
        f"link set {WAN_INTERFACE} down",
    )


def is_behind_carrier(address: str) -> bool:
    """Whether a router with this WAN address has another NAT before it."""
    return IPv4Address(address) not in INTERNET
