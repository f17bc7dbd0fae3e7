"""Plex servers that a neighbour invents: they answer, and write down who asks what.

`python -m tests.e2e.false_servers MACHINE_IDENTIFIER ADDRESS...` answers searches (GDM)
from all of the addresses with thousands of servers. Each request goes to the output as
a line of JSON.
"""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import count
import json
import socket
import sys
from typing import Any, Final, override

from tests.simulators.plex.certificate import make_certificate

PLAIN: Final = range(33001, 33009)
SECURE: Final = 33101
# Says to be the server that is set up.
IMPOSTOR: Final = 33201
# Takes requests, and never answers.
SILENT: Final = 33301
READY: Final = "ready"

_GROUP: Final = "239.0.0.250"
_GDM_PORT: Final = 32414
_SEARCH: Final = b"M-SEARCH *"
_ANSWERS: Final = 4000
_NAMES: Final = (
    "Fake",
    "<img src=x onerror=alert(1)>",
    "{name}\x1b[31m",
    "ü" * 200,
    "x" * 60000,
    "",
)
_PORTS: Final = (*PLAIN, SECURE, IMPOSTOR, SILENT, 0, 70000)

type _Handler = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]
]


def _handler(identify: Callable[[], str | None]) -> _Handler:
    """Return what answers each connection, as the server that is told then."""

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            host, port = writer.get_extra_info("sockname")[:2]
            _tell(host=host, port=port, request=request.decode(errors="replace"))
            if (identifier := identify()) is None:
                await reader.read()
                return
            body = json.dumps(
                {"MediaContainer": {"machineIdentifier": identifier, "version": "1"}}
            )
            writer.write(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            await writer.drain()
        except OSError, EOFError:
            pass
        finally:
            writer.close()

    return handle


class _Searches(asyncio.DatagramProtocol):
    """Answers each search with far too many servers."""

    def __init__(self, addresses: list[str]) -> None:
        """Answer from these addresses."""
        self._sockets = [
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in addresses
        ]
        for sock, address in zip(self._sockets, addresses, strict=True):
            sock.bind((address, 0))

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.startswith(_SEARCH):
            return
        for number in range(_ANSWERS):
            sock = self._sockets[number % len(self._sockets)]
            sock.sendto(_answer(number), addr)
        _tell(searched=addr[0])


def _answer(number: int) -> bytes:
    """Return one answer to a search; some lead nowhere."""
    return (
        "HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\n"
        f"Name: {_NAMES[number % len(_NAMES)]}\r\n"
        f"Port: {_PORTS[number % len(_PORTS)]}\r\nResource-Identifier: gdm{number}\r\n"
    ).encode()


def _tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


async def _run(machine_identifier: str, addresses: list[str]) -> None:
    """Serve until ended."""
    numbers = count()
    anybody = _handler(lambda: f"{next(numbers):040d}")
    for port in PLAIN:
        await asyncio.start_server(anybody, "0.0.0.0", port)
    tls = make_certificate("f" * 32).context
    await asyncio.start_server(anybody, "0.0.0.0", SECURE, ssl=tls)
    await asyncio.start_server(
        _handler(lambda: machine_identifier), "0.0.0.0", IMPOSTOR
    )
    await asyncio.start_server(_handler(lambda: None), "0.0.0.0", SILENT)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Searches(addresses), local_addr=("0.0.0.0", _GDM_PORT)
    )
    transport.get_extra_info("socket").setsockopt(
        socket.IPPROTO_IP,
        socket.IP_ADD_MEMBERSHIP,
        socket.inet_aton(_GROUP) + socket.inet_aton(addresses[0]),
    )
    print(READY, flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], sys.argv[2:]))
