"""How long a mapping is granted for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasePolicy:
    """Limits in seconds, at first those of miniupnpd; None = no limit."""

    upnp_zero: int | None = 604800
    """What a UPnP lease of 0 becomes; None = permanent, as IGD version 1 has it."""
    upnp_longest: int = 604800
    pcp_shortest: int = 120
    pcp_longest: int = 86400
    pcp_refusal: int | None = None
    """Lifetime of every PCP refusal; None = the usual one of its result code."""
    nat_pmp_longest: int | None = None

    def upnp(self, asked: int) -> int | None:
        """Return the lease for AddPortMapping; None = permanent."""
        if asked == 0:
            return self.upnp_zero
        return min(asked, self.upnp_longest)

    def pcp(self, asked: int) -> int:
        """Return the lifetime for MAP."""
        return max(self.pcp_shortest, min(asked, self.pcp_longest))

    def nat_pmp(self, asked: int) -> int:
        """Return the lifetime for a NAT-PMP mapping."""
        if self.nat_pmp_longest is None:
            return asked
        return min(asked, self.nat_pmp_longest)
