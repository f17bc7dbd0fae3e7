"""Pass frames on between two interfaces, each after a random time.

`delay_packets.py INTERFACE INTERFACE LEAST MOST` in milliseconds, until ended. For
kernels without netem. What the numbers mean is in <linux/if_packet.h>.
"""

import asyncio
import random
import socket
import sys

_ALL_PROTOCOLS = 0x0003
_SOL_PACKET = 263
# With its header a frame keeps what the kernel has left to the network card: checksums,
# and the parting of what is too long.
_VIRTUAL_HEADER, _IGNORE_OUTGOING = 15, 23
_LONGEST = 1 << 17


def _socket(interface: str) -> socket.socket:
    """Open an interface for what comes in, and for what is to go out."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.setblocking(False)
    wire.setsockopt(_SOL_PACKET, _VIRTUAL_HEADER, 1)
    wire.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    wire.bind((interface, _ALL_PROTOCOLS))
    return wire


async def _pass_on(
    source: socket.socket, target: socket.socket, least: float, most: float
) -> None:
    """Pass on in one direction until ended."""
    loop = asyncio.get_running_loop()
    while True:
        frame = await loop.sock_recv(source, _LONGEST)
        loop.call_later(random.uniform(least, most) / 1000, target.send, frame)


async def main(one: str, other: str, least: str, most: str) -> None:
    """Pass on in both directions until ended."""
    ends = _socket(one), _socket(other)
    print("delaying", flush=True)
    await asyncio.gather(
        *(
            _pass_on(source, target, float(least), float(most))
            for source, target in (ends, reversed(ends))
        )
    )


asyncio.run(main(*sys.argv[1:]))
