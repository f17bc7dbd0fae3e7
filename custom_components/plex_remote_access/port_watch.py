"""The port that we keep open, from one look to the next."""

from ipaddress import IPv4Address
from typing import Final

from .plex import Account, MappingState
from .portmap import KeptPort, Mapping
from .verdict import VerdictWatch


class PortWatch:
    """Notices when the port was opened, or leads to another address than before."""

    def __init__(self, verdict: VerdictWatch, adopted: Mapping | None) -> None:
        """Have new verdicts awaited when something is new.

        `adopted` is the mapping that stood before we started.
        """
        self.wanted: int | None = None
        """The external port to ask for, None while nobody has said."""
        self.public_address: str | None = None
        """Where plex.tv saw the server last; it may blank it when not reached."""
        self._verdict: Final = verdict
        self._adopted: Mapping | None = adopted
        self._times_opened = 0
        self._external_address: IPv4Address | None = None

    def look(self, kept: KeptPort, account: Account) -> None:
        """Compare with the last look."""
        self.public_address = account.public_address or self.public_address
        if kept.times_opened != self._times_opened:
            self._times_opened = kept.times_opened
            if not self._is_as_before(kept, account):
                self._verdict.opened()
            self._adopted = None
            if kept.mapping is not None:
                # The router may have given another one.
                self.wanted = kept.mapping.external_port
        if (address := kept.external_address) is not None:
            if self._external_address not in {None, address}:
                self.public_address = None
                self._verdict.opened()
            self._external_address = address

    def _is_as_before(self, kept: KeptPort, account: Account) -> bool:
        """Tell whether the server is reached at a port that was only asked for again.

        In PCP and NAT-PMP there is no other way to know that it still stands.
        """
        return (
            self._adopted is not None
            and kept.mapping is not None
            and kept.mapping.external_port == self._adopted.external_port
            and account.mapping_state is MappingState.MAPPED
            and not account.mapping_error
        )
