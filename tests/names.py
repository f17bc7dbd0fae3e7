"""A name service that knows two hosts."""

import errno
import socket
from typing import override

from aiohttp.abc import AbstractResolver, ResolveResult

ADDRESSES = {"den.local": "127.0.0.1", "public.example": "198.51.100.7"}


class Names(AbstractResolver):
    """Resolves the names for HTTP clients."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the address of a host. Raises OSError if there is none."""
        if host not in ADDRESSES:
            raise OSError(errno.ENOENT, "no such name")
        return [
            ResolveResult(
                hostname=host,
                host=ADDRESSES[host],
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]

    @override
    async def close(self) -> None:
        """There is nothing to close."""

    async def real_close(self) -> None:
        """Do what the test plugin asks of its own resolver at the end."""
