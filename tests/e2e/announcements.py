"""Plex servers that a neighbour invents, announced by mDNS: thousands, some broken.

`python -m tests.e2e.announcements ADDRESS...` announces all of them again and again, a
little changed each time, until ended. Most lead to the addresses, where the neighbour
listens; the others lead to where nobody should be sent.
"""

from collections.abc import Iterator
from itertools import batched, count
from random import Random
import socket
import struct
import sys
import time
from typing import Final

from tests.lab import INTERNET_ADDRESS, ROUTER_ADDRESS

from .false_servers import IMPOSTOR, PLAIN, SECURE, SILENT

SERVERS: Final = 2000

_GROUP: Final = ("224.0.0.251", 5353)
_KIND: Final = ("_plexmediasvr", "_tcp", "local")
_POINTER, _TEXT, _IPV6, _SERVICE, _IPV4 = 12, 16, 28, 33, 1
# Of a record that nobody else has.
_UNIQUE: Final = 0x8001
_ANSWER: Final = 0x8400
_SECONDS: Final = 120
_SERVERS_IN_A_PACKET: Final = 5
_PAUSE: Final = 0.01
# These take their announcement back each time.
_FICKLE: Final = 7

# Where nobody is, where only the owner's own things are, and where nobody may look.
_ELSEWHERE: Final[tuple[tuple[str | None, int], ...]] = (
    ("127.0.0.1", 8123),
    ("127.0.0.1", 32400),
    ("9.9.9.9", 32400),
    (ROUTER_ADDRESS, 5000),
    ("169.254.169.254", 80),
    ("224.0.0.251", 32400),
    ("0.0.0.0", 32400),
    ("::1", 8123),
    ("fe80::1", 32400),
    ("fd00::1", 32400),
    ("2001:4860:4860::8888", 32400),
    (None, 32400),
)
_NAMES: Final = (
    "Fake",
    "<script>alert(1)</script>",
    "{name}\x1b[31m\r\nERROR",
    "ü" * 24,
)
_TEXTS: Final = (
    b"\x09version=1",
    b"",
    b"\x00",
    b"\xffcut off",
    b"\x01=\x04a=\xff\xfe\x04a=b=",
    b"\xff" + b"x" * 255,
)


def _name(*labels: str) -> bytes:
    parts = [label.encode()[:63] for label in labels]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def _record(name: bytes, kind: int, seconds: int, data: bytes) -> bytes:
    group = 1 if kind == _POINTER else _UNIQUE
    return name + struct.pack("!HHIH", kind, group, seconds, len(data)) + data


def _places(addresses: list[str]) -> list[tuple[str | None, int]]:
    """Return where the servers are said to be."""
    listening = (*PLAIN, SECURE, IMPOSTOR, SILENT)
    places: list[tuple[str | None, int]] = [
        # Every other one at the first address, the others at all of them.
        (addresses[number // 2 % len(addresses) * (number % 2)], port)
        for number, port in zip(range(SERVERS), listening * SERVERS, strict=False)
    ]
    places[::8] = (_ELSEWHERE * SERVERS)[: len(places[::8])]
    # Somebody listens there as well.
    places[4::8] = [(INTERNET_ADDRESS, PLAIN[0])] * len(places[4::8])
    places[1::40] = [(addresses[0], 0)] * len(places[1::40])
    Random(0).shuffle(places)
    return places


def _announcement(number: int, place: tuple[str | None, int], turn: int) -> list[bytes]:
    """Return all records of one server; some take it back every other time."""
    address, port = place
    server = _name(f"{_NAMES[number % len(_NAMES)]} {number}", *_KIND)
    if turn % 2 and number % _FICKLE == 0:
        return [_record(_name(*_KIND), _POINTER, 0, server)]
    host = _name(f"fake{number}", "local")
    records = [
        _record(_name(*_KIND), _POINTER, _SECONDS, server),
        _record(server, _SERVICE, _SECONDS, struct.pack("!HHH", 0, 0, port) + host),
        _record(server, _TEXT, _SECONDS, _TEXTS[(number + turn) % len(_TEXTS)]),
    ]
    if address:
        family, kind = (
            (socket.AF_INET6, _IPV6) if ":" in address else (socket.AF_INET, _IPV4)
        )
        packed = socket.inet_pton(family, address)
        records.append(_record(host, kind, _SECONDS, packed))
    return records


def _packets(places: list[tuple[str | None, int]], turn: int) -> Iterator[bytes]:
    """Return one turn of announcements, several to a packet."""
    for batch in batched(enumerate(places), _SERVERS_IN_A_PACKET, strict=False):
        records = [
            record
            for number, place in batch
            for record in _announcement(number, place, turn)
        ]
        header = struct.pack("!HHHHHH", 0, _ANSWER, 0, len(records), 0, 0)
        yield header + b"".join(records)


def main() -> None:
    """Announce until ended."""
    addresses = sys.argv[1:]
    places = _places(addresses)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((addresses[0], _GROUP[1]))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        for turn in count():
            for packet in _packets(places, turn):
                sock.sendto(packet, _GROUP)
                # As fast as nothing is lost on the way.
                time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
