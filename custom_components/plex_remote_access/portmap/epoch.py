"""Whether a router has kept its mappings, by what it says of itself.

NAT-PMP and PCP cannot read the router's table. In both every answer tells the epoch:
for how many seconds the router has kept what it granted.
"""

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
import math
import time
from typing import Final

from . import const
from .model import Mapping, Method, PortMapError, Reason

type Rule = Callable[[float, float], bool]
"""Whether mappings are lost, by how far the router's clock and ours went on."""


def is_lost_by_nat_pmp(server_delta: float, client_delta: float) -> bool:
    """Apply section 3.6 of RFC 6886: a router's clock may be slow by an eighth."""
    return server_delta < client_delta * 7 / 8 - 2


def is_lost_by_pcp(server_delta: float, client_delta: float) -> bool:
    """Apply section 8.5 of RFC 6887: neither clock may be off by a sixteenth."""
    return (
        server_delta < -1
        or client_delta + 2 < server_delta - server_delta / 16
        or server_delta + 2 < client_delta - client_delta / 16
    )


class Epoch:
    """The epoch of one router in one protocol."""

    def __init__(self, rule: Rule) -> None:
        """Judge by the rule of the protocol."""
        self._rule = rule
        self._last: tuple[int, float] | None = None

    def lost(self, server_epoch: int, now: float) -> bool:
        """Take an answer in and tell whether the router lost mappings before it.

        The first answer is always in order, and each is what the next one is held
        against, also after a loss.
        """
        last, self._last = self._last, (server_epoch, now)
        return last is not None and self._rule(server_epoch - last[0], now - last[1])


_RULES: Final = {Method.NAT_PMP: is_lost_by_nat_pmp, Method.PCP: is_lost_by_pcp}


class Continuity:
    """Since when one router has kept what it granted: one question for all mappings."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        """Put the question by `look`, which reports the answer to `hear`.

        What an earlier run remembers counts as lost once: nobody watched meanwhile.
        """
        self.address: IPv4Address | None = None
        """The router's address on the Internet side, as it last told it."""
        self.restarted_at: float
        """When the router was heard to have begun anew, or to have another address."""
        self._look = look
        self._epochs = {method: Epoch(rule) for method, rule in _RULES.items()}
        self._addresses: dict[Method, IPv4Address] = {}
        self._lock = asyncio.Lock()
        self._looked_at = -math.inf
        self._refusal: PortMapError | None = None
        self._lost_at = self.restarted_at = time.monotonic()

    def hear(
        self, method: Method, epoch: int, address: IPv4Address | None = None
    ) -> None:
        """Take in what any answer told.

        Some routers do not reset the epoch when their address changes, so both count:
        https://github.com/miniupnp/miniupnp/issues/254
        """
        now = time.monotonic()
        lost = self._epochs[method].lost(epoch, now)
        if address is not None:
            # A router with several addresses may tell another one in each protocol.
            known = self._addresses.get(method, self.address)
            lost = lost or known not in {None, address}
            self._addresses[method] = self.address = address
        if lost:
            self._lost_at = self.restarted_at = now

    async def look(self) -> None:
        """Ask the router, unless it was asked within SHARED_ANSWER.

        Raises PortMapError if it does not answer, or refuses to.
        """
        async with self._lock:
            if time.monotonic() >= self._looked_at + const.SHARED_ANSWER:
                before, self._refusal = self._refusal, None
                try:
                    await self._look()
                except PortMapError as err:
                    self._refusal = err
                    # One that goes on says nothing about what was granted meanwhile.
                    goes_on = before is not None and before.reason is err.reason
                    if err.reason is not Reason.NO_ROUTER and not goes_on:
                        self._forget()
                self._looked_at = time.monotonic()
            if (refusal := self._refusal) is not None:
                raise PortMapError(
                    refusal.reason, refusal.detail, retry_after=refusal.retry_after
                )

    async def stands(self, mapping: Mapping) -> bool:
        """Tell whether a mapping was granted after the last loss.

        Raises PortMapError if nobody answers. A router that is there and refuses to
        tell may have lost it: asking for the mapping again shows what is wrong.
        """
        try:
            await self.look()
        except PortMapError as err:
            if err.reason is Reason.NO_ROUTER:
                raise
        return mapping.granted_at >= self._lost_at

    def _forget(self) -> None:
        self._lost_at = time.monotonic()
        self._addresses.clear()
        self.address = None
