"""All attacks by name, each with what it may cost."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from homeassistant.components.ssdp import SsdpChange

from tests.portmap.common import NONCE

from . import (
    attacks_found as found,
    attacks_plex as plex,
    attacks_router as router,
    attacks_signals as signals,
    raw,
)
from .bounds import Bound


@dataclass(frozen=True, kw_only=True, slots=True)
class Attack:
    """Something that a neighbour does; it returns how many requests that caused."""

    carry_out: Callable[[], Awaitable[int]]
    bound: Bound


_MIB: Final = 1024 * 1024


def _attack(
    carry_out: Callable[..., Awaitable[int]],
    *arguments: object,
    requests: int = 1,
    seconds: float = 4,
    busy: float = 1,
    memory: int = 4 * _MIB,
) -> Attack:
    return Attack(
        carry_out=partial(carry_out, *arguments),
        bound=Bound(requests=requests, seconds=seconds, busy=busy, memory=memory),
    )


# The longest answer of a server is of 2 MiB, and is held twice for a moment.
_attack_by_plex: Final = partial(_attack, memory=8 * _MIB)

# Home Assistant itself begins a flow for each that is announced.
_attack_by_crowd: Final = partial(_attack, seconds=60, busy=60, memory=64 * _MIB)

# A question that fails is asked once more in other words, and there are two.
_BODIES: Final = {
    "endless body": raw.ENDLESS,
    "body of 100 MB": raw.LONG,
    "chunks of 100 MB": raw.CHUNKED,
    "100 MB of headers": raw.HEADERS,
    "100 MB, compressed": raw.BOMB,
}
_SERVICE: Final = (
    b"<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1"
    b"</serviceType><controlURL>/%d</controlURL></service>"
)
_ENTITIES: Final = b"".join(
    b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10)
    for level in range(1, 10)
)
_DESCRIPTIONS: Final = {
    "a billion laughs": b'<!DOCTYPE r [<!ENTITY a0 "ha">%s]><r>&a9;</r>' % _ENTITIES,
    "external entity: a file": (
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'
    ),
    "external entity: a host": (
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "http://VICTIM/">]><r>&x;</r>'
    ),
    "external document type": b'<!DOCTYPE r SYSTEM "http://VICTIM/"><r/>',
    "65,000 elements": b"<r>" + b"<a/>" * 65000 + b"</r>",
    "87,000 elements in each other": b"<a>" * 87000,
    "1,300 elements in each other": b"<a>" * 1300 + b"</a>" * 1300,
    "26,000 attributes": b"<r %s/>" % b" ".join(b'a%d=""' % n for n in range(26000)),
    "5,800 bases for 1,000 services": (
        b"<r>" + b"<URLBase>/</URLBase>" * 5800 + _SERVICE % 1 * 1000 + b"</r>"
    ),
    "600 services": b"<r>" + b"".join(_SERVICE % n for n in range(600)) + b"</r>",
    "noise of 256 KiB": b"<r>" + b"&lt;" * 65000,
}
_MAP: Final = bytes.fromhex("0600000000007e907e9000000000000000000000ffffc6336407")
_PCP: Final = bytes.fromhex("0281000000001c200000002a") + bytes(12)
_LIES: Final = {
    "wrong nonce": [_PCP + NONCE[::-1] + _MAP],
    "wrong port": [bytes.fromhex("0082000000000e1000097e9000001c20")],
    "cut off": [(_PCP + NONCE + _MAP)[:40], bytes.fromhex("0082000000000e10")],
    "5,000 packets of noise": [bytes((number % 256,)) * 60 for number in range(5000)],
}
_ELSEWHERE: Final = (
    "http://127.0.0.1:1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://198.51.100.7/d.xml",
    "https://127.0.0.1:{port}/",
    "http://[::1]:1/",
    "file:///etc/passwd",
    "http://[broken",
)
_ANNOUNCEMENTS: Final = {
    "NAT-PMP": bytes.fromhex("0080000000000000c6336407"),
    "PCP": bytes.fromhex("028000000000000000000001") + bytes(12),
}
_ADVERTISEMENTS: Final = {
    "restarts": ("uuid:router", SsdpChange.ALIVE),
    "goodbyes": ("uuid:router", SsdpChange.BYEBYE),
    "names": ("uuid:{number}", SsdpChange.ALIVE),
}
_EVENT: Final = b"NOTIFY / HTTP/1.1\r\nSEQ: 1\r\nContent-Length: %d\r\n\r\n"
_ODD_VALUES: Final[tuple[object, ...]] = (
    None,
    [],
    {},
    -1,
    1e308,
    10**400,
    "9" * 5000,
    "NaN",
    [[]] * 1000,
)

ATTACKS: Final[dict[str, Attack]] = {
    "SSDP: 10,000 answers to a search": _attack(
        router.answers,
        [f"http://127.0.0.1:{{port}}/{n}" for n in range(router.FLOOD)],
        requests=8,
        busy=3,
    ),
    "SSDP: descriptions elsewhere": _attack(router.answers, _ELSEWHERE, requests=7),
    "SSDP: answers of strangers": _attack(router.answers_of_strangers, requests=0),
    "Router: redirects": _attack(router.redirects, 8),
    "Router: a byte at a time": _attack(router.body, raw.SLOW, 0.05),
    **{
        f"Router: {name}": _attack(router.body, parts, requests=4)
        for name, parts in _BODIES.items()
    },
    **{
        f"Description: {name}": _attack(router.description, content, requests=0)
        for name, content in _DESCRIPTIONS.items()
    },
    **{
        f"PCP, NAT-PMP: {name}": _attack(router.packets, lies, requests=12, seconds=7)
        for name, lies in _LIES.items()
    },
    "PCP, NAT-PMP: answers of strangers": _attack(
        router.packets,
        [_PCP + NONCE + _MAP, bytes.fromhex("0082000000000e107e907e9000001c20")],
        "127.0.0.2",
        requests=12,
        seconds=7,
    ),
    "Announcements: 10,000 of strangers": _attack(
        router.announcements, "127.0.0.2", requests=0
    ),
    **{
        f"Announcements: 10,000 of the router by {protocol}, kept by {method}": (
            _attack(
                partial(signals.announcements, packet, udp=udp),
                requests=20,
                seconds=10,
            )
        )
        for protocol, packet in _ANNOUNCEMENTS.items()
        for method, udp in (("PCP", True), ("UPnP", False))
    },
    **{
        f"Advertisements: 10,000 {name} of the router, kept by {method}": _attack(
            partial(signals.advertisements, device, change, udp=udp),
            requests=20,
            seconds=10,
            busy=2,
        )
        for name, (device, change) in _ADVERTISEMENTS.items()
        for method, udp in (("PCP", True), ("UPnP", False))
    },
    "Events: 50 strangers": _attack(
        router.events, ["127.0.0.2"] * 50, _EVENT % 0, requests=0
    ),
    "Events: huge bodies": _attack(
        router.events, ["127.0.0.1"] * 20, _EVENT % 10**9 + bytes(10**5), requests=0
    ),
    "Events: endless headers": _attack(
        router.events, ["127.0.0.1"] * 20, b"NOTIFY / HTTP/1.1\r\n" * 5000, requests=0
    ),
    "Plex: redirects to a thief of tokens": _attack_by_plex(plex.elsewhere, requests=4),
    "Plex: a byte at a time": _attack_by_plex(plex.body, raw.SLOW, 0.05, seconds=11),
    **{
        f"Plex: {name}": _attack_by_plex(plex.body, parts, requests=3)
        for name, parts in _BODIES.items()
    },
    **{
        f"Plex: odd settings {number}": _attack_by_plex(
            plex.body, raw.page(plex.settings(value)), requests=3
        )
        for number, value in enumerate(_ODD_VALUES)
    },
    "Plex: 2 MB of settings": _attack_by_plex(
        plex.body,
        raw.page(b'{"MediaContainer":{"Setting":[' + b"{}," * 600000 + b"{}]}}"),
        requests=3,
    ),
    "Plex: deep JSON": _attack_by_plex(
        plex.body, raw.page(b"[" * 2_000_000), requests=3
    ),
    "Plex: deep XML": _attack_by_plex(
        plex.body, raw.page(b"<a>" * 600_000), requests=3
    ),
    "Plex: news of 100 MB": _attack_by_plex(plex.endless_news),
    "Plex: 1,000 news of 100 kB": _attack_by_plex(plex.news, ["[" * 100_000] * 1000),
    "Plex: 10,000 servers found": _attack_by_plex(
        plex.found_servers, requests=32, busy=2
    ),
    "Found: 10,000 announced on one host": _attack_by_crowd(
        found.announced, 1, requests=8
    ),
    "Found: 10,000 announced on 50 hosts": _attack_by_crowd(
        found.announced, 50, requests=32
    ),
    "Found: 10,000 changes of one": _attack_by_crowd(
        partial(found.announced, 1, name="Den"), requests=8
    ),
    "Found: 10,000 answers at the start": _attack_by_crowd(
        found.answers_at_start, requests=8
    ),
}
