"""The router's nftables rules: what it forwards, and what it refuses."""

from dataclasses import dataclass
from enum import StrEnum
import json
from typing import Any

from .namespaces import Namespaces
from .options import RouterOptions
from .topology import (
    INTERNET,
    INTERNET_ADDRESS,
    LAN_INTERFACE,
    WAN_ADDRESS,
    WAN_INTERFACE,
    Host,
)

TABLE = "gateway"
FORWARD_CHAIN = "miniupnpd"
PREROUTING_CHAIN = "prerouting_miniupnpd"
POSTROUTING_CHAIN = "postrouting_miniupnpd"

_PROTOCOL_NUMBERS = {6: "TCP", 17: "UDP"}

# miniupnpd fills the three chains with its name. All else that comes from outside is
# refused rather than dropped, so that a closed port shows at once.
_RULES = f"""
table inet {TABLE} {{
    chain input {{
        type filter hook input priority 0; policy accept;
        %(lost_requests)s
        iifname "{WAN_INTERFACE}" jump refuse
    }}
    chain output {{
        type filter hook output priority 0; policy accept;
        %(lost_announcements)s
    }}
    chain forward {{
        type filter hook forward priority 0; policy drop;
        # Where the kernel's br_netfilter is loaded, what is only switched comes here.
        iifname "{LAN_INTERFACE}" oifname "{LAN_INTERFACE}" accept
        iifname "{LAN_INTERFACE}" oifname "{WAN_INTERFACE}" accept
        jump {FORWARD_CHAIN}
        jump refuse
    }}
    chain refuse {{
        ct state established,related accept
        icmp type echo-request accept
        meta l4proto tcp reject with tcp reset
        reject
    }}
    chain prerouting {{
        type nat hook prerouting priority dstnat;
        jump {PREROUTING_CHAIN}
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat;
        jump {POSTROUTING_CHAIN}
        oifname "{WAN_INTERFACE}" masquerade
    }}
    chain {FORWARD_CHAIN} {{ }}
    chain {PREROUTING_CHAIN} {{ }}
    chain {POSTROUTING_CHAIN} {{ }}
}}
"""

# The carrier: who comes from a network of its own is seen with its public address.
_CARRIER_RULES = f"""
table ip carrier {{
    chain input {{
        type nat hook input priority 100;
        ip saddr != {INTERNET} ip daddr {INTERNET_ADDRESS} snat to {WAN_ADDRESS}
    }}
}}
"""


class Protocol(StrEnum):
    """A transport protocol, as UPnP writes it."""

    TCP = "TCP"
    UDP = "UDP"


@dataclass(frozen=True, order=True, slots=True)
class PortForward:
    """A port of the WAN address that really leads into the LAN."""

    protocol: Protocol
    external_port: int
    target_address: str
    target_port: int


def set_up(namespaces: Namespaces, options: RouterOptions) -> None:
    """Load the rules of the router, and of the carrier before it."""
    # The first byte of the payload is the version: 0 is NAT-PMP, 2 is PCP.
    silent = [
        f"@th,64,8 {version} drop"
        for version, enabled in ((0, options.nat_pmp), (2, options.pcp))
        if not enabled
    ]
    announcements = [f"udp sport 5351 {rule}" for rule in silent]
    if not options.announces:
        announcements.append("ip daddr 224.0.0.0/4 drop")
    rules = _RULES % {
        "lost_requests": "\n".join(f"udp dport 5351 {rule}" for rule in silent),
        "lost_announcements": "\n".join(announcements),
    }
    namespaces.run(Host.ROUTER, "nft", "-f", "-", stdin=rules)
    namespaces.run(Host.WAN, "nft", "-f", "-", stdin=_CARRIER_RULES)


def flush_port_forwards(namespaces: Namespaces) -> None:
    """Empty the chains of miniupnpd."""
    chains = (FORWARD_CHAIN, PREROUTING_CHAIN, POSTROUTING_CHAIN)
    rules = "\n".join(f"flush chain inet {TABLE} {chain}" for chain in chains)
    namespaces.run(Host.ROUTER, "nft", "-f", "-", stdin=rules)


def lose_packets(namespaces: Namespaces, percent: int) -> None:
    """Drop some packets between router and LAN at random."""
    some = f"numgen random mod 100 <= {percent - 1} drop"
    _replace(
        namespaces,
        f"""
table inet weather {{
    chain input {{
        type filter hook input priority -10;
        iifname "{LAN_INTERFACE}" {some}
    }}
    chain output {{
        type filter hook output priority -10;
        oifname "{LAN_INTERFACE}" {some}
    }}
    chain forward {{
        type filter hook forward priority -10;
        {some}
    }}
}}
"""
        if percent
        else None,
        "inet weather",
    )


def redirect(namespaces: Namespaces, port: int, target: int | None) -> None:
    """Lead a TCP port of the router, as the LAN sees it, to another one or back."""
    _replace(
        namespaces,
        f"""
table ip redirected {{
    chain prerouting {{
        type nat hook prerouting priority dstnat - 10;
        iifname "{LAN_INTERFACE}" tcp dport {port} redirect to :{target}
    }}
}}
"""
        if target
        else None,
        "ip redirected",
    )


def _replace(namespaces: Namespaces, rules: str | None, table: str) -> None:
    """Put rules in a table's place, or only remove it."""
    removal = f"table {table}\ndelete table {table}\n"
    namespaces.run(Host.ROUTER, "nft", "-f", "-", stdin=removal + (rules or ""))


def read_port_forwards(namespaces: Namespaces) -> list[PortForward]:
    """Return what the kernel of the router forwards."""
    result = namespaces.run(Host.ROUTER, "nft", "-j", "list", "ruleset")
    expressions = [
        item["rule"]["expr"]
        for item in json.loads(result.stdout)["nftables"]
        if "rule" in item
    ]
    return sorted(
        _port_forward(expression)
        for expression in expressions
        if any("dnat" in statement for statement in expression)
    )


def _port_forward(expression: list[dict[str, Any]]) -> PortForward:
    """Return the meaning of a DNAT rule.

    miniupnpd matches the protocol number as 8 bits at offset 72 of the IP header,
    which nftables does not translate back into a name.
    """
    matches = {
        json.dumps(statement["match"]["left"], sort_keys=True): statement["match"]
        for statement in expression
        if "match" in statement
    }
    protocol = matches['{"payload": {"base": "nh", "len": 8, "offset": 72}}']
    port = matches['{"payload": {"field": "dport", "protocol": "th"}}']
    (target,) = (item["dnat"] for item in expression if "dnat" in item)
    return PortForward(
        Protocol(_PROTOCOL_NUMBERS[protocol["right"]]),
        port["right"],
        target["addr"],
        target["port"],
    )
